//! People, observations and workers over a store, and what the rule makes of what was observed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dayline_app::ports::{
    Accounts, CreateUser, DayWrite, LedgerCommit, LedgerReader, LedgerView, LedgerWriter, Mark, Partition,
    PasswordHash, PingLog, Position, StateWrite, User,
};
use dayline_app::tracking::record;
use dayline_app::tracking::worker::{Worker, WorkerLimits, WorkerPorts};
use dayline_contract::fakes::{FakeClock, FakeLive, FakeLog, FakeRandomness};
use dayline_domain::{
    AppName, Choices, Correction, DayChange, DeviceId, Domain, Email, FullName, Hours, Interval, LedgerDay,
    LocalDate, Observation, Piece, PieceChanges, Project, Seen, Subject, UserId, UtcDay, UtcMs,
};
use dayline_postgres::PgStore;

/// Registers the `n`-th person.
pub(crate) async fn register(store: &PgStore, n: u64) -> UserId {
    let id = UserId::v7(1_795_000_000_000 + n, [7; 10]);
    let user = User {
        id,
        email: Email::new(&format!("person{n}@example.org")).unwrap(),
        full_name: FullName::new(&format!("Person {n}")).unwrap(),
        timezone: "UTC".to_owned(),
        created_at: UtcMs(1_795_000_000_000),
        updated_at: UtcMs(1_795_000_000_000),
        disabled_at: None,
    };
    assert_eq!(store.create(user, PasswordHash("hash".to_owned())).await, Ok(CreateUser::Created));
    id
}

/// A day of the calendar.
pub(crate) fn day(year: i32, month: u32, day: u32) -> UtcDay {
    UtcDay(LocalDate::from_ymd(year, month, day).unwrap().0)
}

/// An instant so many seconds after a day began.
pub(crate) fn at(day: UtcDay, seconds: i64) -> UtcMs {
    day.start().plus(seconds * 1_000)
}

/// An app in use on the laptop, `from..to` in seconds after the day began.
pub(crate) fn ping(app: &str, day: UtcDay, from: i64, to: i64) -> Observation {
    let interval = Interval::new(at(day, from), at(day, to)).unwrap();
    let seen = Seen::Use { app: AppName::new(app).unwrap(), domain: None, project: None };
    let device = DeviceId::new("laptop").unwrap();
    Observation::new(Arc::new(Subject { device, seen }), interval)
}

/// Numbers that look random and are the same in every run (`SplitMix64`).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }

    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for end in (1..list.len()).rev() {
            list.swap(end, self.below(end as u64 + 1) as usize);
        }
    }

    fn subject(&mut self) -> Arc<Subject> {
        let device = DeviceId::new(["laptop", "phone", "desk"][self.below(3) as usize]).unwrap();
        let app = |name: &str| AppName::new(name).unwrap();
        let domain = Domain::new("example.org").ok();
        let seen = match self.below(12) {
            0..3 => Seen::Use { app: app("Code"), domain: None, project: None },
            3..5 => Seen::Use { app: app("Mail"), domain: None, project: None },
            5..7 => Seen::Use { app: app("Firefox"), domain: None, project: None },
            7..9 => Seen::Use { app: app("Chat"), domain: domain.clone(), project: None },
            9 => Seen::Page { browser: app("Firefox"), domain, audible: self.below(2) == 0 },
            10 => Seen::Beat { app: app("Code"), project: Project::new("dayline").ok(), language: None },
            _ => Seen::Away,
        };
        Arc::new(Subject { device, seen })
    }

    /// What several devices saw, of most kinds and up to two minutes long, anywhere in `days` days
    /// from `first` on.
    pub(crate) fn pings(&mut self, count: usize, first: UtcDay, days: u64) -> Vec<Observation> {
        let mut ping = || {
            let start = first.start().plus(self.below(days * 86_400_000) as i64);
            let end = start.plus(1 + self.below(120_000) as i64);
            Observation::new(self.subject(), Interval::new(start, end).unwrap())
        };
        (0..count).map(|_| ping()).collect()
    }
}

/// A log with pings, and workers that bring them into a store.
pub(crate) struct World {
    pub(crate) log: Arc<FakeLog>,
    pub(crate) store: Arc<PgStore>,
    pub(crate) partition: Partition,
}

impl World {
    pub(crate) fn over(store: Arc<PgStore>) -> Self {
        Self { log: Arc::default(), store, partition: Partition(0) }
    }

    /// Appends pings, `each` in one record.
    pub(crate) async fn track(&self, user: UserId, pings: &[Observation], each: usize) {
        for pings in pings.chunks(each) {
            self.log.append(self.partition, record::encode_observations(user, pings)).await.unwrap();
        }
    }

    /// A worker that takes about `bytes` of the log in one step.
    pub(crate) fn worker(&self, bytes: usize) -> Worker {
        let ledger: Arc<dyn LedgerWriter> = self.store.clone();
        self.worker_over(ledger, bytes)
    }

    /// The same over another ledger.
    pub(crate) fn worker_over(&self, ledger: Arc<dyn LedgerWriter>, bytes: usize) -> Worker {
        let ports = WorkerPorts {
            log: self.log.clone(),
            ledger,
            live: Arc::new(FakeLive::default()),
            clock: Arc::new(FakeClock::default()),
            randomness: random(),
        };
        Worker::new(ports, self.partition, WorkerLimits { read_bytes: bytes, ..WorkerLimits::default() })
    }

