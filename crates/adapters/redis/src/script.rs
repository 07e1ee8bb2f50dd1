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
}

fn is_unknown(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}
