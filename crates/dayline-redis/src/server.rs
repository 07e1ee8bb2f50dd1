//! Which Redis, under which prefix, and how connections to it are made.
//! Deliberately absent: keeping a connection alive (see [`crate::link`] and the lanes of the ping log).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::{AsyncPushSender, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo, ProtocolVersion, RedisResult};

use crate::error::SetupError;

/// How long a connection may take to come about, its greeting included.
const CONNECT: Duration = Duration::from_secs(1);
/// How long an answer may take. Behind `appendfsync always` it waits for the disk, which has bad moments.
const ANSWER: Duration = Duration::from_secs(2);

/// A Redis server, and the prefix of Dayline's keys in it. Cheap to clone; opens nothing by itself.
#[derive(Clone)]
pub struct RedisServer {
    client: Client,
    prefix: Arc<str>,
    answer: Duration,
}

impl RedisServer {
    /// The server at `redis://[user:password@]host[:port][/db]` or `unix:///path`, with the key prefix `dayline`.
    pub fn new(url: &str) -> Result<Self, SetupError> {
        let info = url.into_connection_info().map_err(|error| SetupError::Url(error.to_string()))?;
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.set_redis_settings(settings))
            .map_err(|error| SetupError::Url(error.to_string()))?;
        Ok(Self { client, prefix: "dayline".into(), answer: ANSWER })
    }

    /// The same server under another prefix: two installations can share one Redis.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long an answer may take before the server counts as away, instead of 2 s.
    #[must_use]
    pub fn with_answer_timeout(mut self, timeout: Duration) -> Self {
        self.answer = timeout;
        self
    }

    pub(crate) fn key(&self, name: impl fmt::Display) -> String {
        format!("{}:{name}", self.prefix)
    }

    pub(crate) async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        self.connect_with(config().set_response_timeout(Some(self.answer))).await
    }

    /// A connection for commands that block; the caller bounds them.
    pub(crate) async fn connect_to_block(&self) -> RedisResult<MultiplexedConnection> {
        self.connect_with(config().set_response_timeout(None)).await
    }

    /// A connection on which `hear` is called with whatever Redis sends unasked.
    pub(crate) async fn connect_to_hear(
        &self,
        hear: impl AsyncPushSender,
        answer: Duration,
    ) -> RedisResult<MultiplexedConnection> {
        self.connect_with(config().set_response_timeout(Some(answer)).set_push_sender(hear)).await
    }

    async fn connect_with(&self, config: AsyncConnectionConfig) -> RedisResult<MultiplexedConnection> {
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }
}

fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT))
}

impl fmt::Debug for RedisServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither address nor password.
        f.debug_struct("RedisServer").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_server_nor_what_is_wrong_with_its_url_shows_the_password() {
        let server = RedisServer::new("redis://ada:secret@example.org:6379/0").unwrap();
        assert_eq!(format!("{server:?}"), r#"RedisServer { prefix: "dayline", .. }"#);
        for url in [
            "ada:secret@example.org",
            "redis://ada:secret@",
            "rediss://ada:secret@example.org",
            "redis://ada:secret@h:x",
        ] {
            let wrong = RedisServer::new(url).unwrap_err();
            assert!(matches!(wrong, SetupError::Url(_)), "{url}");
            assert!(
                !wrong.to_string().contains("secret") && !format!("{wrong:?}").contains("secret"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn keys_begin_with_the_prefix() {
        let server = RedisServer::new("redis://example.org").unwrap();
        assert_eq!(server.key("log"), "dayline:log");
        assert_eq!(server.with_prefix("other").key("log"), "other:log");
    }
}
