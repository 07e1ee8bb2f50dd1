//! Workers over the store: however many there are, the result is the rule's.

use std::sync::Arc;

use dayline_app::ports::{Accounts, BoxFuture, DayKey, LoadedDay, Partition, PortFuture};
use dayline_app::ports::{Applied, LedgerCommit, LedgerReader, LedgerWriter, Position};
use dayline_domain::{Correction, CorrectionId, UserId, UtcMs};
use dayline_postgres::PgStore;
use tokio::sync::Notify;

use crate::database::{Database, Via};
use crate::world::{Dice, World, assert_by_the_rule, day, ping, register, view};

async fn eight_workers_settle_one_person(via: Via, count: usize) {
    let database = Database::migrated().await;
    let store = database.store(via);
    let user = register(&store, 1).await;
    // Over the end of a month, so that commits touch two months.
    let first = day(2026, 10, 30);
    let mut dice = Dice(1);
    let pings = dice.pings(count, first, 4);
    let mut sent = [&pings[..], &pings, &pings].concat();
    dice.shuffle(&mut sent);
    let world = World::over(store.clone());
    world.track(user, &sent, 30).await;

    let work = (0..8).map(|_| {
        // A pool of its own, like a process of its own.
        let mut worker = world.worker_over(database.store(via), 10_000);
        tokio::spawn(async move {
            let mut stale = 0;
            loop {
                let step = worker.step().await.unwrap();
                stale += u32::from(step.stale);
                if step.entries == 0 && !step.stale {
                    return stale;
                }
            }
        })
    });
    let mut stale = 0;
    for worker in work.collect::<Vec<_>>() {
        stale += worker.await.unwrap();
    }
    assert!(stale > 0, "the workers never met");
    // What was observed near midnight lies in the windows of two days.
    assert_by_the_rule(&store, user, day(2026, 10, 29), 6, &pings).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_workers_on_one_person_with_shuffled_triple_pings_equal_the_rule() {
    eight_workers_settle_one_person(Via::Direct, 10_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_workers_behind_pgbouncer_equal_the_rule() {
    eight_workers_settle_one_person(Via::PgBouncer, 3_000).await;
}

/// A ledger whose `apply` waits to be released: a worker that is paused before its commit.
struct Paused {
    store: Arc<PgStore>,
    reached: Arc<Notify>,
    resume: Arc<Notify>,
}

impl LedgerWriter for Paused {
    fn position(&self, partition: Partition) -> PortFuture<'_, Position> {
        self.store.position(partition)
    }

    fn load(&self, days: Vec<DayKey>) -> PortFuture<'_, Vec<LoadedDay>> {
        self.store.load(days)
    }

    fn corrections(&self, user: UserId, ids: Vec<CorrectionId>) -> PortFuture<'_, Vec<Correction>> {
        LedgerWriter::corrections(&*self.store, user, ids)
    }

    fn apply(&self, commit: Arc<LedgerCommit>) -> PortFuture<'_, Applied> {
        let paused: BoxFuture<'_, _> = Box::pin(async move {
            self.reached.notify_one();
            self.resume.notified().await;
            self.store.apply(commit).await
        });
        paused
    }

    fn check(&self) -> PortFuture<'_, ()> {
        LedgerWriter::check(&*self.store)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stale_writes_of_a_worker_that_was_paused_are_fenced_off() {
    let database = Database::migrated().await;
    let store = database.store(Via::PgBouncer);
    let (ada, first) = (register(&store, 1).await, day(2026, 11, 20));
    let world = World::over(store.clone());
    world.track(ada, &[ping("Code", first, 0, 5)], 1).await;

    let (reached, resume) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let paused = Paused { store: store.clone(), reached: reached.clone(), resume: resume.clone() };
    let mut stale = world.worker_over(Arc::new(paused), 1 << 20);
    let stale = tokio::spawn(async move { stale.step().await });
    reached.notified().await;

    world.drain().await;
    world.track(ada, &[ping("Mail", first, 100, 110)], 1).await;
    world.drain().await;
    let after = view(&store, ada, first, 1).await;

    resume.notify_one();
    assert!(stale.await.unwrap().unwrap().stale);
    assert_eq!(view(&store, ada, first, 1).await, after);
    assert_eq!(after.counted.len(), 2);
}

/// Deleting a person while their pings are being applied: either comes first, and nothing is left
/// behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_deleted_while_pings_are_applied_leaves_nothing_behind() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let first = day(2026, 10, 31);
    for n in 0..10 {
        let user = register(&store, n).await;
        let world = World::over(store.clone());
        world.track(user, &Dice(n).pings(300, first, 2), 10).await;
        let mut worker = world.worker_over(database.store(Via::PgBouncer), 2_000);
        let working = tokio::spawn(async move {
            loop {
                match worker.step().await {
                    Ok(step) if step.entries == 0 && !step.stale => return,
                    Ok(_) => {}
                    // A busy machine may be slow; but the two must never wait for each other.
                    Err(error) => assert!(!error.to_string().contains("deadlock"), "{error}"),
                }
            }
        });
        for _ in 0..n {
            tokio::task::yield_now().await;
        }
        // Some of it is there when the person goes.
        while n % 2 == 1 && store.extent(user).await.unwrap().is_none() && !working.is_finished() {}
        assert!(store.delete(user, UtcMs(0)).await.unwrap().is_some());
        working.await.unwrap();
        let client = database.client().await;
        for table in ["users", "ledger_days", "pieces", "observations", "names"] {
            let left = client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap();
            assert_eq!(left.get::<_, i64>(0), 0, "{table} after round {n}");
        }
        client.batch_execute("DELETE FROM log_positions").await.unwrap();
    }
}

/// Commits that are dropped in the middle (a cancelled task) leave neither half a commit nor an
/// open transaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_is_cancelled_anywhere_leaves_no_transaction_open() {
    let database = Database::migrated().await;
    let store = database.store(Via::PgBouncer);
    let (user, first) = (register(&store, 1).await, day(2026, 10, 31));
    let pings = Dice(3).pings(600, first, 2);
    let world = World::over(store.clone());
    world.track(user, &pings, 10).await;
    for polls in 0..60 {
        let mut worker = world.worker(2_000);
        let mut step = Box::pin(worker.step());
        let mut left = polls;
        // Gives up after being woken so many times.
        let _ = std::future::poll_fn(|context| {
            left -= 1;
            if left < 0 {
                return std::task::Poll::Ready(None);
            }
            step.as_mut().poll(context).map(Some)
        })
        .await;
    }
    world.drain().await;
    assert_by_the_rule(&store, user, first, 3, &pings).await;
    let client = database.client().await;
    let open =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
    assert_eq!(client.query_one(open, &[]).await.unwrap().get::<_, i64>(0), 0);
    assert_ne!(store.position(world.partition).await.unwrap(), Position::START);
}
