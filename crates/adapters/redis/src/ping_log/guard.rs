//! Looks again and again whether Redis still keeps what it acknowledges: its settings can be
//! changed while it runs, and another server can take its place. Not here: what that takes (see
//! `durability`).

use std::sync::Arc;
use std::time::Duration;

use super::gather::Gather;
use crate::config::RedisConfig;
use crate::durability::look;

/// So long it may go unnoticed that Redis does not keep what it acknowledges any more.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Turns records away while Redis is not safe for them.
pub(super) async fn guard(config: RedisConfig, gather: Arc<Gather>) {
    let mut was_unsafe = false;
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        // Who can't be asked acknowledges nothing either, and the senders notice that.
        let Ok(mut connection) = config.connect().await else { continue };
        let Ok(found) = look(&mut connection, config.may_change()).await else { continue };
        let why = found.objections.join("; ");
        let is_unsafe = !why.is_empty();
        if is_unsafe && !was_unsafe {
            tracing::error!(why, "redis is not safe for pings any more, none is accepted");
        }
        if was_unsafe && !is_unsafe {
            tracing::info!("redis is safe for pings again");
        }
        was_unsafe = is_unsafe;
        gather.turn_away(is_unsafe.then(|| format!("redis is not safe for pings: {why}")));
    }
}
