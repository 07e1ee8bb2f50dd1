//! Time within the window of a UTC day: what is looked at to settle it. Start with [`Window`].

use crate::time::{DAY_MS, Interval, UtcDay, UtcMs};

/// How far the window reaches to both sides of the day, in milliseconds.
pub const REACH_MS: i64 = 2 * 3_600_000;

/// The window of a UTC day: from one reach before it to one reach after it, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window(UtcDay);

impl Window {
    /// The window of `day`.
    pub fn of(day: UtcDay) -> Self {
        Self(day)
    }

    /// The days whose windows an interval meets, in order: those which an observation of it is for.
    pub fn met_by(interval: Interval) -> impl Iterator<Item = UtcDay> {
        let first = interval.start().plus(-REACH_MS).day();
        let last = interval.end().plus(REACH_MS - 1).day();
        (first.0..=last.0).map(UtcDay)
    }

    /// All of it.
    pub fn interval(self) -> Interval {
        let day = self.0.interval();
        let (start, end) = (day.start().plus(-REACH_MS), day.end().plus(REACH_MS));
        Interval::new(start, end).unwrap_or(day)
    }

    /// The part of `interval` that lies in the window, if any.
    pub(crate) fn cut(self, interval: Interval) -> Option<Span> {
        let window = self.interval();
        let part = interval.clip(window)?;
        // Both lie within the window, whose length a u32 holds.
        let [start, end] = [part.start(), part.end()].map(|at| at.since(window.start()) as u32);
        Span::new(start, end)
    }

    /// The instant `at` milliseconds after the window's start.
    pub(crate) fn at(self, at: u32) -> UtcMs {
        self.0.start().plus(i64::from(at) - REACH_MS)
    }

    /// A span of the window as an interval.
    pub(crate) fn interval_of(self, span: Span) -> Option<Interval> {
        Interval::new(self.at(span.start), self.at(span.end))
    }
}

/// A half-open stretch of a window, never empty, in milliseconds since the window's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// The whole window.
    pub(crate) const WINDOW: Self = Self { start: 0, end: (DAY_MS + 2 * REACH_MS) as u32 };
    /// The day itself.
    pub(crate) const DAY: Self = Self { start: REACH_MS as u32, end: (REACH_MS + DAY_MS) as u32 };

    /// `[start, end)`, or `None` if that is empty.
    pub(crate) fn new(start: u32, end: u32) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// The common part of two spans, if any.
    pub(crate) fn clip(self, to: Self) -> Option<Self> {
        Self::new(self.start.max(to.start), self.end.min(to.end))
    }

    /// The smallest span that holds both.
    pub(crate) fn hull(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// This span and `before` and `after` milliseconds more, as far as the window reaches.
    pub(crate) fn widen(self, before: u32, after: u32) -> Self {
        let end = self.end.saturating_add(after).min(Self::WINDOW.end.max(self.end));
        Self { start: self.start.saturating_sub(before), end }
    }

    /// Length in milliseconds, at least 1.
    pub(crate) fn ms(self) -> u32 {
        self.end - self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: UtcDay = UtcDay(20_000);

    fn interval(start: i64, end: i64) -> Interval {
        Interval::new(DAY.start().plus(start), DAY.start().plus(end)).unwrap()
    }

    #[test]
    fn an_interval_is_cut_to_the_window_and_comes_back() {
        let window = Window::of(DAY);
        let whole = window.cut(interval(-DAY_MS, 2 * DAY_MS)).unwrap();
        assert_eq!((whole, window.interval_of(whole)), (Span::WINDOW, Some(window.interval())));
        assert_eq!(window.interval_of(Span::DAY), Some(DAY.interval()));
        assert_eq!(window.cut(interval(-REACH_MS - 9, -REACH_MS)), None);
        assert_eq!(window.cut(interval(DAY_MS + REACH_MS, DAY_MS + REACH_MS + 9)), None);
    }

    #[test]
    fn an_observation_is_for_the_days_whose_windows_it_meets() {
        let days =
            |start, end| Window::met_by(interval(start, end)).map(|day| day.0 - DAY.0).collect::<Vec<_>>();
        let hour = 3_600_000;
        assert_eq!(days(12 * hour, 13 * hour), [0]);
        assert_eq!(days(2 * hour - 1, 2 * hour), [-1, 0]);
        assert_eq!(days(2 * hour, 2 * hour + 1), [0]);
        assert_eq!(days(22 * hour - 1, 22 * hour), [0]);
        assert_eq!(days(22 * hour, 22 * hour + 1), [0, 1]);
        assert_eq!(days(-3 * hour, 23 * hour), [-1, 0, 1]);
    }
}
