//! The timeline rule: its examples, a recorded day, and an oracle that was written from the text
//! alone.
#![allow(clippy::unwrap_used, reason = "the helpers belong to the tests")]

mod cases;
mod cells;
mod examples;
mod ledger_day;
mod merges;
mod oracle;
mod promises;
mod properties;
mod recorded_day;
mod scale;
mod values;
mod why;
