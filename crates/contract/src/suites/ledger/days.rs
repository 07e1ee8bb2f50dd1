//! Random days of several people, settled by the domain and stored change by change: whenever they
//! are loaded again they are what they were in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_app::ports::{Applied, DayKey, LedgerCommit, LoadedDay};
use dayline_domain::{Bridge, Interval, LedgerDay, Piece, Ping, Source, UserId, UtcDay};

use crate::suites::Fact;
use crate::suites::store::{DAY, StorePorts, commit};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("days_come_back_as_they_were_whenever_they_are_loaded", |s| {
        Box::pin(days_come_back_as_they_were_whenever_they_are_loaded(s))
    }),
    Fact::new("a_day_of_thousands_of_changes_comes_back_as_it_was", |s| {
        Box::pin(a_day_of_thousands_of_changes_comes_back_as_it_was(s))
    }),
];

/// Numbers that are the same in every run (`SplitMix64`), so that a failure can be looked at.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as i64
    }

    fn source(&mut self) -> Arc<Source> {
        let domain = [None, None, Some("a.example"), Some("b.example")][self.below(4) as usize];
        let device = ["laptop", "phone"][self.below(2) as usize];
        Source::new(device, ["Code", "Mail", "Web"][self.below(3) as usize], domain).unwrap()
    }

    /// A ping near the start, in the middle or at the very end of a day.
    pub(super) fn ping(&mut self, day: UtcDay) -> Ping {
        let near = [0, 40_000_000, 86_400_000 - 200_000][self.below(3) as usize];
        let start = day.start().plus(near + self.below(200_000));
        let end = start.plus(1 + self.below(40_000)).min(day.interval().end());
        Ping { source: self.source(), interval: Interval::new(start, end).unwrap() }
    }
}

async fn days_come_back_as_they_were_whenever_they_are_loaded(store: StorePorts) {
    let mut dice = Dice(20);
    let users = [store.register(1).await.id, store.register(2).await.id, store.register(3).await.id];
    let mut days = BTreeMap::<DayKey, LedgerDay>::new();
    for step in 0..120 {
        let mut pings = BTreeMap::<DayKey, Vec<Ping>>::new();
        for _ in 0..=dice.below(8) {
            let day = UtcDay(DAY.0 + dice.below(3) as i32);
            let key = DayKey { user: users[dice.below(3) as usize], day };
            pings.entry(key).or_default().push(dice.ping(day));
        }
        let bridge = Bridge([0, 5_000, 30_000][dice.below(3) as usize]);
        let mut changes = Vec::new();
        for (key, pings) in pings {
            let day = days.entry(key).or_insert_with(|| LedgerDay::empty(key.day));
            // Now and then the worker has forgotten the day and goes on from what is stored.
            if dice.below(3) == 0 {
                *day = store.day(key.user, key.day).await;
            }
            changes.extend(day.record(&pings, bridge).map(|change| (key.user, change)));
        }
        let next = commit(step, step + 1);
        assert_eq!(store.writer.apply(Arc::new(LedgerCommit { changes, ..next })).await, Ok(Applied::Done));
        assert_stored(&store, &days, step).await;
    }
    assert_reports(&store, &users, &days).await;
}

async fn assert_stored(store: &StorePorts, days: &BTreeMap<DayKey, LedgerDay>, step: u64) {
    let loaded = store.writer.load(days.keys().copied().collect()).await.unwrap();
    for ((key, day), loaded) in days.iter().zip(loaded) {
        let LoadedDay::Day(stored) = loaded else { panic!("{key:?} is nobody's") };
        assert_eq!(stored.version(), day.version(), "step {step}, {key:?}");
        assert!(stored.counted().eq(day.counted()), "step {step}, {key:?}");
        assert!(stored.outranked().eq(day.outranked()), "step {step}, {key:?}");
    }
}

async fn assert_reports(store: &StorePorts, users: &[UserId], days: &BTreeMap<DayKey, LedgerDay>) {
    let all = DAY.interval().hull(UtcDay(DAY.0 + 2).interval());
    for user in users {
        let theirs: Vec<&LedgerDay> =
            days.iter().filter(|(key, _)| key.user == *user).map(|(_, day)| day).collect();
        let view = store.reader.read(*user, all, true).await.unwrap();
        let counted: Vec<Piece> = theirs.iter().flat_map(|day| day.counted()).collect();
        let outranked: Vec<Piece> = theirs.iter().flat_map(|day| day.outranked()).collect();
        assert_eq!((view.counted, view.outranked), (counted, outranked));
        assert!(view.versions.into_iter().eq(theirs.iter().map(|day| (day.day(), day.version()))));
    }
}

async fn a_day_of_thousands_of_changes_comes_back_as_it_was(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut dice = Dice(7);
    let mut day = LedgerDay::empty(DAY);
    for at in 0..40 {
        let pings: Vec<Ping> = (0..100)
            .map(|_| {
                let start = DAY.start().plus(dice.below(86_000_000));
                let interval = Interval::new(start, start.plus(1 + dice.below(20_000))).unwrap();
                Ping { source: dice.source(), interval }
            })
            .collect();
        let changes = day.record(&pings, Bridge(0)).map(|change| (user, change)).into_iter().collect();
        let step = LedgerCommit { changes, ..commit(at, at + 1) };
        assert_eq!(store.writer.apply(Arc::new(step)).await, Ok(Applied::Done));
    }
    assert!(day.counted().count() > 2_000);
    assert_stored(&store, &BTreeMap::from([(DayKey { user, day: DAY }, day)]), 0).await;
}
