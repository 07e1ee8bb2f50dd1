//! The rule: how pings become a timeline (design, section 2). Everything else in Dayline serves this file.
//!
//! 1. *Pings.* A ping without length counts as one millisecond (see [`PingLimits::admit`]). Pings are cut at UTC
//!    midnight, and each UTC day is settled on its own.
//! 2. *Spans.* Of one device and activity, unite the intervals and close each gap that is at most the bridge.
//!    Each unbroken interval that results is a span.
//! 3. *What counts.* At every instant, among the spans that cover it, the one that started last. Equal starts:
//!    the smaller device, then the smaller app, then the smaller domain (none first), compared as bytes.
//! 4. *The timeline* is the maximal runs of what counts. The rest of each span is outranked, and kept.
//!
//! So the timeline is a pure function of the set of pings. Since closing gaps commutes with union, spans can
//! stand in for the pings they came from, and the pieces of a day, counted and outranked, for its spans.
//! Deliberately absent: what is remembered between pings (see [`crate::timeline::ledger_day`]).
//!
//! [`PingLimits::admit`]: crate::timeline::ping::PingLimits::admit

use std::collections::BTreeMap;
use std::ops::Range;

use crate::time::UtcDay;
use crate::timeline::piece::Piece;
use crate::timeline::ping::Ping;
use crate::timeline::run::{Run, Sources};

/// The longest gap, in milliseconds and inclusive, that does not break a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bridge(pub u32);

impl Default for Bridge {
    fn default() -> Self {
        Self(30_000)
    }
}

impl Bridge {
    /// Unites only what overlaps or touches.
    pub(crate) const NONE: Self = Self(0);

    /// Whether something that ends at `end` and something that starts at `start` are unbroken.
    pub(crate) fn closes(self, end: u32, start: u32) -> bool {
        start.saturating_sub(end) <= self.0
    }
}

/// What the rule makes of pings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// The timeline: what counts, by start; no two overlap.
    pub counted: Vec<Piece>,
    /// The maximal runs, for each source, of time that its spans cover and that counts for another; by start,
    /// then source.
    pub outranked: Vec<Piece>,
}

/// The rule as a whole: what counts and what is outranked, of any number of pings of one person, on any days.
///
/// ```
/// use dayline_domain::timeline::{Bridge, timeline};
/// use dayline_domain::{Interval, Ping, Source, UtcMs};
///
/// let ping = |app, start_s: i64, end_s: i64| Ping {
///     source: Source::new("laptop", app, None).unwrap(),
///     interval: Interval::new(UtcMs(start_s * 1_000), UtcMs(end_s * 1_000)).unwrap(),
/// };
/// let pings = [ping("Code", 0, 5), ping("Code", 30, 35), ping("Mail", 32, 40)];
/// let counted = timeline(&pings, Bridge::default()).counted;
///
/// let shown = |n: usize| (counted[n].source.activity.app.as_str(), counted[n].interval.ms());
/// assert_eq!([shown(0), shown(1)], [("Code", 32_000), ("Mail", 8_000)]);
/// ```
pub fn timeline(pings: &[Ping], bridge: Bridge) -> Settled {
    let mut sources = Sources::default();
    let mut settled = Settled::default();
    for (day, pings) in cut_by_day(pings, &mut sources) {
        let (counted, mut outranked) = settle(unite(pings, bridge), &Run::DAY, &sources);
        sources.sort(&mut outranked);
        settled.counted.extend(sources.pieces(day, counted));
        settled.outranked.extend(sources.pieces(day, outranked));
    }
    settled
}

/// Rule 1: the parts of the pings in each UTC day.
fn cut_by_day(pings: &[Ping], sources: &mut Sources) -> BTreeMap<UtcDay, Vec<Run>> {
    let mut days = BTreeMap::<UtcDay, Vec<Run>>::new();
    for ping in pings {
        let source = sources.number(&ping.source);
        for (day, part) in ping.interval.cut_at_midnight() {
            days.entry(day).or_default().extend(Run::within(day, source, part));
        }
    }
    days
}

/// Rule 2: the spans of each source, by source and start. Takes any runs of a day, overlapping or not.
pub(crate) fn unite(mut runs: Vec<Run>, bridge: Bridge) -> Vec<Run> {
    runs.sort_unstable_by_key(Run::place);
    // `dedup_by` hands over each run with the one kept before it, and drops it when that has taken it in.
    runs.dedup_by(|run, span| {
        let unbroken = run.source == span.source && bridge.closes(span.end, run.start);
        if unbroken {
            span.end = span.end.max(run.end);
        }
        unbroken
    });
    runs
}

/// Rules 3 and 4 within a window: what counts there, by start, and what is outranked there, in no certain order.
/// Takes all spans that reach into the window; a span's rank is its own start, also when that lies before.
///
/// Taken by rank, each span that begins outranks all that have begun. So these form a stack: what counts is the
/// topmost that has not ended.
pub(crate) fn settle(mut spans: Vec<Run>, window: &Range<u32>, sources: &Sources) -> (Vec<Run>, Vec<Run>) {
    // By rank, the lowest first: earlier starts, and of equal ones the larger source.
    spans.sort_unstable_by(|a, b| {
        a.start.cmp(&b.start).then_with(|| sources[b.source].cmp(&sources[a.source]))
    });
    let (mut counted, mut outranked) = (Vec::new(), Vec::new());
    // The spans that have begun, each without the part that is settled already.
    let mut begun = Vec::<Run>::new();
    let mut now = window.start;
    for (at, span) in spans.iter().enumerate() {
        now = now.max(span.start);
        begun.extend(span.part(now, window.end));
        let next = spans.get(at + 1).map_or(window.end, |next| next.start);
        while now < next
            && let Some(top) = begun.pop()
        {
            // Others counted while it was not the topmost; it counts until it ends or the next span begins.
            let until = top.end.clamp(now, next);
            outranked.extend(top.part(top.start, now));
            counted.extend(top.part(now, until));
            begun.extend(top.part(until, top.end));
            now = until;
        }
    }
    outranked.extend(begun);
    (counted, outranked)
}
