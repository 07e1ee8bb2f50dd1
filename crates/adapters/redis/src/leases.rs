//! Leases on partitions among the workers of a cluster: each says twice a second that it lives, and
//! gets its share. Not here: messages between workers. Whoever finds a partition free in its share
//! takes it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dayline_app::ports::{BoxFuture, Leases, Partition, Randomness};
use redis::{Script, cmd};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::config::RedisConfig;
use crate::link::{Link, Question};
use crate::script::LoadedScript;

static LEASE: LoadedScript = LoadedScript::new(|| Script::new(include_str!("lua/lease.lua")));

const BEAT: Duration = Duration::from_millis(500);
/// For so long after a heartbeat others believe that a worker lives. Somebody else has its
/// partitions within this and a beat or two after it died.
const BELIEVED: Duration = Duration::from_secs(2);
/// For so long it believes itself that it has them, which ends earlier, since the clocks are not
/// the same.
const BELIEVES: Duration = Duration::from_millis(1_700);
/// How long a heartbeat or a farewell may take.
const ANSWER: Duration = Duration::from_secs(1);

type Held = BTreeSet<Partition>;

/// [`Leases`] of a worker in a cluster.
pub struct RedisLeases {
    shared: Arc<Shared>,
    /// The heart; stopped by a release, and when this is dropped.
    heart: Mutex<JoinSet<()>>,
}

struct Shared {
    link: Link,
    workers: String,
    owners: String,
    me: String,
    partitions: u32,
    held: watch::Sender<Held>,
}

impl RedisLeases {
    /// Joins the workers of a log with so many partitions. Returns at once; while Redis is away
    /// there is no partition to work on, nor any ping. Must be called in a tokio runtime, in which
    /// the heart beats.
    pub fn join(config: &RedisConfig, partitions: u32, randomness: &dyn Randomness) -> Self {
        let mut id = [0; 16];
        randomness.fill(&mut id);
        let mut me = String::with_capacity(32);
        for byte in id {
            // Writing to a string can't fail.
            let _ = write!(me, "{byte:02x}");
        }
        let shared = Arc::new(Shared {
            link: Link::new(config.clone().with_answer_timeout(ANSWER)),
            workers: config.key("workers"),
            owners: config.key("owners"),
            me,
            partitions,
            held: watch::Sender::new(Held::new()),
        });
        let mut heart = JoinSet::new();
        heart.spawn(beat(Arc::clone(&shared)));
        Self { shared, heart: Mutex::new(heart) }
    }

    async fn leave(&self) {
        let mut heart = {
            let mut heart = self.heart.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *heart)
        };
        // First the heart, so that no beat comes after the farewell.
        heart.shutdown().await;
        self.shared.hold(Held::new());
        let mut farewell = cmd("ZREM");
        farewell.arg(&self.shared.workers).arg(&self.shared.me);
        let told = self.shared.link.ask::<()>(Question::Command(&farewell));
        // Who does not hear it finds out a moment later.
        let _ = tokio::time::timeout(ANSWER, told).await;
    }
}

impl Leases for RedisLeases {
    fn changed<'a>(&'a self, known: &'a Held) -> BoxFuture<'a, Held> {
        Box::pin(async move {
            let mut held = self.shared.held.subscribe();
            // Fails only without a sender, which is here.
            held.wait_for(|held| held != known).await.map_or_else(|_| known.clone(), |held| held.clone())
        })
    }

    fn release(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.leave())
    }
}

impl Shared {
    fn hold(&self, now: Held) {
        self.held.send_if_modified(|held| {
            let changed = *held != now;
            *held = now;
            changed
        });
    }

    /// Gives what this worker has now.
    async fn heartbeat(&self) -> Result<Held, String> {
        let mut call = LEASE.call(2);
        call.arg(&self.workers).arg(&self.owners);
        call.arg(&self.me).arg(BELIEVED.as_millis() as u64).arg(self.partitions);
        let mine: Vec<u32> =
            self.link.ask(Question::Script(&LEASE, &call)).await.map_err(|error| error.to_string())?;
        Ok(mine.into_iter().map(Partition).collect())
    }
}

async fn beat(shared: Arc<Shared>) {
    let mut believed_until = Instant::now();
    let mut was_away = false;
    loop {
        let start = Instant::now();
        let has_some = !shared.held.borrow().is_empty();
        let deadline = if has_some { believed_until.min(start + ANSWER) } else { start + ANSWER };
        let outcome = timeout_at(deadline, shared.heartbeat()).await;
        match outcome.unwrap_or_else(|_| Err("redis did not answer in time".to_owned())) {
            Ok(held) => {
                // Counted from before the question: Redis counts from when it got it.
                believed_until = start + BELIEVES;
                was_away = false;
                shared.hold(held);
            }
            Err(why) if !std::mem::replace(&mut was_away, true) => {
                tracing::warn!(why, "leases can't be renewed");
            }
            Err(_) => {}
        }
        let mut next = start + BEAT;
        if !shared.held.borrow().is_empty() {
            next = next.min(believed_until);
        }
        sleep_until(next).await;
        if Instant::now() >= believed_until {
            shared.hold(Held::new());
        }
    }
}
