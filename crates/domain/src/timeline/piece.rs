//! What a timeline is made of.

use std::sync::Arc;

use crate::names::Source;
use crate::time::Interval;

/// A run of one source's time within one UTC day: counted or outranked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Piece {
    /// Device and activity.
    pub source: Arc<Source>,
    /// When.
    pub interval: Interval,
}
