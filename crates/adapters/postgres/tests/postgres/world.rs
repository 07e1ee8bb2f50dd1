//! People, pings and workers over a store, and what the rule makes of the pings.

use std::sync::Arc;

use dayline_app::ports::{
    Accounts, CreateUser, LedgerReader, LedgerView, LedgerWriter, Partition, PasswordHash, PingLog, User,
};
use dayline_app::tracking::record;
use dayline_app::tracking::worker::{Worker, WorkerLimits, WorkerPorts};
use dayline_contract::fakes::{FakeClock, FakeLive, FakeLog};
use dayline_domain::timeline::timeline;
use dayline_domain::{Bridge, Email, FullName, Interval, LocalDate, Ping, Source, UserId, UtcDay, UtcMs};
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

/// A ping on the laptop, `from..to` in seconds after the day began.
pub(crate) fn ping(app: &str, day: UtcDay, from: i64, to: i64) -> Ping {
    let interval = Interval::new(at(day, from), at(day, to)).unwrap();
    Ping { source: Source::new("laptop", app, None).unwrap(), interval }
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

    /// Pings of several devices and apps, up to two minutes long, anywhere in `days` days from
    /// `first` on.
    pub(crate) fn pings(&mut self, count: usize, first: UtcDay, days: u64) -> Vec<Ping> {
        let source = |dice: &mut Self| {
            let device = ["laptop", "phone", "desk"][dice.below(3) as usize];
            let (app, domain) =
                [("Code", None), ("Mail", None), ("Web", Some("example.org")), ("Chat", None)]
                    [dice.below(4) as usize];
            Source::new(device, app, domain).unwrap()
        };
        let mut ping = || {
            let start = first.start().plus(self.below(days * 86_400_000) as i64);
            let end = start.plus(1 + self.below(120_000) as i64);
            Ping { source: source(self), interval: Interval::new(start, end).unwrap() }
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
    pub(crate) async fn track(&self, user: UserId, pings: &[Ping], each: usize) {
        for pings in pings.chunks(each) {
            self.log.append(self.partition, record::encode(user, pings)).await.unwrap();
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
        };
        Worker::new(ports, self.partition, WorkerLimits { read_bytes: bytes, ..WorkerLimits::default() })
    }

    /// Works until the log is used up.
    pub(crate) async fn drain(&self) {
        let mut worker = self.worker(1 << 20);
        while worker.step().await.unwrap().entries > 0 {}
    }
}

/// Everything of a person that starts in some days.
pub(crate) async fn view(store: &PgStore, user: UserId, first: UtcDay, days: i32) -> LedgerView {
    let end = UtcDay(first.0 + days).start();
    store.read(user, Interval::new(first.start(), end).unwrap(), true).await.unwrap()
}

/// Asserts that a person's days are what the rule makes of the pings.
pub(crate) async fn assert_by_the_rule(
    store: &PgStore,
    user: UserId,
    first: UtcDay,
    days: i32,
    pings: &[Ping],
) {
    let stored = view(store, user, first, days).await;
    let expected = timeline(pings, Bridge::default());
    assert_eq!(stored.counted, expected.counted);
    assert_eq!(stored.outranked, expected.outranked);
}
