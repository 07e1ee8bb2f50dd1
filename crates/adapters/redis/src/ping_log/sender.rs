//! A sender: one connection over which gathered records go to Redis, all that gathered in one round
//! trip. Several senders take turns, so that one parcel travels while the next is written to the disk.
//! Not here: timers on the way of a record, and reading.

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::AppendError;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisError, RedisResult};

use super::entry;
use super::fullness::Fullness;
use super::gather::{Gather, Parcel};
use super::head::Head;
use super::options::RETRY_FULL_S;
use super::scripts::APPEND;
use crate::error::{SetupError, detail, is_lost, is_out_of_memory, replaced};
use crate::server::Primary;

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// Why something is refused that the primary has: it may not be the primary any more.
const UNCONFIRMED: &str = "no replica of redis had it in time";

type Connection = (MultiplexedConnection, Primary);

pub(super) struct Sender {
    pub(super) head: Arc<Head>,
    pub(super) gather: Arc<Gather>,
    pub(super) fullness: Arc<Fullness>,
}

impl Sender {
    /// Works for ever, on a connection that was counted as a sender already.
    pub(super) async fn run(self, mut connection: Connection) {
        loop {
            let why = self.serve(&mut connection).await;
            tracing::warn!(why, "ping log lost its connection");
            self.gather.sender_disconnected(&why);
            connection = self.reconnect().await;
            tracing::info!("ping log has its connection again");
            self.gather.sender_connected();
        }
    }

    /// Sends parcel after parcel until the connection is lost; says why.
    async fn serve(&self, connection: &mut Connection) -> String {
        loop {
            let mut parcel = self.gather.next().await;
            let command = self.command(&mut parcel);
            match self.send(&command, connection).await {
                Ok(Appended { replicas: Some(0), .. }) => {
                    parcel.finish(Err(AppendError::Unavailable(UNCONFIRMED.to_owned())));
                    return UNCONFIRMED.to_owned();
                }
                Ok(Appended { waiting, .. }) => {
                    self.fullness.note(waiting);
                    parcel.finish(Ok(()));
                }
                Err(error) => {
                    parcel.finish(Err(refusal(&error)));
                    if is_lost(&error) {
                        return detail(&error);
                    }
                }
            }
        }
    }

    fn command(&self, parcel: &mut Parcel) -> Cmd {
        let mut command = APPEND.call(parcel.entries.len() + 1);
        command.arg(self.head.key());
        for entry in &parcel.entries {
            command.arg(self.head.stream(entry.partition));
        }
        command.arg(self.head.partitions());
        for entry in &mut parcel.entries {
            entry::seal(&mut entry.records);
            let sealed = std::mem::take(&mut entry.records);
            command.arg(entry.partition.0).arg(entry::records_len(&sealed)).arg(&sealed[..]);
        }
        command
    }

    /// Sends a command; a second time if the connection turns out to be dead and a new one is to be
    /// had at once, as after a restart of Redis. If the first one arrived after all, its records
    /// are there twice, which is allowed: nobody was told that they are there once.
    async fn send(&self, command: &Cmd, connection: &mut Connection) -> RedisResult<Appended> {
        let outcome = self.try_to_send(command, connection).await;
        if outcome.is_err() {
            self.head.config().count_error();
        }
        outcome
    }

    async fn try_to_send(&self, command: &Cmd, connection: &mut Connection) -> RedisResult<Appended> {
        match self.append(command, connection).await {
            Err(error) if is_lost(&error) && !error.is_timeout() => {
                let Ok(fresh) = self.head.connect().await else { return Err(error) };
                *connection = fresh;
                self.append(command, connection).await
            }
            outcome => outcome,
        }
    }

    async fn append(&self, command: &Cmd, (connection, primary): &mut Connection) -> RedisResult<Appended> {
        if !self.head.config().is_still(*primary) {
            return Err(replaced());
        }
        let Some(confirm) = self.head.confirm() else {
            return Ok(Appended { waiting: APPEND.run(command, connection).await?, replicas: None });
        };
        let (waiting, replicas) = APPEND.run_then(command, confirm, connection).await?;
        Ok(Appended { waiting, replicas: Some(replicas) })
    }

    async fn reconnect(&self) -> Connection {
        let mut pause = FIRST_PAUSE;
        let mut told = String::new();
        loop {
            tokio::time::sleep(pause).await;
            match self.head.connect().await {
                Ok(connection) => return connection,
                Err(SetupError::Redis(_)) => {}
                // More than that nobody answers, and not to be told at every try.
                Err(error) => {
                    let error = error.to_string();
                    if error != told {
                        tracing::error!(error, "ping log can't be used");
                        told = error;
                    }
                }
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }
}

/// What Redis said to an append.
struct Appended {
    /// Bytes that wait in the log.
    waiting: i64,
    /// Replicas that have it, if that was asked.
    replicas: Option<u64>,
}

fn refusal(error: &RedisError) -> AppendError {
    if is_out_of_memory(error) {
        return AppendError::Full { retry_after_s: RETRY_FULL_S };
    }
    AppendError::Unavailable(detail(error))
}
