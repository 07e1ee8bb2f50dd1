//! A worker that dies between any two of its steps, over a real database and a real Redis: its ports are wrapped, and
//! one of them never returns, before or after it did what it was asked. A new worker goes on.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{
    Accounts, AppendError, Applied, BoxFuture, CreateUser, DayKey, Erased, LedgerCommit, LedgerReader,
    LedgerWriter, LoadedDay, LogDepth, LogRead, Partition, PasswordHash, PingLog, PortFuture, Position, User,
};
use dayline_app::tracking::record;
use dayline_app::tracking::worker::{Worker, WorkerLimits, WorkerPorts};
use dayline_domain::timeline::steps::settle;
use dayline_domain::{
    Choices, Correction, CorrectionId, Email, FullName, Interval, Observation, Source, Subject, UserId,
    UtcDay, UtcMs,
};
use dayline_local::{LocalLive, SystemClock, SystemRandomness};
use dayline_postgres::{PgConfig, PgStore};
use dayline_redis::{PingLogOptions, RedisConfig, RedisPingLog};
use dayline_sim::dice::Dice;
use dayline_testkit::length;
use tokio::sync::Notify;

use crate::support::dice;
use crate::support::shared::Shared;

/// What a worker asks of the world, in the order in which it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Position,
    Read,
    Load,
    Apply,
    Settle,
}

/// Where a worker dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    Before(Call),
    After(Call),
    Never,
}

const DEATHS: [Death; 10] = [
    Death::Before(Call::Position),
    Death::After(Call::Position),
    Death::Before(Call::Read),
    Death::After(Call::Read),
    Death::Before(Call::Load),
    Death::After(Call::Load),
    Death::Before(Call::Apply),
    Death::After(Call::Apply),
    Death::Before(Call::Settle),
    Death::After(Call::Settle),
];

/// The ports of a worker that is to die.
struct Mortal {
    log: Arc<RedisPingLog>,
    store: Arc<PgStore>,
    death: Death,
    died: Notify,
}

impl Mortal {
    async fn live<T>(&self, call: Call, work: impl Future<Output = T>) -> T {
        self.die_at(Death::Before(call)).await;
        let done = work.await;
        self.die_at(Death::After(call)).await;
        done
    }

    async fn die_at(&self, here: Death) {
        if self.death == here {
            self.died.notify_one();
            pending::<()>().await;
        }
    }
}

impl LedgerWriter for Mortal {
    fn position(&self, partition: Partition) -> PortFuture<'_, Position> {
        Box::pin(self.live(Call::Position, self.store.position(partition)))
    }

    fn load(&self, days: Vec<DayKey>) -> PortFuture<'_, Vec<LoadedDay>> {
        Box::pin(self.live(Call::Load, self.store.load(days)))
    }

    fn corrections(&self, user: UserId, ids: Vec<CorrectionId>) -> PortFuture<'_, Vec<Correction>> {
        LedgerWriter::corrections(&*self.store, user, ids)
    }

    fn apply(&self, commit: Arc<LedgerCommit>) -> PortFuture<'_, Applied> {
        Box::pin(self.live(Call::Apply, self.store.apply(commit)))
    }

    fn check(&self) -> PortFuture<'_, ()> {
        LedgerWriter::check(&*self.store)
    }
}

impl PingLog for Mortal {
    fn partitions(&self) -> u32 {
        self.log.partitions()
    }

    fn append(&self, partition: Partition, record: Vec<u8>) -> BoxFuture<'_, Result<(), AppendError>> {
        self.log.append(partition, record)
    }

    fn read_after(&self, of: Partition, after: Position, max_bytes: usize) -> PortFuture<'_, LogRead> {
        Box::pin(self.live(Call::Read, self.log.read_after(of, after, max_bytes)))
    }

    fn wait_beyond(&self, partition: Partition, after: Position) -> BoxFuture<'_, ()> {
        self.log.wait_beyond(partition, after)
    }

    fn settle(&self, partition: Partition, up_to: Position) -> PortFuture<'_, ()> {
        Box::pin(self.live(Call::Settle, self.log.settle(partition, up_to)))
    }

    fn erase(&self, partition: Partition, erased: Erased) -> PortFuture<'_, ()> {
        self.log.erase(partition, erased)
    }

    fn depth(&self) -> PortFuture<'_, LogDepth> {
        self.log.depth()
    }

    fn check(&self) -> PortFuture<'_, ()> {
        self.log.check()
    }
}

