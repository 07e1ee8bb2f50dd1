//! How pings become a timeline: the rule, and the ledger day that keeps to it ping by ping.
//! Start with the rule itself, [`timeline()`].

mod corrections;
pub mod day;
pub mod day_change;
pub mod day_sums;
mod evidence;
pub mod ledger_day;
mod line;
mod numbers;
mod piece;
pub mod ping;
mod rule;
mod run;
mod run_change;
mod spans;
pub mod steps;
mod stretch;
pub mod window;

pub use piece::Piece;
pub use rule::{Bridge, Settled, timeline};
