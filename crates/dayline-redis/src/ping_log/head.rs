//! The log's keys: one hash, the head, with what is true for the whole log, and one stream for each partition.
//! The head has `format`, `partitions`, `epoch`, `bytes` (of all records that wait) and of each partition n `end:n` and
//! `start:n`: the bytes of all records ever appended and ever trimmed. The scripts keep them.

use dayline_app::ports::Partition;
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, pipe};

use crate::error::SetupError;
use crate::server::RedisServer;

const FORMAT: u32 = 1;

pub(super) struct Head {
    server: RedisServer,
    key: String,
    streams: Vec<String>,
}

impl Head {
    pub(super) fn new(server: RedisServer, partitions: u32) -> Self {
        let key = server.key("log");
        let streams = (0..partitions).map(|n| format!("{key}:{n}")).collect();
        Self { server, key, streams }
    }

    pub(super) fn server(&self) -> &RedisServer {
        &self.server
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

    /// A connection to a Redis that has this log, or none yet: then it is made.
    pub(super) async fn connect(&self) -> Result<MultiplexedConnection, SetupError> {
        let mut connection = self.server.connect().await?;
        let (stored, format) = self.claim(&mut connection).await?;
        if format > FORMAT {
            return Err(SetupError::Newer { found: format, known: FORMAT });
        }
        if stored != self.partitions() {
            return Err(SetupError::Partitions { stored, configured: self.partitions() });
        }
        Ok(connection)
    }

    async fn claim(&self, connection: &mut MultiplexedConnection) -> RedisResult<(u32, u32)> {
        let mut claim = pipe();
        claim.atomic();
        claim.cmd("HSETNX").arg(&self.key).arg("partitions").arg(self.partitions()).ignore();
        claim.cmd("HSETNX").arg(&self.key).arg("format").arg(FORMAT).ignore();
        claim.cmd("HMGET").arg(&self.key).arg("partitions").arg("format");
        let ((stored, format),) = claim.query_async(connection).await?;
        Ok((stored, format))
    }
}
