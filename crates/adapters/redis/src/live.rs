//! Live events between nodes: told to the subscribers here at once, and to those elsewhere by a
//! message. Not here: the subscribers (a local channel, handed in), and keeping what no subscriber
//! got.

mod message;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dayline_app::ports::{BoxFuture, DayChanged, LiveEvent, LiveEvents, LiveSubscription, Randomness};
use dayline_domain::UserId;
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, pipe};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::config::RedisConfig;
use crate::link::{Link, Question};
use crate::subscriber::{Subscriber, stay_subscribed};

/// Changes that may wait to be sent. More, and everybody elsewhere is told that they missed some.
const WAITING: usize = 20_000;
/// Changes in one message, of 36 bytes each: what may wait at a subscriber is bounded by the number
/// of messages.
const AT_ONCE: usize = 200;
const PAUSE: Duration = Duration::from_millis(200);

/// [`LiveEvents`] that all nodes share.
pub struct RedisLive {
    shared: Arc<Shared>,
    /// Ended when this is dropped.
    tasks: JoinSet<()>,
}

struct Shared {
    link: Link,
    channel: String,
    node: [u8; 16],
    local: Arc<dyn LiveEvents>,
    outbox: Mutex<Outbox>,
    more: Notify,
    /// How often something from elsewhere may have been missed.
    missed: watch::Sender<u64>,
}

#[derive(Default)]
struct Outbox {
    changes: Vec<DayChanged>,
    /// Some were dropped, and nobody elsewhere knows that yet.
    dropped: bool,
}

impl RedisLive {
    /// For a process that serves pages: tells the subscribers of `local` what others announce, and
    /// others what is announced here. Returns at once; while Redis is away only what is announced
    /// here reaches them. Must be called in a tokio runtime.
    pub fn start(config: &RedisConfig, local: Arc<dyn LiveEvents>, randomness: &dyn Randomness) -> Self {
        let mut live = Self::start_publisher(config, local, randomness);
        let subscriber = Arc::clone(&live.shared) as Arc<dyn Subscriber>;
        live.tasks.spawn(stay_subscribed(config.clone(), live.shared.channel.clone(), subscriber));
        live
    }

    /// For a process that serves no pages: the same without subscribing.
    pub fn start_publisher(
        config: &RedisConfig,
        local: Arc<dyn LiveEvents>,
        randomness: &dyn Randomness,
    ) -> Self {
        let mut node = [0; 16];
        randomness.fill(&mut node);
        let shared = Arc::new(Shared {
            link: Link::new(config.clone()),
            channel: config.key("live"),
            node,
            local,
            outbox: Mutex::default(),
            more: Notify::new(),
            missed: watch::Sender::new(0),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(publish(Arc::clone(&shared)));
        Self { shared, tasks }
    }
}

impl LiveEvents for RedisLive {
    fn announce(&self, changes: &[DayChanged]) {
        self.shared.local.announce(changes);
        let mut outbox = self.shared.outbox();
        if outbox.changes.len() + changes.len() > WAITING {
            *outbox = Outbox { changes: Vec::new(), dropped: true };
        } else {
            outbox.changes.extend_from_slice(changes);
        }
        drop(outbox);
        self.shared.more.notify_one();
    }

    fn subscribe(&self, user: UserId) -> Box<dyn LiveSubscription> {
        let missed = self.shared.missed.subscribe();
        Box::new(Subscription { here: self.shared.local.subscribe(user), missed })
    }
}

struct Subscription {
    here: Box<dyn LiveSubscription>,
    missed: watch::Receiver<u64>,
}

impl LiveSubscription for Subscription {
    fn next(&mut self) -> BoxFuture<'_, LiveEvent> {
        Box::pin(async move {
            tokio::select! {
                biased;
                Ok(()) = self.missed.changed() => LiveEvent::Missed,
                event = self.here.next() => event,
            }
        })
    }
}

impl Shared {
    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        // Nothing that is done under the lock can panic half-way.
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say_missed(&self) {
        self.missed.send_modify(|times| *times += 1);
    }

    /// What waits to be sent, as messages.
    fn take_messages(&self) -> Vec<Vec<u8>> {
        let outbox = std::mem::take(&mut *self.outbox());
        let dropped = outbox.dropped.then(|| message::write(&self.node, &[]));
        let changes = outbox.changes.chunks(AT_ONCE).map(|changes| message::write(&self.node, changes));
        dropped.into_iter().chain(changes).collect()
    }
}

impl Subscriber for Shared {
    fn receive<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, ()> {
        match message::parse(message) {
            Some((node, _)) if node == self.node => {}
            Some((_, changes)) if !changes.is_empty() => self.local.announce(&changes),
            // Something was dropped, or is from a later version.
            _ => self.say_missed(),
        }
        Box::pin(std::future::ready(()))
    }

    fn catch_up<'a>(&'a self, _: &'a mut MultiplexedConnection) -> BoxFuture<'a, RedisResult<()>> {
        self.say_missed();
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Publishes for ever what is announced.
async fn publish(shared: Arc<Shared>) {
    loop {
        shared.more.notified().await;
        let messages = shared.take_messages();
        if messages.is_empty() {
            continue;
        }
        let mut all = pipe();
        for message in &messages {
            all.cmd("PUBLISH").arg(&shared.channel).arg(message).ignore();
        }
        if shared.link.ask::<()>(Question::Pipeline(&all)).await.is_err() {
            shared.outbox().dropped = true;
            tokio::time::sleep(PAUSE).await;
            // Others must be told that they missed something, also if nothing is announced any
            // more.
            shared.more.notify_one();
        }
    }
}
