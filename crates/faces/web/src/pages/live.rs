//! Which changes a page that is open has to hear of.

use dayline_domain::{Interval, UtcDay};

/// The days of the ledger that a page shows.
pub(crate) struct Live {
    /// The first one.
    pub(crate) from: UtcDay,
    /// The last one.
    pub(crate) to: UtcDay,
    /// Whether the page shows where now is, which moves.
    pub(crate) has_now: bool,
}

impl Live {
    /// The days that a page shows; `None` if it shows no time at all.
    pub(crate) fn of(window: Option<Interval>, has_now: bool) -> Option<Self> {
        let window = window?;
        Some(Self { from: window.start().day(), to: window.end().plus(-1).day(), has_now })
    }
}
