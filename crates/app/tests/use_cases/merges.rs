//! Devices that are merged at any point, while pings and entries are on their way: days come out as if it had
//! always been so.

use std::sync::Arc;

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::ports::{LoadedDay, Partition, Settling, StoredDay};
use dayline_app::tracking::corrections::{Change, Draft, EntryDraft, apply};
use dayline_app::tracking::devices::merge;
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_contract::fakes::FakeApp;
use dayline_domain::{
    AppName, Choices, DeviceId, Interval, LedgerDay, Observation, Seen, Subject, Terms, UtcDay,
};

use super::{Chance, send, with_ada};

/// So far back reaches what is told.
const DAYS: i64 = 3;

impl Chance {
    fn device(&mut self) -> DeviceId {
        DeviceId::new(["a", "b", "c", "d", "e"][self.below(5) as usize]).unwrap()
    }

    fn app(&mut self) -> AppName {
        AppName::new(["Code", "Mail", "Firefox"][self.below(3) as usize]).unwrap()
    }

    fn interval(&mut self, world: &FakeApp, longest_ms: i64) -> Interval {
        let end = world.app.clock.now().plus(-self.below((DAYS - 1) * 86_400_000));
        Interval::new(end.plus(-1 - self.below(longest_ms)), end).unwrap()
    }

    fn observation(&mut self, world: &FakeApp) -> Observation {
        let seen = match self.below(8) {
            0 => Seen::Away,
            1 => Seen::Page { browser: AppName::new("Firefox").unwrap(), domain: None, audible: true },
            2 => Seen::Beat { app: self.app(), project: None, language: None },
            _ => Seen::Use { app: self.app(), domain: None, project: None },
        };
        // A beat is a point.
        let longest_ms = if matches!(seen, Seen::Beat { .. }) { 1 } else { 7_200_000 };
        let subject = Subject { device: self.device(), seen };
        Observation::new(Arc::new(subject), self.interval(world, longest_ms))
    }

    fn entry(&mut self, world: &FakeApp) -> Change {
        let interval = self.interval(world, 3_600_000);
        let entry = EntryDraft { app: self.app(), domain: None, project: None, device: Some(self.device()) };
        Change::New(Draft { start: interval.start(), end: interval.end(), entry: Some(entry) })
    }
}

fn new_worker(world: &FakeApp) -> Worker {
    Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default())
}

/// What is told of Ada in some days, with merges in between and a worker that goes on now and then.
async fn told_at_random(chance: &mut Chance) -> (Arc<FakeApp>, Caller, Vec<Observation>) {
    let (world, ada) = with_ada().await;
    let mut worker = new_worker(&world);
    let mut observed = Vec::new();
    for _ in 0..80 {
        match chance.below(10) {
            0 => match merge(&world.app, &ada, chance.device(), chance.device()).await {
                Ok(_) | Err(AppError::NotFound | AppError::Invalid(_)) => {}
                Err(error) => panic!("{error}"),
            },
            1 => _ = apply(&world.app, &ada, chance.entry(&world)).await.unwrap(),
            2 | 3 => _ = worker.step().await.unwrap(),
            4 => worker = new_worker(&world),
            _ => {
                observed.push(chance.observation(&world));
                send(&world, ada.user, &observed[observed.len() - 1..]).await;
            }
        }
    }
    while worker.step().await.unwrap().entries > 0 {}
    (world, ada, observed)
}

async fn stored(world: &FakeApp, ada: &Caller) -> Vec<StoredDay> {
    let today = world.app.clock.now().day();
    let days = (0..=DAYS as i32).map(|n| UtcDay(today.0 - n)).collect();
    let loaded = world.app.ledger.days(ada.user, days).await.unwrap();
    let day = |loaded| {
        let LoadedDay::Day(day) = loaded else { panic!("{loaded:?}") };
        *day
    };
    loaded.into_iter().map(day).collect()
}

#[tokio::test]
async fn whenever_devices_are_merged_all_days_are_as_if_it_had_always_been_so() {
    let mut made = 0;
    for seed in 0..30 {
        let (world, ada, observed) = told_at_random(&mut Chance(seed)).await;
        let merges = world.app.device_book.merges(ada.user).await.unwrap();
        made += merges.made().len();
        let corrections = world.app.ledger.corrections(ada.user, None).await.unwrap();
        let terms = Terms { choices: Choices::default(), merges: merges.clone() };
        for day in stored(&world, &ada).await {
            let (observed, corrections) = (observed.clone(), corrections.clone());
            let expected = LedgerDay::restore(day.day, 0, terms.clone(), observed, corrections);
            assert_eq!(day.counted, expected.counted().collect::<Vec<_>>(), "seed {seed}, {}", day.day);
            assert_eq!(day.settled_by, terms, "seed {seed}, {}", day.day);
            let seen = day.observations.iter().map(|seen| &seen.subject().device);
            let mut devices = seen.chain(day.counted.iter().map(|piece| &piece.source.device));
            assert!(!devices.any(|device| merges.has(device)), "seed {seed}, {}", day.day);
        }
        let settling = world.app.ledger.settling(ada.user).await.unwrap();
        assert!(matches!(settling, Settling { left: 0, days: 1.. }), "seed {seed}: {settling:?}");
    }
    assert!(made > 30, "too few merges to show anything: {made}");
}
