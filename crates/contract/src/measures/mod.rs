//! What the benches of several adapters measure in the same way.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench panics if it can't measure")]

pub mod ping_log;
pub mod reports;

/// The middle one.
///
/// # Panics
/// Of nothing there is none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
