//! Events of foreign trackers as they came, for people who choose to keep them for some days.
//! Nothing of a timeline depends on them. Not here: what an event's data means, and how it is written on a wire.

use std::fmt;

use crate::time::{DAY_MS, Interval, UtcMs};

/// Most bytes of an event's data.
pub const MAX_DATA: usize = 16 << 10;
/// Longest event that is kept, in milliseconds; of a longer one, its beginning is. What overlaps a range is therefore
/// found near it.
pub const LONGEST_MS: i64 = 7 * DAY_MS;
/// What an event takes beside its data, in bytes, more or less.
pub const OVERHEAD: u64 = 100;

/// For how many days after its end an event is kept as it came: 0 to 36,500. None is unless somebody chooses so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RawEventDays(u16);

impl RawEventDays {
    /// The most that a person may choose: a hundred years, which is for good.
    pub const MAX: u16 = 36_500;

    /// So many days.
    ///
    /// # Errors
    /// If they are more than [`RawEventDays::MAX`].
    pub fn new(days: u16) -> Result<Self, TooManyRawEventDays> {
        (days <= Self::MAX).then_some(Self(days)).ok_or(TooManyRawEventDays(days))
    }

    /// The number.
    pub fn days(self) -> u16 {
        self.0
    }

    /// The moment at or after which an event must have ended to be kept now; `None` if none is.
    pub fn since(self, now: UtcMs) -> Option<UtcMs> {
        (self.0 > 0).then(|| now.plus(-i64::from(self.0) * DAY_MS))
    }

    /// Whether an event is kept now that ended at this moment.
    pub fn keeps(self, end: UtcMs, now: UtcMs) -> bool {
        self.since(now).is_some_and(|since| end >= since)
    }
}

/// So many days are more than may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyRawEventDays(pub u16);

impl fmt::Display for TooManyRawEventDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "events can't be kept {} days as they came: at most {}", self.0, RawEventDays::MAX)
    }
}

impl std::error::Error for TooManyRawEventDays {}

/// What an event says: one text for one meaning, so that equal data are equal texts. At most [`MAX_DATA`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventData(Box<str>);

impl EventData {
    /// These words; `None` if they are too many.
    pub fn new(text: impl Into<Box<str>>) -> Option<Self> {
        let text = text.into();
        (text.len() <= MAX_DATA).then_some(Self(text))
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawEvent {
    start: UtcMs,
    end: UtcMs,
    data: EventData,
}

impl RawEvent {
    /// An event from `start` to `end`, which may be the same moment, and is if `end` is earlier.
    pub fn new(start: UtcMs, end: UtcMs, data: EventData) -> Self {
        Self { start, end: end.clamp(start, start.plus(LONGEST_MS)), data }
    }

    /// When it began.
    pub fn start(&self) -> UtcMs {
        self.start
    }

    /// When it ended; at the earliest when it began.
    pub fn end(&self) -> UtcMs {
        self.end
    }

    /// What it says.
    pub fn data(&self) -> &EventData {
        &self.data
    }

    /// Whether any of it lies in an interval.
    pub fn meets(&self, interval: Interval) -> bool {
        let goes_on = self.end > interval.start() || self.start >= interval.start();
        self.start < interval.end() && goes_on
    }

    /// How much of a person's room it takes, in bytes.
    pub fn bytes(&self) -> u64 {
        OVERHEAD + self.data.as_str().len() as u64
    }

    /// When this event ends together with a heartbeat that goes on with it; `None` if the heartbeat is another event. It goes on if
    /// it says the same, and begins neither before this event nor more than `pulse_ms` milliseconds after its end.
    pub fn end_with(&self, beat: &Self, pulse_ms: i64) -> Option<UtcMs> {
        let is_near = self.start <= beat.start && beat.start <= self.end.plus(pulse_ms);
        if !is_near || self.data != beat.data {
            return None;
        }
        let end = self.end.max(beat.end);
        (end.since(self.start) <= LONGEST_MS).then_some(end)
    }

    /// The same until another end.
    #[must_use]
    pub fn until(self, end: UtcMs) -> Self {
        Self::new(self.start, end, self.data)
    }

    /// The part of it within a range, both ends included; `None` if it lies outside.
    #[must_use]
    pub fn clipped(self, range: EventRange) -> Option<Self> {
        range.touches(&self).then(|| Self::new(self.start.max(range.from), self.end.min(range.to), self.data))
    }
}

/// An event that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRawEvent {
    /// One of its person's, never used again; from 1.
    pub number: u64,
    /// What it is.
    pub event: RawEvent,
}

impl StoredRawEvent {
    /// What this and a heartbeat are together; `None` if they are two events ([`RawEvent::end_with`]).
    pub fn with(self, beat: &RawEvent, pulse_ms: i64) -> Option<Self> {
        let end = self.event.end_with(beat, pulse_ms)?;
        Some(Self { event: self.event.until(end), ..self })
    }
}

/// An interval that has all of some events in it; `None` if there are none.
pub fn around<'a>(events: impl Iterator<Item = &'a RawEvent>) -> Option<Interval> {
    let each = events.filter_map(|event| Interval::new(event.start, event.end.plus(1)));
    each.reduce(Interval::hull)
}

