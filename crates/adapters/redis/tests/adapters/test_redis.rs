//! A Redis server of one test, and ways to it: by the adapters, and past them.

use std::ops::Deref;
use std::time::Duration;

use dayline_redis::RedisConfig;
use dayline_testkit::Redis;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue};

pub(crate) struct TestRedis(Redis);

impl Deref for TestRedis {
    type Target = Redis;

    fn deref(&self) -> &Redis {
        &self.0
    }
}

impl TestRedis {
    /// A server that keeps what it acknowledges.
    pub(crate) fn start() -> Self {
        Self(Redis::start())
    }

    /// The same with other settings.
    pub(crate) fn start_with(settings: &[(&str, &str)]) -> Self {
        Self(Redis::start_with(settings))
    }

    pub(crate) fn server(&self) -> RedisConfig {
        RedisConfig::new(&self.url()).unwrap()
    }

    /// Starts it again with what it has in its folder. Connections that ended meanwhile have been
    /// seen to.
    pub(crate) async fn start_again(&self) {
        self.0.start_again();
        self.connect().await;
    }

    /// A connection past the adapters, to look into the server and to spoil it.
    pub(crate) async fn connect(&self) -> MultiplexedConnection {
        connect(&self.0).await
    }

    /// Runs one command, words separated by spaces.
    pub(crate) async fn run<T: FromRedisValue>(&self, command: &str) -> T {
        run(&self.0, command).await
    }
}

async fn connect(redis: &Redis) -> MultiplexedConnection {
    let client = Client::open(redis.operator_url()).unwrap();
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(20)));
    client.get_multiplexed_async_connection_with_config(&config).await.unwrap()
}

/// Runs one command past the adapters, words separated by spaces.
pub(crate) async fn run<T: FromRedisValue>(redis: &Redis, command: &str) -> T {
    let mut words = command.split(' ');
    let mut command = redis::cmd(words.next().unwrap());
    command.arg(words.collect::<Vec<_>>());
    command.query_async(&mut connect(redis).await).await.unwrap()
}
