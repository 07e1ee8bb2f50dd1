//! Lua scripts that Redis keeps by their hash.

use std::sync::LazyLock;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, Script, ServerErrorKind, cmd};

/// A script that Redis knows by its hash.
pub(crate) struct LoadedScript(LazyLock<Script>);

impl LoadedScript {
    pub(crate) const fn new(make: fn() -> Script) -> Self {
        Self(LazyLock::new(make))
    }

    /// A call of the script, to which `keys` keys and then the arguments are to be added.
    pub(crate) fn call(&self, keys: usize) -> Cmd {
        let mut call = cmd("EVALSHA");
        call.arg(self.0.get_hash()).arg(keys);
        call
    }

    /// Runs a call made by [`Self::call`]; teaches Redis the script if it does not know it (any
    /// more).
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        call: &Cmd,
        connection: &mut MultiplexedConnection,
    ) -> RedisResult<T> {
        match call.query_async(connection).await {
            Err(error) if is_unknown(&error) => {
                self.0.load_async(connection).await?;
                call.query_async(connection).await
            }
            outcome => outcome,
        }
    }

    /// The same, followed by a command that is about what the script did; both in one round trip,
    /// in this order.
    pub(crate) async fn run_then<T: FromRedisValue, U: FromRedisValue>(
        &self,
        call: &Cmd,
        then: &Cmd,
        connection: &mut MultiplexedConnection,
    ) -> RedisResult<(T, U)> {
        match both(call, then, connection).await {
            Err(error) if is_unknown(&error) => {
                self.0.load_async(connection).await?;
                both(call, then, connection).await
            }
            outcome => outcome,
        }
    }
}

/// Not as a pipeline of the client's: its errors hide what the first one was.
async fn both<T: FromRedisValue, U: FromRedisValue>(
    first: &Cmd,
    second: &Cmd,
    connection: &mut MultiplexedConnection,
) -> RedisResult<(T, U)> {
    let mut same = connection.clone();
    tokio::try_join!(biased; first.query_async(connection), second.query_async(&mut same))
}

fn is_unknown(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}