/// A stretch of time of which events are asked for: those that touch it, at its ends too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRange {
    /// From when.
    pub from: UtcMs,
    /// To when. Earlier than `from`: nothing.
    pub to: UtcMs,
}

impl EventRange {
    /// All of time.
    pub const ALL: Self = Self { from: UtcMs(i64::MIN), to: UtcMs(i64::MAX) };

    /// Whether an event touches it.
    pub fn touches(self, event: &RawEvent) -> bool {
        self.from <= self.to && event.end >= self.from && event.start <= self.to
    }

    /// The earliest that an event may begin which touches this.
    pub fn earliest_start(self) -> UtcMs {
        self.from.plus(-LONGEST_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(start: i64, end: i64, data: &str) -> RawEvent {
        RawEvent::new(UtcMs(start), UtcMs(end), EventData::new(data).unwrap())
    }

    #[test]
    fn no_event_is_kept_unless_days_are_chosen_and_then_for_as_long() {
        let now = UtcMs(100 * DAY_MS);
        assert_eq!(RawEventDays::default().since(now), None);
        assert!(!RawEventDays::default().keeps(UtcMs(i64::MAX), now));
        let seven = RawEventDays::new(7).unwrap();
        assert!(seven.keeps(UtcMs(93 * DAY_MS), now) && !seven.keeps(UtcMs(93 * DAY_MS - 1), now));
        assert_eq!(RawEventDays::new(36_500).map(RawEventDays::days), Ok(36_500));
        assert_eq!(RawEventDays::new(36_501), Err(TooManyRawEventDays(36_501)));
    }

    #[test]
    fn an_event_ends_when_it_begins_at_the_earliest_and_a_week_later_at_the_latest() {
        assert_eq!(event(5, 3, "{}").end(), UtcMs(5));
        assert_eq!(event(5, i64::MAX, "{}").end(), UtcMs(5 + LONGEST_MS));
        assert_eq!(event(i64::MAX - 1, i64::MAX, "{}").end(), UtcMs(i64::MAX));
        assert!(
            EventData::new("x".repeat(MAX_DATA)).is_some()
                && EventData::new("x".repeat(MAX_DATA + 1)).is_none()
        );
    }

    /// What the reference server's own tests say (aw-core, `test_heartbeat_merge`).
    #[test]
    fn a_heartbeat_goes_on_with_an_event_that_says_the_same_and_is_near() {
        let last = event(1_000, 2_000, "a");
        for (start, end, data, pulse, merged) in [
            (2_000, 2_000, "a", 0, Some(2_000)),
            (2_001, 2_001, "a", 0, None),
            (3_000, 4_000, "a", 1_000, Some(4_000)),
            (3_001, 4_000, "a", 1_000, None),
            (1_000, 1_500, "a", 1_000, Some(2_000)),
            (1_000, 5_000, "a", 1_000, Some(5_000)),
            (1_200, 1_300, "a", 0, Some(2_000)),
            (999, 3_000, "a", 1_000, None),
            (2_000, 3_000, "b", 1_000, None),
            (1_000 + LONGEST_MS, 1_000 + LONGEST_MS, "a", i64::MAX, Some(1_000 + LONGEST_MS)),
            (1_001 + LONGEST_MS, 1_001 + LONGEST_MS, "a", i64::MAX, None),
        ] {
            let became = last.end_with(&event(start, end, data), pulse);
            assert_eq!(became, merged.map(UtcMs), "{start} {end} {data} {pulse}");
        }
    }

    #[test]
    fn an_event_meets_an_interval_that_has_any_of_it() {
        let interval = Interval::new(UtcMs(10), UtcMs(20)).unwrap();
        for (start, end, meets) in [
            (0, 10, false),
            (0, 11, true),
            (10, 10, true),
            (12, 13, true),
            (19, 19, true),
            (20, 20, false),
            (20, 30, false),
        ] {
            assert_eq!(event(start, end, "a").meets(interval), meets, "{start} {end}");
        }
    }

    #[test]
    fn of_an_event_the_part_is_shown_that_was_asked_for() {
        let range = EventRange { from: UtcMs(10), to: UtcMs(20) };
        for (start, end, shown) in [
            (0, 9, None),
            (0, 10, Some((10, 10))),
            (5, 15, Some((10, 15))),
            (12, 13, Some((12, 13))),
            (5, 25, Some((10, 20))),
            (20, 30, Some((20, 20))),
            (21, 30, None),
        ] {
            let clipped = event(start, end, "a").clipped(range).map(|event| (event.start.0, event.end.0));
            assert_eq!(clipped, shown, "{start} {end}");
        }
        let backwards = EventRange { from: UtcMs(20), to: UtcMs(10) };
        assert_eq!(event(0, 30, "a").clipped(backwards), None);
        assert_eq!(event(0, 30, "a").clipped(EventRange::ALL), Some(event(0, 30, "a")));
    }
}
