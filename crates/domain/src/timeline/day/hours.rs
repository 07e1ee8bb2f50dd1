//! The hours of a window: the parts in which a store may keep the state of a day.

use crate::timeline::window::Span;

/// Milliseconds in an hour.
const HOUR_MS: u32 = 3_600_000;
/// Hours in a window.
const HOURS: u8 = (Span::WINDOW.end / HOUR_MS) as u8;

/// A set of hours of a window, counted from 0 at the window's start to 27.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hours(u32);

impl Hours {
    /// How many hours a window has.
    pub const IN_WINDOW: u8 = HOURS;

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `hour` is one of them.
    pub fn contains(self, hour: u8) -> bool {
        hour < HOURS && self.0 & (1 << hour) != 0
    }

    /// They, from the first to the last.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..HOURS).filter(move |hour| self.contains(*hour))
    }

    /// Those of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The hour in which `at` lies.
    pub(crate) fn of(at: u32) -> Self {
        Self(1 << hour_of(at))
    }
}

/// The number of the hour in which `at` lies; instants of the window are below 28 hours.
pub(crate) fn hour_of(at: u32) -> u8 {
    (at / HOUR_MS).min(u32::from(HOURS) - 1) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_28_hours() {
        assert_eq!(Hours::IN_WINDOW, 28);
        let hours = Hours::of(0).and(Hours::of(HOUR_MS * 5 - 1)).and(Hours::of(Span::WINDOW.end - 1));
        assert_eq!(hours.iter().collect::<Vec<_>>(), [0, 4, 27]);
        assert!(hours.contains(27) && !hours.contains(28) && !hours.contains(255));
        assert!(Hours::default().is_empty() && !hours.is_empty());
    }
}
