//! A worker that is behind settles the next step while one is committed: whatever becomes of the commit, the
//! timelines are as if each step had waited for the one before.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dayline_app::identity::caller::Caller;
use dayline_app::ports::{
    Applied, DayKey, LedgerCommit, LedgerReader, LedgerWriter, LoadedDay, Partition, PortError, PortFuture,
    Position,
};
use dayline_app::tracking::corrections::{Change, Draft, EntryDraft, apply};
use dayline_app::tracking::worker::{Step, Worker, WorkerLimits, WorkerPorts};
use dayline_contract::fakes::{FakeApp, FakeStore};
use dayline_domain::{
    AppName, Correction, CorrectionId, Interval, LedgerDay, Observation, Terms, UserId, UtcDay,
};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::{Chance, caller, login, register, send, used, with_ada};

const P0: Partition = Partition(0);
/// Some days before the clock of these worlds.
const DAY: UtcDay = UtcDay(20_773);
const HOUR_MS: i64 = 3_600_000;
/// Far more than anything here takes.
const LONG: Duration = Duration::from_secs(10);

/// A ledger that takes its time, and now and then fails.
struct Troubled {
    store: Arc<FakeStore>,
    chance: Mutex<Chance>,
    is_well: AtomicBool,
    is_applying: AtomicBool,
    loads_beside_commits: AtomicUsize,
}

impl Troubled {
    fn over(world: &FakeApp, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::clone(&world.store),
            chance: Mutex::new(Chance(seed)),
            is_well: AtomicBool::new(false),
            is_applying: AtomicBool::new(false),
            loads_beside_commits: AtomicUsize::new(0),
        })
    }

    fn below(&self, bound: i64) -> i64 {
        self.chance.lock().unwrap().below(bound)
    }

    fn fails(&self, one_of: i64) -> bool {
        !self.is_well.load(Ordering::Relaxed) && self.below(one_of) == 0
    }

    async fn take_time(&self) {
        for _ in 0..self.below(4) {
            yield_now().await;
        }
    }
}

fn down<T>() -> Result<T, PortError> {
    Err(PortError::Unavailable("down".into()))
}

impl LedgerWriter for Troubled {
    fn position(&self, partition: Partition) -> PortFuture<'_, Position> {
        self.store.position(partition)
    }

    fn load(&self, days: Vec<DayKey>) -> PortFuture<'_, Vec<LoadedDay>> {
        Box::pin(async move {
            let is_beside = self.is_applying.load(Ordering::Relaxed);
            self.loads_beside_commits.fetch_add(usize::from(is_beside), Ordering::Relaxed);
            // Read before or after what is committed meanwhile.
            let early = self.below(2) == 0;
            let loaded = if early { Some(self.store.load(days.clone()).await) } else { None };
            self.take_time().await;
            if self.fails(15) {
                return down();
            }
            match loaded {
                Some(loaded) => loaded,
                None => self.store.load(days).await,
            }
        })
    }

    fn corrections(&self, user: UserId, ids: Vec<CorrectionId>) -> PortFuture<'_, Vec<Correction>> {
        LedgerWriter::corrections(&*self.store, user, ids)
    }

    /// As the port says of a store that is away: what fails may have taken effect.
    fn apply(&self, commit: Arc<LedgerCommit>) -> PortFuture<'_, Applied> {
        Box::pin(async move {
            self.is_applying.store(true, Ordering::Relaxed);
            self.take_time().await;
            let refused = self.fails(15);
            let applied = if refused { down() } else { self.store.apply(commit).await };
            self.take_time().await;
            self.is_applying.store(false, Ordering::Relaxed);
            if self.fails(15) { down() } else { applied }
        })
    }

    fn check(&self) -> PortFuture<'_, ()> {
        self.store.check()
    }
}

fn worker_over(ledger: Arc<dyn LedgerWriter>, world: &FakeApp, limits: WorkerLimits) -> Worker {
    Worker::new(WorkerPorts { ledger, ..world.worker_ports() }, P0, limits)
}

