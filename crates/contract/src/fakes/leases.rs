//! Leases that a test gives and takes.

use std::collections::BTreeSet;

use dayline_app::ports::{BoxFuture, Leases, Partition};
use tokio::sync::watch;

/// Leases on whatever the test says.
pub struct FakeLeases(watch::Sender<BTreeSet<Partition>>);

impl FakeLeases {
    /// Leases on partitions `0..partitions`.
    pub fn on_all(partitions: u32) -> Self {
        Self(watch::Sender::new((0..partitions).map(Partition).collect()))
    }

    /// From now on there are leases on these.
    pub fn hold(&self, partitions: impl IntoIterator<Item = Partition>) {
        self.0.send_replace(partitions.into_iter().collect());
    }
}

impl Leases for FakeLeases {
    fn changed<'a>(&'a self, known: &'a BTreeSet<Partition>) -> BoxFuture<'a, BTreeSet<Partition>> {
        Box::pin(async move {
            let mut held = self.0.subscribe();
            // The sender lives as long as `self`.
            held.wait_for(|held| held != known).await.map_or_else(|_| known.clone(), |held| held.clone())
        })
    }

    fn release(&self) -> BoxFuture<'_, ()> {
        self.hold([]);
        Box::pin(std::future::ready(()))
    }
}
