//! Whether Redis may use as much memory as the log may need.

use std::collections::HashMap;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, cmd};

use crate::durability::is_forbidden;
use crate::error::SetupError;

/// Refuses a Redis that may not use so many bytes; what the rest of it needs comes on top. One that
/// does not say how many it may use is believed.
pub(super) async fn check_room(
    connection: &mut MultiplexedConnection,
    needed: u64,
) -> Result<(), SetupError> {
    match find_limit(connection).await {
        Ok(Some(limit)) if limit < needed => Err(SetupError::Memory { limit, needed }),
        Err(error) if !is_forbidden(&error) => Err(error.into()),
        _ => Ok(()),
    }
}

/// How many bytes Redis may use; `None` if there is no limit.
async fn find_limit(connection: &mut MultiplexedConnection) -> RedisResult<Option<u64>> {
    let found: HashMap<String, u64> =
        cmd("CONFIG").arg("GET").arg("maxmemory").query_async(connection).await?;
    Ok(found.get("maxmemory").copied().filter(|limit| *limit > 0))
}
