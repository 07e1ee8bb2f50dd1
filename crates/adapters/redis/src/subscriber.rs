//! Subscribes to a channel for ever: lets the subscriber catch up, passes messages on, and begins
//! again when the connection is lost.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dayline_app::ports::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind, RedisResult, Value, cmd};
use tokio::sync::mpsc;

use crate::config::RedisConfig;
use crate::error::detail;
use crate::server::Primary;

/// A connection is asked whether it is alive so often; it has [`ALIVE`] to answer. So a dead one is
/// noticed within their sum, also if nobody closed it.
const ASK: Duration = Duration::from_millis(400);
const ALIVE: Duration = Duration::from_millis(800);
/// Messages that may wait for the subscriber, each of some kilobytes. More, and the subscription
/// begins anew with catching up.
const WAITING: usize = 4_096;
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(300);

/// Who gets the messages of a channel.
pub(crate) trait Subscriber: Send + Sync + 'static {
    /// Somebody published this message.
    fn receive<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, ()>;

    /// The subscription stands (again): messages arrive from now on. Finds out what was missed
    /// before. Asks over the same connection: any other may be one that died without a word.
    fn catch_up<'a>(&'a self, connection: &'a mut MultiplexedConnection) -> BoxFuture<'a, RedisResult<()>>;
}

/// Stays subscribed until the end of the process, or of the task.
pub(crate) async fn stay_subscribed(config: RedisConfig, channel: String, subscriber: Arc<dyn Subscriber>) {
    let mut pause = FIRST_PAUSE;
    let mut was_away = false;
    loop {
        let why = match subscribe(&config, &channel, &*subscriber).await {
            Ok(subscription) => {
                pause = FIRST_PAUSE;
                if std::mem::take(&mut was_away) {
                    tracing::info!(channel, "subscribed to redis again");
                }
                subscription.until_lost(&config, &*subscriber).await
            }
            Err(error) => detail(&error),
        };
        if !std::mem::replace(&mut was_away, true) {
            tracing::warn!(channel, why, "not subscribed to redis");
        }
        tokio::time::sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

struct Subscription {
    connection: MultiplexedConnection,
    primary: Primary,
    /// Ends when the connection does, and when the subscriber is so slow that messages had to be
    /// dropped.
    messages: mpsc::Receiver<Vec<u8>>,
}

/// Subscribes first and catches up then, so that nothing falls between.
async fn subscribe(
    config: &RedisConfig,
    channel: &str,
    subscriber: &dyn Subscriber,
) -> RedisResult<Subscription> {
    let (sender, messages) = mpsc::channel(WAITING);
    let (mut connection, primary) = config.connect_to_subscribe(forward_to(sender), ALIVE).await?;
    connection.subscribe(channel).await?;
    subscriber.catch_up(&mut connection).await?;
    Ok(Subscription { connection, primary, messages })
}

/// Takes what Redis sends unasked. Called by the task that reads from the connection, which must
/// not wait.
fn forward_to(
    sender: mpsc::Sender<Vec<u8>>,
) -> impl Fn(PushInfo) -> Result<(), Ended> + Send + Sync + 'static {
    let sender = Mutex::new(Some(sender));
    move |push: PushInfo| {
        let mut sender = sender.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = match (push.kind, push.data.into_iter().nth(1)) {
            (PushKind::Disconnection, _) => true,
            (PushKind::Message, Some(Value::BulkString(message))) => {
                sender.as_ref().is_none_or(|sender| sender.try_send(message).is_err())
            }
            _ => false,
        };
        if lost {
            *sender = None;
        }
        if sender.is_some() { Ok(()) } else { Err(Ended) }
    }
}

/// Nobody takes what Redis sends any more.
struct Ended;

impl Subscription {
    /// Passes messages on. Returns why, once none come any more.
    async fn until_lost(mut self, config: &RedisConfig, subscriber: &dyn Subscriber) -> String {
        let mut dead = std::pin::pin!(until_dead(&mut self.connection));
        let mut left = std::pin::pin!(config.until_not(self.primary));
        loop {
            tokio::select! {
                message = self.messages.recv() => match message {
                    Some(message) => subscriber.receive(&message).await,
                    None => return "the connection was closed, or too slow".to_owned(),
                },
                why = &mut dead => return why,
                () = &mut left => return "redis has another primary".to_owned(),
            }
        }
    }
}

async fn until_dead(connection: &mut MultiplexedConnection) -> String {
    loop {
        tokio::time::sleep(ASK).await;
        if let Err(error) = cmd("PING").query_async::<()>(connection).await {
            return detail(&error);
        }
    }
}
