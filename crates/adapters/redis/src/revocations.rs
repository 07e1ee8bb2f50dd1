//! Revoked credentials, known on every node: a set in Redis for those who come late, and a message
//! for those who subscribe. Not here: the set that is asked for every request (a local one, handed
//! in), and what outlives Redis (the ended sessions in the database, which the binary revokes again
//! at its start).

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{BoxFuture, Clock, CredentialId, PortError, PortFuture, Revocations};
use dayline_domain::UtcMs;
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, cmd, pipe};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::config::RedisConfig;
use crate::error::SetupError;
use crate::link::{Link, Question};
use crate::subscriber::{Subscriber, stay_subscribed};

mod message;

/// Revocations that wait for Redis to be back; what does not fit is an error, since other nodes
/// would not know of it.
const WAITING: usize = 10_000;
/// Revocations in one round trip.
const AT_ONCE: usize = 256;
/// How long a caller waits for Redis to have it. It is refused here already, and delivered later.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long Redis may take to have it; then it is tried again over a new connection, in time for
/// what is promised.
const ANSWER: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(200);
/// Credentials read at once when catching up.
const PAGE: usize = 1_000;

/// A [`Revocations`] that all nodes share. It asks and fills a local set, and carries revocations
/// between nodes.
pub struct RedisRevocations {
    local: Arc<dyn Revocations>,
    deliveries: mpsc::Sender<Delivery>,
    /// Ended when this is dropped.
    _tasks: JoinSet<()>,
}

struct Delivery {
    credentials: Vec<CredentialId>,
    until: UtcMs,
    delivered: oneshot::Sender<()>,
}

impl RedisRevocations {
    /// Loads what is revoked and subscribes from now on, for as long as this lives. `local` is the
    /// set that requests are checked against.
    pub async fn start(
        config: &RedisConfig,
        local: Arc<dyn Revocations>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let shared = Arc::new(Shared {
            link: Link::new(config.clone().with_answer_timeout(ANSWER)),
            set: config.key("revoked"),
            channel: config.key("revoked:new"),
            local: Arc::clone(&local),
            clock,
        });
        shared.load(&mut config.connect().await?).await?;
        let (deliveries, waiting) = mpsc::channel(WAITING);
        let mut tasks = JoinSet::new();
        tasks.spawn(stay_subscribed(
            config.clone(),
            shared.channel.clone(),
            Arc::clone(&shared) as Arc<dyn Subscriber>,
        ));
        tasks.spawn(deliver(shared, waiting));
        Ok(Self { local, deliveries, _tasks: tasks })
    }

    async fn revoke_everywhere(&self, credentials: Vec<CredentialId>, until: UtcMs) -> Result<(), PortError> {
        if credentials.is_empty() {
            return Ok(());
        }
        self.local.revoke(credentials.clone(), until).await?;
        let (delivered, done) = oneshot::channel();
        self.deliveries.try_send(Delivery { credentials, until, delivered }).map_err(|_| {
            PortError::Unavailable(format!("{WAITING} revocations wait for redis, no more are kept"))
        })?;
        // Late is not lost: the delivery goes on.
        let _ = tokio::time::timeout(PATIENCE, done).await;
        Ok(())
    }
}

impl Revocations for RedisRevocations {
    fn is_revoked(&self, credential: CredentialId) -> bool {
        self.local.is_revoked(credential)
    }

    fn revoke(&self, credentials: Vec<CredentialId>, until: UtcMs) -> PortFuture<'_, ()> {
        Box::pin(self.revoke_everywhere(credentials, until))
    }
}

/// What the subscription and the deliveries have in common.
struct Shared {
    link: Link,
    set: String,
    channel: String,
    local: Arc<dyn Revocations>,
    clock: Arc<dyn Clock>,
}

impl Shared {
    /// From the latest end to the earliest: what is added meanwhile can only push entries to a
    /// later page, and what has run out goes at the other end.
    async fn load(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        let mut first = 0;
        loop {
            let mut page = cmd("ZREVRANGE");
            page.arg(&self.set).arg(first).arg(first + PAGE - 1).arg("WITHSCORES");
            let page: Vec<(String, f64)> = page.query_async(connection).await?;
            let complete = page.len() < PAGE;
            for (name, until) in page {
                // Members of a later version are not for this one.
                if let Some(credential) = message::credential(&name) {
                    self.refuse(vec![credential], UtcMs(until as i64)).await;
                }
            }
            if complete {
                return Ok(());
            }
            first += PAGE;
        }
    }

    async fn refuse(&self, credentials: Vec<CredentialId>, until: UtcMs) {
        if let Err(error) = self.local.revoke(credentials, until).await {
            tracing::error!(%error, "a revocation could not be applied here");
        }
    }

    async fn send(&self, deliveries: &[Delivery]) -> Result<(), PortError> {
        let mut all = pipe();
        all.atomic();
        for Delivery { credentials, until, .. } in deliveries {
            all.cmd("ZADD").arg(&self.set).arg("GT");
            for credential in credentials {
                all.arg(until.0).arg(message::name(*credential));
            }
            all.ignore();
            all.cmd("PUBLISH").arg(&self.channel).arg(message::write(credentials, *until)).ignore();
        }
        all.cmd("ZREMRANGEBYSCORE")
            .arg(&self.set)
            .arg("-inf")
            .arg(format!("({}", self.clock.now().0))
            .ignore();
        self.link.ask(Question::Pipeline(&all)).await
    }
}

impl Subscriber for Shared {
    fn receive<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some((credentials, until)) = message::parse(message) else {
                return tracing::warn!("got a revocation in an unknown form");
            };
            self.refuse(credentials, until).await;
        })
    }

    fn catch_up<'a>(&'a self, connection: &'a mut MultiplexedConnection) -> BoxFuture<'a, RedisResult<()>> {
        Box::pin(self.load(connection))
    }
}

/// Delivers for ever, in the order of the revocations; tries again until Redis has them.
async fn deliver(shared: Arc<Shared>, mut waiting: mpsc::Receiver<Delivery>) {
    let mut deliveries = Vec::with_capacity(AT_ONCE);
    while waiting.recv_many(&mut deliveries, AT_ONCE).await > 0 {
        while let Err(error) = shared.send(&deliveries).await {
            tracing::warn!(%error, waiting = waiting.len() + deliveries.len(), "revocations wait for redis");
            tokio::time::sleep(PAUSE).await;
        }
        for delivery in deliveries.drain(..) {
            // Whoever revoked may have stopped waiting.
            let _ = delivery.delivered.send(());
        }
    }
}
