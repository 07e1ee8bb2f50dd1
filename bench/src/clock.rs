//! The time of day, for pings to be made of.

use jiff::Timestamp;

/// The current second, in Unix seconds.
#[expect(clippy::disallowed_methods, reason = "a benchmark is the edge of the world")]
pub(crate) fn now() -> i64 {
    Timestamp::now().as_second()
}

/// A time as the API writes it.
pub(crate) fn rfc3339(second: i64) -> String {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// The day of a time, in UTC.
pub(crate) fn date(second: i64) -> String {
    rfc3339(second)[..10].to_owned()
}
