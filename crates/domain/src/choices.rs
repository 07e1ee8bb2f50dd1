//! What a person may choose about the rule.

use std::fmt;

/// The two choices of a person that the timeline depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Choices {
    /// How long a beat holds.
    pub beat_hold: BeatHold,
    /// Whether a page that can be heard keeps its reader here while the device reports that nobody
    /// is.
    pub audible_counts: bool,
}

impl Default for Choices {
    /// 15 minutes; audible pages count.
    fn default() -> Self {
        Self { beat_hold: BeatHold::default(), audible_counts: true }
    }
}

/// How long a beat holds: 1 to 60 whole minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BeatHold(u8);

impl BeatHold {
    /// The most that a person may choose, in minutes.
    pub const MAX_MINUTES: u8 = 60;

    /// So many minutes.
    ///
    /// # Errors
    /// If that is not 1 to 60.
    pub fn from_minutes(minutes: u8) -> Result<Self, BeatHoldOutOfRange> {
        let possible = (1..=Self::MAX_MINUTES).contains(&minutes);
        possible.then_some(Self(minutes)).ok_or(BeatHoldOutOfRange(minutes))
    }

    /// In minutes, 1 to 60.
    pub fn minutes(self) -> u8 {
        self.0
    }

    /// In milliseconds.
    pub fn ms(self) -> u32 {
        u32::from(self.0) * 60_000
    }
}

impl Default for BeatHold {
    fn default() -> Self {
        Self(15)
    }
}

/// So many minutes are no beat hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeatHoldOutOfRange(pub u8);

impl fmt::Display for BeatHoldOutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a beat hold of {} minutes is not between 1 and {}", self.0, BeatHold::MAX_MINUTES)
    }
}

impl std::error::Error for BeatHoldOutOfRange {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_holds_one_to_sixty_minutes_and_fifteen_unless_chosen() {
        assert_eq!(BeatHold::from_minutes(0), Err(BeatHoldOutOfRange(0)));
        assert_eq!(BeatHold::from_minutes(61), Err(BeatHoldOutOfRange(61)));
        assert_eq!(BeatHold::from_minutes(60).map(BeatHold::ms), Ok(3_600_000));
        assert_eq!(BeatHold::from_minutes(1).map(BeatHold::minutes), Ok(1));
        assert_eq!(Choices::default().beat_hold.minutes(), 15);
        assert_eq!(BeatHoldOutOfRange(61).to_string(), "a beat hold of 61 minutes is not between 1 and 60");
    }
}
