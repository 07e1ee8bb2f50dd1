//! What the functions of a query work with.

use super::patterns::Patterns;
use super::stopped::Budget;

/// Budget and patterns.
pub(super) struct Means {
    /// For one period.
    pub(super) budget: Budget,
    /// For all of them.
    pub(super) patterns: Patterns,
}

impl Means {
    /// All of it, for a task of its own; what stays here has no patterns.
    pub(super) fn lend(&mut self) -> Self {
        Self { budget: self.budget, patterns: std::mem::take(&mut self.patterns) }
    }
}
