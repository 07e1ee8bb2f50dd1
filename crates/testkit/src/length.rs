//! How much of a test is done where.

use std::env::var_os;

/// How long or how often something is done: a little by default, more where `CI` is set, in full with `DAYLINE_FULL`.
pub fn length(short: u64, longer: u64, full: u64) -> u64 {
    match (var_os("DAYLINE_FULL"), var_os("CI")) {
        (Some(_), _) => full,
        (None, Some(_)) => longer,
        (None, None) => short,
    }
}
