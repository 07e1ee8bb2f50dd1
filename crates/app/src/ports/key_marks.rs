//! What the nodes of an installation tell each other about their keys. Not here: who is right when
//! they differ (the domain's [`NodeKeys::judge`]).

use dayline_domain::identity::node_keys::NodeKeys;

use super::future::PortFuture;

/// For how long after it was told nodes believe what another one told, in milliseconds.
pub const BELIEVED_MS: i64 = 30_000;

/// One node's way to the others. It tells nothing about itself until it is told to.
pub trait KeyMarks: Send + Sync {
    /// Tells the other nodes what keys this one has, instead of what it told before, and gives what
    /// all others told last that have done so within [`BELIEVED_MS`] and not left. What it can't
    /// read, since a later version told it, it leaves out. Answers or fails within a second.
    fn tell<'a>(&'a self, mine: &'a NodeKeys) -> PortFuture<'a, Vec<NodeKeys>>;

    /// This node ends: what it told holds no longer.
    fn leave(&self) -> PortFuture<'_, ()>;
}