/// People of whom things are told, and what was told.
struct Told {
    world: Arc<FakeApp>,
    people: Vec<(Caller, Vec<Observation>)>,
    /// Erasures are kept for ever.
    erasures: Vec<(UserId, CorrectionId)>,
}

impl Told {
    async fn nothing() -> Self {
        let (world, ada) = with_ada().await;
        let mut people = vec![(ada, Vec::new())];
        for name in ["bob", "cyd"] {
            let email = format!("{name}@example.org");
            register(&world, &email).await;
            let caller = caller(&world, &login(&world, &email, "laptop").await).await.unwrap();
            people.push((caller, Vec::new()));
        }
        Self { world, people, erasures: Vec::new() }
    }

    async fn a_ping(&mut self, chance: &mut Chance) {
        let app = ["Code", "Mail", "Firefox"][chance.below(3) as usize];
        let seen = used(app, None, interval(chance, 20_000));
        let (person, told) = &mut self.people[chance.below(3) as usize];
        send(&self.world, person.user, std::slice::from_ref(&seen)).await;
        told.push(seen);
    }

    async fn a_correction(&mut self, chance: &mut Chance) {
        let at = interval(chance, 600_000);
        let app = AppName::new("Walk").unwrap();
        let entry = EntryDraft { app, domain: None, project: None, device: None };
        let entry = (chance.below(3) > 0).then_some(entry);
        let draft = Draft { start: at.start(), end: at.end(), entry };
        let (person, _) = &self.people[chance.below(3) as usize];
        let is_erasure = draft.entry.is_none();
        let accepted = apply(&self.world.app, person, Change::New(draft)).await.unwrap();
        if is_erasure {
            self.erasures.push((person.user, accepted.id));
        }
    }

    /// Each day of each person is what the rule makes of all that was told.
    async fn is_true(&self, seed: u64) {
        for (person, told) in &self.people {
            let corrections = LedgerReader::corrections(&*self.world.store, person.user, None).await.unwrap();
            let mut erasures = self.erasures.iter().filter(|(user, _)| *user == person.user);
            let is_kept = |id: CorrectionId| corrections.iter().any(|correction| correction.id == id);
            assert!(erasures.all(|(_, id)| is_kept(*id)), "seed {seed} lost an erasure");
            for day in [0, 1, 2].map(|n| UtcDay(DAY.0 + n)) {
                let stored = self.world.app.ledger.days(person.user, vec![day]).await.unwrap().remove(0);
                let LoadedDay::Day(stored) = stored else { panic!("{stored:?}") };
                let (told, corrections) = (told.clone(), corrections.clone());
                let expected = LedgerDay::restore(day, 0, Terms::default(), told, corrections);
                assert_eq!(stored.counted, expected.counted().collect::<Vec<_>>(), "seed {seed}, {day}");
            }
        }
    }
}

/// Somewhere around two midnights.
fn interval(chance: &mut Chance, longest_ms: i64) -> Interval {
    let start = DAY.start().plus(23 * HOUR_MS + chance.below(26 * HOUR_MS));
    Interval::new(start, start.plus(1 + chance.below(longest_ms))).unwrap()
}

/// Steps until nothing is left, and gives how many of them were stale; `None` if that takes for ever.
async fn ends(worker: &mut Worker) -> Option<usize> {
    let mut stale = 0;
    for _ in 0..1_000 {
        let step = worker.step().await.unwrap();
        if step == Step::default() {
            return Some(stale);
        }
        stale += usize::from(step.stale);
    }
    None
}

