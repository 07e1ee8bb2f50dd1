//! How pings become a timeline: the rule, and the ledger day that keeps to it ping by ping.
//! Start with the rule itself, [`timeline()`].

pub mod day_change;
pub mod day_sums;
pub mod ledger_day;
pub mod ping;
mod rule;
mod run;

pub use rule::{Bridge, Piece, Settled, timeline};