    /// Works until the log is used up.
    pub(crate) async fn drain(&self) {
        let mut worker = self.worker(1 << 20);
        while worker.step().await.unwrap().entries > 0 {}
    }
}

/// Bytes of their own for each worker, as random ones would be.
fn random() -> Arc<FakeRandomness> {
    static WORKERS: AtomicU64 = AtomicU64::new(1);
    let randomness = Arc::new(FakeRandomness::default());
    for _ in 0..WORKERS.fetch_add(1, Ordering::Relaxed) {
        dayline_app::ports::Randomness::fill(&*randomness, &mut vec![0; 8 * 9_973]);
    }
    randomness
}

/// A day that changes by what was observed, and what its store has of it.
pub(crate) struct WorkedDay {
    pub(crate) day: LedgerDay,
    rows: Vec<Piece>,
    recent: Vec<Observation>,
}

impl WorkedDay {
    pub(crate) fn empty(day: UtcDay) -> Self {
        let day = LedgerDay::empty(day, Choices::default());
        Self { day, rows: Vec::new(), recent: Vec::new() }
    }

    /// What is written when something new was observed: all of it folded first, then only what is new.
    pub(crate) fn record(&mut self, pings: &[Observation]) -> DayWrite {
        let change = self.day.record(pings).expect("something new");
        let folds = change.from_version == 0;
        self.write(change, folds, true)
    }

    /// What is written when something is corrected: all, and no tail.
    pub(crate) fn correct(&mut self, corrections: &[Correction]) -> DayWrite {
        let change = self.day.correct(corrections).expect("something else");
        self.write(change, true, false)
    }

    fn write(&mut self, change: DayChange, folds: bool, with_tail: bool) -> DayWrite {
        self.recent.extend(change.observed);
        let mut rows: Vec<Piece> = self.day.counted().collect();
        let tail = if with_tail { rows.pop() } else { None };
        let ended = PieceChanges::between(&self.rows, &rows);
        self.rows = rows;
        let state = if folds {
            self.recent.clear();
            let hours =
                (0..Hours::IN_WINDOW).map(|hour| (hour, self.day.observations_of_hour(hour).collect()));
            StateWrite::Folded { hours: hours.collect(), sums: self.day.sums() }
        } else {
            StateWrite::Recent(self.recent.clone())
        };
        DayWrite {
            day: self.day.day(),
            from_version: change.from_version,
            to_version: change.to_version,
            mark: Mark(change.to_version.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
            settled_by: self.day.terms().clone(),
            ended,
            tail,
            state,
        }
    }
}

/// A commit of some days, which moves the position of a partition from one to the next.
pub(crate) fn commit(from: u64, days: Vec<(UserId, DayWrite)>) -> Arc<LedgerCommit> {
    let at = |major| Position { major, minor: 0 };
    Arc::new(LedgerCommit {
        partition: Partition(0),
        from: at(from),
        to: at(from + 1),
        days,
        corrections: Vec::new(),
        dead: Vec::new(),
        at: UtcMs(0),
    })
}

/// Everything of a person that starts in some days.
pub(crate) async fn view(store: &PgStore, user: UserId, first: UtcDay, days: i32) -> LedgerView {
    let end = UtcDay(first.0 + days).start();
    store.read(user, Interval::new(first.start(), end).unwrap()).await.unwrap()
}

/// What counts in some days by the rule.
pub(crate) fn by_the_rule(first: UtcDay, days: i32, pings: &[Observation]) -> Vec<Piece> {
    let counted = |n: i32| {
        let mut day = LedgerDay::empty(UtcDay(first.0 + n), Choices::default());
        day.record(pings);
        day.counted().collect::<Vec<_>>()
    };
    (0..days).flat_map(counted).collect()
}

/// Asserts that a person's days are what the rule makes of what was observed: what counts, and the
/// state, from which everything else follows.
pub(crate) async fn assert_by_the_rule(
    store: &PgStore,
    user: UserId,
    first: UtcDay,
    days: i32,
    pings: &[Observation],
) {
    assert_eq!(view(store, user, first, days).await.counted, by_the_rule(first, days, pings));
    let keys = (0..days).map(|n| UtcDay(first.0 + n)).collect();
    for loaded in store.days(user, keys).await.unwrap() {
        let dayline_app::ports::LoadedDay::Day(stored) = loaded else { panic!("{loaded:?}") };
        let mut expected = LedgerDay::empty(stored.day, Choices::default());
        expected.record(pings);
        let day = LedgerDay::restore(stored.day, 0, stored.settled_by, stored.observations, []);
        assert_eq!(sorted(&day), sorted(&expected), "{}", stored.day);
    }
}

fn sorted(day: &LedgerDay) -> Vec<(Arc<Subject>, UtcMs, UtcMs)> {
    let parts = |seen: Observation| (seen.subject().clone(), seen.interval().start(), seen.interval().end());
    let mut all: Vec<_> = day.observations().map(parts).collect();
    all.sort_unstable();
    all
}
