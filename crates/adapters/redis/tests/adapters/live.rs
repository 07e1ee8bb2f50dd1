//! Live events between nodes.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use dayline_app::ports::{DayChanged, LiveEvent, LiveEvents, LiveSubscription, Randomness};
use dayline_contract::fakes::FakeLive;
use dayline_contract::suites::live::FACTS;
use dayline_contract::suites::prove;
use dayline_domain::{UserId, UtcDay, UtcMs};
use dayline_redis::{RedisConfig, RedisLive};

use crate::proxy::Proxy;
use crate::test_redis::TestRedis;
use crate::until;

const ADA: UserId = UserId::from_bits(1);

/// Another name for each node of this process.
struct Names;

impl Randomness for Names {
    fn fill(&self, buffer: &mut [u8]) {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        buffer.fill(NEXT.fetch_add(1, Ordering::Relaxed));
    }
}

/// A node that listens already.
async fn node(redis: &TestRedis, server: &RedisConfig) -> RedisLive {
    let before = listeners(redis).await;
    let live = RedisLive::start(server, Arc::new(FakeLive::default()), &Names);
    let mut first = live.subscribe(ADA);
    until("it listens", async || listeners(redis).await > before).await;
    assert_eq!(next(&mut *first).await, LiveEvent::Missed);
    live
}

async fn listeners(redis: &TestRedis) -> usize {
    let clients: String = redis.run("CLIENT LIST").await;
    clients.lines().filter(|client| client.contains(" sub=1 ")).count()
}

fn changed(version: u64) -> DayChanged {
    DayChanged { user: ADA, day: UtcDay(20_777), version, at: UtcMs(1_795_176_000_000) }
}

async fn next(subscription: &mut dyn LiveSubscription) -> LiveEvent {
    tokio::time::timeout(Duration::from_secs(10), subscription.next()).await.expect("an event within 10 s")
}

#[tokio::test]
async fn shared_live_events_keep_the_facts_of_all_live_events() {
    let redis = TestRedis::start();
    let made = Cell::new(0);
    prove(FACTS, async || {
        made.set(made.get() + 1);
        let server = redis.server().with_prefix(&format!("dayline:live{}", made.get()));
        Arc::new(node(&redis, &server).await) as Arc<dyn LiveEvents>
    })
    .await;
}

#[tokio::test]
async fn what_one_node_announces_others_hear_once_and_in_order_and_it_does_not_hear_itself_twice() {
    let redis = TestRedis::start();
    let (here, elsewhere) = (node(&redis, &redis.server()).await, node(&redis, &redis.server()).await);
    let publisher = RedisLive::start_publisher(&redis.server(), Arc::new(FakeLive::default()), &Names);
    let (mut mine, mut theirs) = (here.subscribe(ADA), elsewhere.subscribe(ADA));
    for version in 1..=10 {
        here.announce(&[changed(version)]);
        assert_eq!(next(&mut *mine).await, LiveEvent::Changed(changed(version)));
        assert_eq!(next(&mut *theirs).await, LiveEvent::Changed(changed(version)));
    }
    publisher.announce(&[changed(11)]);
    assert_eq!(next(&mut *mine).await, LiveEvent::Changed(changed(11)));
    assert_eq!(next(&mut *theirs).await, LiveEvent::Changed(changed(11)));
}

#[tokio::test]
async fn who_was_cut_off_is_told_that_it_missed_something_and_hears_again() {
    let redis = TestRedis::start();
    let way = Proxy::to(&redis);
    let (here, cut_off) = (node(&redis, &redis.server()).await, node(&redis, &way.server()).await);
    let mut theirs = cut_off.subscribe(ADA);
    way.cut();
    until("it is cut off", async || listeners(&redis).await == 1).await;
    here.announce(&[changed(1)]);
    // What is announced there is still heard there.
    cut_off.announce(&[changed(7)]);
    assert_eq!(next(&mut *theirs).await, LiveEvent::Changed(changed(7)));
    way.mend();
    assert_eq!(next(&mut *theirs).await, LiveEvent::Missed);
    until("others hear that it could not tell them", async || {
        let mut mine = here.subscribe(ADA);
        cut_off.announce(&[changed(8)]);
        next(&mut *mine).await == LiveEvent::Changed(changed(8))
    })
    .await;
}

#[tokio::test]
async fn who_could_not_tell_others_says_so_when_it_can() {
    let redis = TestRedis::start();
    let way = Proxy::to(&redis);
    let here = node(&redis, &redis.server()).await;
    let publisher = RedisLive::start_publisher(&way.server(), Arc::new(FakeLive::default()), &Names);
    let mut mine = here.subscribe(ADA);
    publisher.announce(&[changed(1)]);
    assert_eq!(next(&mut *mine).await, LiveEvent::Changed(changed(1)));
    way.cut();
    // Far more than is kept.
    for _ in 0..300 {
        publisher.announce(&[changed(2); 100]);
    }
    until("it has tried in vain", async || way.turned_away() > 0).await;
    way.mend();
    assert_eq!(next(&mut *mine).await, LiveEvent::Missed);
    // A busy machine may make it say so again. Each announcement is waited for: who announces more
    // than it listens to misses some for ever.
    let heard = loop {
        publisher.announce(&[changed(3)]);
        match next(&mut *mine).await {
            LiveEvent::Missed => {}
            LiveEvent::Changed(change) => break change,
        }
    };
    assert_eq!(heard, changed(3));
}
