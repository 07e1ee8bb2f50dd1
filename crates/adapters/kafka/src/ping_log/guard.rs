//! Looks again and again whether the topic still keeps what Kafka acknowledges: its settings can be
//! changed while it is used, and it can be made again. Not here: what that takes
//! ([`crate::check_durability`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::sleep;

use super::gather::Gather;
use crate::cluster::Cluster;
use crate::durability::look;

/// So long it may go unnoticed that the topic does not keep what is acknowledged any more.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Turns records away while the topic is not safe for them, or was made again with another number
/// of partitions. Keeps `min_in_sync` what the topic says.
pub(super) async fn guard(
    cluster: Cluster,
    gathers: Vec<Arc<Gather>>,
    min_in_sync: Arc<AtomicUsize>,
    stays_durable: bool,
) {
    let mut was = None;
    loop {
        sleep(LOOK_AGAIN).await;
        // Who can't be asked acknowledges nothing either, and the senders notice that.
        let Ok(found) = look(&cluster).await else { continue };
        min_in_sync.store(found.min_in_sync, Ordering::Relaxed);
        let mut objections = if stays_durable { found.objections } else { Vec::new() };
        if found.partitions as usize != gathers.len() {
            objections.push(format!("it has {} partitions, not {}", found.partitions, gathers.len()));
        }
        let why = (!objections.is_empty()).then(|| objections.join("; "));
        if why == was {
            continue;
        }
        if let Some(why) = &why {
            tracing::error!(why, "the kafka topic is not safe for pings any more, none is accepted");
        } else {
            tracing::info!("the kafka topic is safe for pings again");
        }
        for gather in &gathers {
            gather.turn_away(why.as_ref().map(|why| format!("the kafka topic is not safe for pings: {why}")));
        }
        was = why;
    }
}
