//! How pings become a timeline: the rule, and the ledger day that keeps to it ping by ping.
//! Start with the rule itself, [`timeline()`].

#[allow(dead_code, reason = "the ledger day, which comes next, uses the rest")]
mod corrections;
pub mod day_change;
pub mod day_sums;
#[allow(dead_code, reason = "the ledger day, which comes next, uses the rest")]
mod evidence;
pub mod ledger_day;
#[allow(dead_code, reason = "the ledger day, which comes next, uses the rest")]
mod line;
#[allow(dead_code, reason = "the ledger day, which comes next, uses the rest")]
mod numbers;
pub mod ping;
mod rule;
mod run;
#[allow(dead_code, reason = "the ledger day, which comes next, uses the rest")]
mod spans;
pub mod steps;
mod stretch;
pub mod window;

pub use rule::{Bridge, Piece, Settled, timeline};
