//! Times of the API.

use dayline_domain::{Interval, UtcMs};
use jiff::Timestamp;

/// The instant of a time of the API, cut to milliseconds.
pub(super) fn utc_ms(at: Timestamp) -> UtcMs {
    UtcMs(at.as_millisecond())
}

/// From one time of the API to another; `None` if that is empty.
pub(super) fn interval(start: Timestamp, end: Timestamp) -> Option<Interval> {
    Interval::new(utc_ms(start), utc_ms(end))
}
