//! What people say about names: what apps are called, and which category time belongs to. Not here: what
//! may be said, and what follows from it (the domain's labels).

use dayline_domain::{Labels, UserId};

use super::future::PortFuture;

/// Marks one version of what a person says, so that no two ever share one, not even where a store went
/// back. Random; 0 is that of who has never said anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LabelMark(pub u64);

/// What a person says about names, and its mark.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarkedLabels {
    /// Of this version alone.
    pub mark: LabelMark,
    /// What they say.
    pub labels: Labels,
}

/// What became of new labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelsSet {
    /// They are stored.
    Done,
    /// Others were stored in between; nothing changed.
    Changed,
    /// There is no such person.
    NoSuchUser,
}

/// What people say about names.
pub trait LabelBook: Send + Sync {
    /// What a person says; of who never said anything, and of a stranger, nothing with the mark 0.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn labels(&self, user: UserId) -> PortFuture<'_, MarkedLabels>;

    /// Stores what a person says in place of what was marked with `from`, and nothing else.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then.
    fn set_labels(&self, user: UserId, from: LabelMark, to: MarkedLabels) -> PortFuture<'_, LabelsSet>;
}
