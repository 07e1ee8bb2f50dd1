//! The log's keys: one hash, the head, with what is true for the whole log, and one stream for each
//! partition. The head has `format`, `partitions`, `epoch`, `bytes` (of all records that wait) and
//! of each partition n `end:n`, `start:n` and `base:n`: the bytes of all records ever appended, ever
//! settled and ever forgotten; and `gone:n`, the last id that was forgotten. The scripts keep them.

use dayline_app::ports::{Partition, PortError};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisResult, cmd};

use super::scripts::CLAIM;
use crate::config::RedisConfig;
use crate::durability::look;
use crate::error::{NotDurable, SetupError};
use crate::link::{Link, Question};
use crate::server::Primary;

const FORMAT: u32 = 1;

/// How long the key that is written to find out whether Redis takes writes stays, in milliseconds.
const CHECK_MS: u32 = 5_000;

pub(super) struct Head {
    config: RedisConfig,
    link: Link,
    key: String,
    streams: Vec<String>,
    /// Whether to append only to a Redis that keeps what it acknowledges.
    stays_durable: bool,
    /// What waits until a replica has all that was appended before over the same connection, where
    /// one may take over. It answers how many have it.
    confirm: Option<Cmd>,
}

impl Head {
    pub(super) fn new(config: RedisConfig, partitions: u32, stays_durable: bool) -> Self {
        let key = config.key("log");
        let streams = (0..partitions).map(|n| format!("{key}:{n}")).collect();
        let confirm = (stays_durable && config.may_change()).then(|| {
            let mut wait = cmd("WAIT");
            wait.arg(1).arg(config.confirmed_within().as_millis() as u64);
            wait
        });
        Self { link: Link::new(config.clone()), config, key, streams, stays_durable, confirm }
    }

    /// What is to be asked after each append, in the same round trip, if anything is.
    pub(super) fn confirm(&self) -> Option<&Cmd> {
        self.confirm.as_ref()
    }

    pub(super) fn config(&self) -> &RedisConfig {
        &self.config
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn partitions(&self) -> u32 {
        self.streams.len() as u32
    }

    /// The stream of a partition, which there is.
    pub(super) fn stream(&self, partition: Partition) -> &str {
        &self.streams[partition.0 as usize]
    }

    pub(super) fn has(&self, partition: Partition) -> bool {
        partition.0 < self.partitions()
    }

    /// A connection over which may be appended to this log, which is made if there is none. Nobody
    /// may append over another: the script says why.
    pub(super) async fn connect(&self) -> Result<(MultiplexedConnection, Primary), SetupError> {
        let (mut connection, primary) = self.config.connect_to_stay().await?;
        if self.stays_durable {
            // It may be another server than before, or have been started with other settings.
            let objections = look(&mut connection, self.config.may_change()).await?.objections;
            if !objections.is_empty() {
                return Err(NotDurable::Objections(objections).into());
            }
        }
        let (stored, format) = self.claim(&mut connection).await?;
        if format > FORMAT {
            return Err(SetupError::Newer { found: format, known: FORMAT });
        }
        if stored != self.partitions() {
            return Err(SetupError::Partitions { stored, configured: self.partitions() });
        }
        Ok((connection, primary))
    }

    /// Writes a key that is nothing's: Redis refuses it as it would an entry, when its memory is used
    /// up, its disk fails or it has become a replica.
    pub(super) async fn check_write(&self) -> Result<(), PortError> {
        let mut write = cmd("SET");
        write.arg(self.config.key("check")).arg(1).arg("PX").arg(CHECK_MS);
        self.link.ask(Question::Command(&write)).await
    }

    /// Gives the number of partitions and the format that are stored.
    async fn claim(&self, connection: &mut MultiplexedConnection) -> RedisResult<(u32, u32)> {
        let mut call = CLAIM.call(1);
        call.arg(&self.key).arg(self.partitions()).arg(FORMAT);
        CLAIM.run(&call, connection).await
    }
}