/// A log, a ledger and one person.
struct World {
    log: Arc<RedisPingLog>,
    store: Arc<PgStore>,
    user: UserId,
    partition: Partition,
    /// The first of the two days that pings are of; a month ends between them.
    first: UtcDay,
    sent: Vec<Observation>,
}

impl World {
    async fn over(shared: &Shared) -> Self {
        let store = PgStore::open(&PgConfig::new(&shared.database.url).unwrap()).unwrap();
        let server = RedisConfig::new(&shared.redis.url()).unwrap();
        let log = RedisPingLog::open(&server, &PingLogOptions::default()).await.unwrap();
        let user = UserId::v7(1_795_000_000_000, [7; 10]);
        let person = User {
            id: user,
            email: Email::new("ada@example.org").unwrap(),
            full_name: FullName::new("Ada").unwrap(),
            timezone: "UTC".to_owned(),
            created_at: UtcMs(0),
            updated_at: UtcMs(0),
            disabled_at: None,
        };
        assert_eq!(store.create(person, PasswordHash("hash".into())).await, Ok(CreateUser::Created));
        let partition = Partition::of(user, log.partitions());
        // The 31st of October 2026.
        let first = UtcDay(20_757);
        Self { log: Arc::new(log), store: Arc::new(store), user, partition, first, sent: Vec::new() }
    }

    async fn track(&mut self, count: usize, dice: &mut Dice) {
        for _ in 0..count {
            let start = self.first.start().plus(dice.below(2 * 86_400_000) as i64);
            let interval = Interval::new(start, start.plus(1 + dice.below(600_000) as i64)).unwrap();
            let app = ["Code", "Mail", "Chat"][dice.below(3) as usize];
            let device = ["laptop", "phone"][dice.below(2) as usize];
            let of = Arc::new(Subject::from(&*Source::new(device, app, None).unwrap()));
            let ping = Observation::new(of, interval);
            let record = record::encode_observations(self.user, [&ping]);
            self.log.append(self.partition, record).await.unwrap();
            self.sent.push(ping);
        }
    }

    /// Lets a worker work until it has died, or nothing is left to do.
    async fn work(&self, death: Death) {
        let mortal = Mortal { log: self.log.clone(), store: self.store.clone(), death, died: Notify::new() };
        let mortal = Arc::new(mortal);
        let ports = WorkerPorts {
            log: mortal.clone(),
            ledger: mortal.clone(),
            live: Arc::new(LocalLive::default()),
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandomness),
        };
        // Little at a time, so that there is more than one commit.
        let limits = WorkerLimits { read_bytes: 500, ..WorkerLimits::default() };
        let mut worker = Worker::new(ports, self.partition, limits);
        let working = async {
            while worker.step().await.unwrap().entries > 0 {}
            assert_eq!(death, Death::Never, "it had to die");
        };
        tokio::select! {
            () = working => {}
            () = mortal.died.notified() => {}
            () = tokio::time::sleep(Duration::from_secs(30)) => panic!("neither dead nor done: {death:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_between_any_two_steps_loses_and_doubles_nothing() {
    let mut dice = dice();
    let shared = Shared::new();
    let mut world = World::over(&shared).await;
    for _ in 0..length(2, 3, 20) {
        for death in DEATHS {
            world.track(8, &mut dice).await;
            world.work(death).await;
        }
    }
    world.work(Death::Never).await;

    let days = Interval::new(world.first.start(), UtcDay(world.first.0 + 3).start()).unwrap();
    let stored = world.store.read(world.user, days).await.unwrap();
    let settled = (0..3).map(|n| UtcDay(world.first.0 + n));
    let expected: Vec<_> =
        settled.flat_map(|day| settle(day, &world.sent, &[], Choices::default())).collect();
    assert_eq!(stored.counted, expected);
    assert_eq!(world.log.depth().await.unwrap().entries, 0, "what is in the ledger is trimmed");
}
