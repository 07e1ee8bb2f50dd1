//! Leases among workers: shared out, taken over after a crash, and never believed in by two.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dayline_app::ports::{BoxFuture, Leases, Partition};
use dayline_contract::suites::leases::{FACTS, Subject};
use dayline_contract::suites::prove;
use dayline_redis::{RedisConfig, RedisLeases};

use crate::names::Names;
use crate::proxy::Proxy;
use crate::test_redis::TestRedis;
use crate::until;

const PARTITIONS: u32 = 16;

fn join(server: &RedisConfig) -> RedisLeases {
    RedisLeases::join(server, PARTITIONS, &Names)
}

/// What a worker has just now.
async fn held(worker: &RedisLeases) -> BTreeSet<Partition> {
    let none = BTreeSet::new();
    tokio::select! { biased; held = worker.changed(&none) => held, () = std::future::ready(()) => none.clone() }
}

async fn counts(workers: &[RedisLeases]) -> Vec<usize> {
    let mut counts = Vec::new();
    for worker in workers {
        counts.push(held(worker).await.len());
    }
    counts.sort_unstable();
    counts
}

#[tokio::test]
async fn shared_leases_keep_the_facts_of_leases() {
    let redis = TestRedis::start();
    let made = Cell::new(0);
    prove(FACTS, async || {
        made.set(made.get() + 1);
        let server = redis.server().with_prefix(&format!("dayline:leases{}", made.get()));
        let first = Arc::new(join(&server));
        let join = Box::new(move || -> BoxFuture<'static, Arc<dyn Leases>> {
            let worker: Arc<dyn Leases> = Arc::new(join(&server));
            Box::pin(std::future::ready(worker))
        });
        Subject { partitions: PARTITIONS, first, join: Some(join) }
    })
    .await;
}

#[tokio::test]
async fn three_workers_have_fair_shares_and_others_take_over_within_seconds_of_a_crash() {
    let redis = TestRedis::start();
    let mut workers = [(); 3].map(|()| join(&redis.server())).into_iter().collect::<Vec<_>>();
    until("all are shared out", async || counts(&workers).await == [5, 5, 6]).await;
    // A crash says no farewell.
    drop(workers.pop());
    let crash = Instant::now();
    until("two have all", async || counts(&workers).await == [8, 8]).await;
    drop(workers.pop());
    until("one has all", async || counts(&workers).await == [16]).await;
    assert!(crash.elapsed() < Duration::from_secs(8), "two takeovers took {:?}", crash.elapsed());
    workers.push(join(&redis.server()));
    until("a new one gets its share", async || counts(&workers).await == [8, 8]).await;
}

#[tokio::test]
async fn more_workers_than_partitions_leave_some_without_work() {
    let redis = TestRedis::start();
    let workers: Vec<_> = (0..18).map(|_| join(&redis.server())).collect();
    let expected = [vec![0; 2], vec![1; 16]].concat();
    until("each has at most one", async || counts(&workers).await == expected).await;
}

#[tokio::test]
async fn who_is_cut_off_lets_go_before_others_take_over() {
    let redis = TestRedis::start();
    let way = Proxy::to(&redis);
    let (here, cut_off) = (join(&redis.server()), join(&way.server()));
    until("both have a half", async || (held(&here).await.len(), held(&cut_off).await.len()) == (8, 8)).await;
    way.cut();
    until("one has all", async || {
        // In this order: what has been taken over must have been let go of before.
        let taken = held(&here).await;
        let still = held(&cut_off).await;
        assert_eq!(taken.intersection(&still).count(), 0, "two work on the same");
        taken.len() == 16
    })
    .await;
    assert_eq!(held(&cut_off).await.len(), 0);
    way.mend();
    until("both have a half again", async || (held(&here).await.len(), held(&cut_off).await.len()) == (8, 8))
        .await;
}

#[tokio::test]
async fn while_redis_is_away_nobody_has_anything_and_then_all_is_as_before() {
    let redis = TestRedis::start();
    let worker = join(&redis.server());
    until("it has all", async || held(&worker).await.len() == 16).await;
    redis.kill();
    until("it lets go", async || held(&worker).await.is_empty()).await;
    redis.start_again().await;
    until("it has all again", async || held(&worker).await.len() == 16).await;
}

#[tokio::test]
async fn a_stop_of_redis_shorter_than_a_lease_takes_nothing_from_anybody() {
    let redis = TestRedis::start();
    let worker = join(&redis.server());
    until("it has all", async || held(&worker).await.len() == 16).await;
    let all = held(&worker).await;
    for _ in 0..10 {
        let stop = Instant::now();
        redis.stop();
        redis.start_again().await;
        if stop.elapsed() < Duration::from_millis(700) {
            let changed = tokio::time::timeout(Duration::from_millis(1_200), worker.changed(&all)).await;
            return assert!(changed.is_err(), "{changed:?}");
        }
        // The machine is busy, and Redis was slow.
        until("it has all again", async || held(&worker).await == all).await;
    }
    panic!("redis never stops and starts within 700 ms");
}

#[tokio::test]
async fn a_redis_without_memory_still_shares_out_the_work_that_frees_some() {
    let redis = TestRedis::start();
    redis.run::<()>("CONFIG SET maxmemory 1").await;
    let workers = [(); 2].map(|()| join(&redis.server()));
    until("both have a half", async || counts(&workers).await == [8, 8]).await;
    workers[0].release().await;
    until("one has all", async || held(&workers[1]).await.len() == 16).await;
}

#[tokio::test]
async fn who_died_before_the_clock_was_set_back_is_not_believed_in_until_it_has_caught_up() {
    let redis = TestRedis::start();
    // As a worker of the year 2100 leaves it behind.
    redis.run::<()>("ZADD dayline:workers 4102444800000 dead").await;
    redis.run::<()>("HSET dayline:owners 0 dead 1 dead").await;
    let worker = join(&redis.server());
    until("it takes over", async || held(&worker).await.len() == 16).await;
}
