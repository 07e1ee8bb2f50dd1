//! How what was observed becomes a timeline: the rule, and the ledger day that keeps to it
//! observation by observation. Start with the rule itself, [`steps`].

mod corrections;
pub mod day;
mod evidence;
mod line;
mod numbers;
mod spans;
pub mod steps;
mod stretch;
pub mod window;