async fn trouble(seed: u64) -> usize {
    let mut chance = Chance(seed);
    let mut told = Told::nothing().await;
    let ledger = Troubled::over(&told.world, seed);
    let limits = WorkerLimits {
        read_bytes: [1, 150, 400][chance.below(3) as usize],
        hot_bytes: [0, 8_000, 1 << 20][chance.below(3) as usize],
    };
    let new_worker = || worker_over(ledger.clone(), &told.world, limits);
    let mut workers = [new_worker(), new_worker()];
    for _ in 0..300 {
        match chance.below(40) {
            0 => told.a_correction(&mut chance).await,
            1 => workers[0] = worker_over(ledger.clone(), &told.world, limits),
            2..5 => _ = workers[1].step().await,
            5..20 => _ = workers[0].step().await,
            20 => told.world.clock.advance(400_000),
            _ => told.a_ping(&mut chance).await,
        }
    }
    ledger.is_well.store(true, Ordering::Relaxed);
    for worker in &mut workers {
        assert!(ends(worker).await.is_some(), "seed {seed} never ends");
    }
    told.is_true(seed).await;
    ledger.loads_beside_commits.load(Ordering::Relaxed)
}

#[tokio::test]
async fn whatever_becomes_of_a_commit_timelines_are_true() {
    let mut beside = 0;
    for seed in 0..60 {
        beside += trouble(seed).await;
    }
    assert!(beside > 400, "too little was settled beside commits to show anything: {beside}");
}

#[tokio::test]
async fn who_works_alone_is_never_stale_however_little_is_kept() {
    for seed in 0..30 {
        let mut chance = Chance(seed);
        let mut told = Told::nothing().await;
        let ledger = Troubled::over(&told.world, seed);
        ledger.is_well.store(true, Ordering::Relaxed);
        let hot_bytes = 1_000 * chance.below(20) as usize;
        let mut worker = worker_over(ledger, &told.world, WorkerLimits { read_bytes: 150, hot_bytes });
        for _ in 0..10 {
            for _ in 0..chance.below(30) {
                told.a_ping(&mut chance).await;
            }
            assert_eq!(ends(&mut worker).await, Some(0), "seed {seed}");
        }
        told.is_true(seed).await;
    }
}

/// A ledger whose commits are done only after a day was loaded beside them.
struct Waiting {
    store: Arc<FakeStore>,
    loads: AtomicUsize,
}

impl LedgerWriter for Waiting {
    fn position(&self, partition: Partition) -> PortFuture<'_, Position> {
        self.store.position(partition)
    }

    fn load(&self, days: Vec<DayKey>) -> PortFuture<'_, Vec<LoadedDay>> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        self.store.load(days)
    }

    fn corrections(&self, user: UserId, ids: Vec<CorrectionId>) -> PortFuture<'_, Vec<Correction>> {
        LedgerWriter::corrections(&*self.store, user, ids)
    }

    fn apply(&self, commit: Arc<LedgerCommit>) -> PortFuture<'_, Applied> {
        Box::pin(async move {
            let loads = self.loads.load(Ordering::Relaxed);
            while self.loads.load(Ordering::Relaxed) == loads {
                yield_now().await;
            }
            self.store.apply(commit).await
        })
    }

    fn check(&self) -> PortFuture<'_, ()> {
        self.store.check()
    }
}

#[tokio::test]
async fn the_next_step_is_settled_while_one_is_committed() {
    let (world, ada) = with_ada().await;
    let noon = |n: i64| DAY.start().plus((24 * n + 12) * HOUR_MS);
    let at = |n: i64| Interval::new(noon(n), noon(n).plus(5_000)).unwrap();
    for n in 1..=2 {
        send(&world, ada.user, &[used("Code", None, at(n))]).await;
    }
    let ledger = Arc::new(Waiting { store: Arc::clone(&world.store), loads: AtomicUsize::new(0) });
    let mut worker = worker_over(ledger, &world, WorkerLimits { read_bytes: 1, ..WorkerLimits::default() });
    let step = timeout(LONG, worker.step()).await.expect("the next day is loaded meanwhile").unwrap();
    assert_eq!(step, Step { entries: 1, pings: 1, days: 1, behind: true, ..Step::default() });
    assert_ne!(world.store.position(P0).await.unwrap(), Position::START);
}
