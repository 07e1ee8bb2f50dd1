//! Leases of a process that is alone: every partition, from the start to the end.

use std::collections::BTreeSet;

use dayline_app::ports::{BoxFuture, Leases, Partition};
use tokio::sync::watch;

/// Leases on every partition.
pub struct EveryPartition(watch::Sender<BTreeSet<Partition>>);

impl EveryPartition {
    /// Leases on partitions `0..partitions`.
    pub fn of(partitions: u32) -> Self {
        Self(watch::Sender::new((0..partitions).map(Partition).collect()))
    }
}

impl Leases for EveryPartition {
    fn changed<'a>(&'a self, known: &'a BTreeSet<Partition>) -> BoxFuture<'a, BTreeSet<Partition>> {
        Box::pin(async move {
            let mut held = self.0.subscribe();
            // Fails only without a sender, which is here.
            held.wait_for(|held| held != known).await.map_or_else(|_| known.clone(), |held| held.clone())
        })
    }

    fn release(&self) -> BoxFuture<'_, ()> {
        self.0.send_replace(BTreeSet::new());
        Box::pin(std::future::ready(()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dayline_contract::suites::leases::{FACTS, Subject};
    use dayline_contract::suites::prove;

    use super::*;

    #[tokio::test]
    async fn every_partition_keeps_the_facts_of_leases() {
        let fresh = async || Subject { partitions: 3, first: Arc::new(EveryPartition::of(3)), join: None };
        prove(FACTS, fresh).await;
    }
}
