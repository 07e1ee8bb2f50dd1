//! The people of the flushes, and what they do.

use dayline_domain::{UserId, UtcDay};

/// How many people each flush is of.
pub(crate) const PEOPLE: u64 = 1_000;
/// Days that everybody has stored already, each with so many pieces.
pub(crate) const EARLIER_DAYS: i32 = 30;
pub(crate) const A_DAY: i64 = 100;
/// The day that is written.
pub(crate) const TODAY: UtcDay = UtcDay(20_777);
pub(crate) const FLUSH_MS: i64 = 5_000;
/// What people use in turn.
pub(crate) const SOURCES: i64 = 20;

/// Which people begin something else with a flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Every sixth.
    GoOn,
    /// All.
    Switch,
}

impl Habit {
    pub(crate) fn begins(self, person: u64, round: i64) -> bool {
        self == Self::Switch || (person as i64 + round) % 6 == 0
    }
}

pub(crate) fn user_id(person: u64) -> UserId {
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&person.to_be_bytes());
    UserId::v7(1, bytes)
}

pub(crate) fn app(number: i64) -> String {
    format!("App number {}", number % SOURCES)
}
