//! The aggregate: one person's timeline for one UTC day, which grows with each batch of pings and says what
//! changed. It always equals the rule applied to all the pings it ever saw (see [`crate::timeline`]).
//! Deliberately absent: where it is stored, and whose it is.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Range;

use crate::time::{UtcDay, UtcMs};
use crate::timeline::day_change::{DayChange, PieceChanges};
use crate::timeline::day_sums::RunningSums;
use crate::timeline::piece::Piece;
use crate::timeline::ping::Ping;
use crate::timeline::rule::{Bridge, settle, unite};
use crate::timeline::run::{Run, Sources};
use crate::timeline::run_change::{RunChange, changes_between};

/// One person's timeline for one UTC day.
///
/// Recording costs as much as what it touches: the spans and pieces that end after the earliest ping of the batch
/// starts. At the end of a day these are a handful; for late pings at most all of the day, once per batch. Its sums are
/// adjusted by the counted pieces that change; to give them costs as much as the day has sources.
///
/// ```
/// use dayline_domain::timeline::Bridge;
/// use dayline_domain::{Interval, LedgerDay, Ping, Source, UtcMs};
///
/// let start = UtcMs(1_795_000_000_000);
/// let mut day = LedgerDay::empty(start.day());
/// let ping = Ping {
///     source: Source::new("laptop", "Code", None).unwrap(),
///     interval: Interval::new(start, start.plus(5_000)).unwrap(),
/// };
///
/// let change = day.record(std::slice::from_ref(&ping), Bridge::default()).unwrap();
/// assert_eq!((change.from_version, change.to_version), (0, 1));
/// assert_eq!(change.counted.added[0].interval, ping.interval);
/// assert_eq!(day.record(&[ping], Bridge::default()), None, "seen before: nothing changes");
/// ```
#[derive(Debug, Clone)]
pub struct LedgerDay {
    day: UtcDay,
    version: u64,
    sources: Sources,
    // All three in the order of their ends, so that everything a ping can touch lies at the tail.
    spans: Vec<Run>,
    counted: Vec<Run>,
    outranked: Vec<Run>,
    // Always those of `counted`.
    sums: RunningSums,
}

impl LedgerDay {
    /// A day without pings, never stored: version 0.
    pub fn empty(day: UtcDay) -> Self {
        let sources = Sources::default();
        let sums = RunningSums::of(&[], &sources);
        Self { day, version: 0, sources, spans: Vec::new(), counted: Vec::new(), outranked: Vec::new(), sums }
    }

    /// The day as it was stored; pieces in any order. Refuses pieces that the rule cannot have made.
    pub fn restore(
        day: UtcDay,
        version: u64,
        counted: impl IntoIterator<Item = Piece>,
        outranked: impl IntoIterator<Item = Piece>,
    ) -> Result<Self, CorruptDay> {
        let mut sources = Sources::default();
        let mut counted = runs(day, counted, &mut sources)?;
        let mut outranked = runs(day, outranked, &mut sources)?;
        counted.sort_unstable_by_key(|run| run.start);
        sources.sort(&mut outranked);
        let mut spans = spans_of(day, &counted, &outranked, &sources)?;
        for runs in [&mut spans, &mut outranked] {
            runs.sort_unstable_by_key(|run| run.end);
        }
        let sums = RunningSums::of(&counted, &sources);
        Ok(Self { day, version, sources, spans, counted, outranked, sums })
    }

    /// Takes in pings and says what changed; `None` if nothing did. Time outside the day is ignored.
    ///
    /// The bridge may differ from earlier calls: spans already there keep, and pings join them by the new one.
    pub fn record(&mut self, pings: &[Ping], bridge: Bridge) -> Option<DayChange> {
        let observed = self.observe(pings);
        let window = self.grow_spans(&unite(observed, bridge), bridge)?;
        let reaching = self.spans.partition_point(|span| span.end <= window.start);
        let spans = self.spans[reaching..].iter().copied().filter(|span| span.start < window.end).collect();
        let (counted, outranked) = settle(spans, &window, &self.sources);
        let counted = replace(&mut self.counted, &window, counted);
        let outranked = replace(&mut self.outranked, &window, outranked);
        self.sums.follow(&counted, &self.sources);
        let from_version = self.version;
        self.version += 1;
        Some(DayChange {
            day: self.day,
            from_version,
            to_version: self.version,
            counted: PieceChanges::of(&counted, self.day, &self.sources),
            outranked: PieceChanges::of(&outranked, self.day, &self.sources),
            sums: self.sums.to_sums(self.day, &self.sources),
        })
    }

    /// Which day.
    pub fn day(&self) -> UtcDay {
        self.day
    }

    /// How often the day changed; 0 if it was never stored.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What counts, by start; no two overlap.
    pub fn counted(&self) -> impl Iterator<Item = Piece> {
        self.sources.pieces(self.day, self.counted.iter().copied())
    }

    /// What is outranked, by start, then source.
    pub fn outranked(&self) -> impl Iterator<Item = Piece> {
        let mut runs = self.outranked.clone();
        self.sources.sort(&mut runs);
        self.sources.pieces(self.day, runs)
    }

    /// About how much memory the day takes, in bytes.
    pub fn approx_bytes(&self) -> usize {
        let runs = self.spans.capacity() + self.counted.capacity() + self.outranked.capacity();
        let bytes = size_of::<Self>() + runs * size_of::<Run>();
        bytes + self.sources.approx_bytes() + self.sums.approx_bytes()
    }

    fn observe(&mut self, pings: &[Ping]) -> Vec<Run> {
        let inside = pings.iter().filter(|ping| ping.interval.clip(self.day.interval()).is_some());
        let run = |ping: &Ping| Run::within(self.day, self.sources.number(&ping.source), ping.interval);
        inside.filter_map(run).collect()
    }

    /// Unites pings with the spans they meet. Returns the window in which what counts may have changed; `None` if
    /// all pings lay within spans.
    fn grow_spans(&mut self, pings: &[Run], bridge: Bridge) -> Option<Range<u32>> {
        let first = pings.iter().map(|ping| ping.start).min()?;
        let tail = self.spans.partition_point(|span| !bridge.closes(span.end, first));
        let mut met: Vec<Run> =
            self.spans.extract_if(tail.., |span| meets_any(pings, span, bridge)).collect();
        met.sort_unstable_by_key(Run::place);
        let grown = unite([met.as_slice(), pings].concat(), bridge);
        let window = grown.iter().filter_map(|span| change_of(&met, span)).reduce(hull);
        self.spans.extend(grown);
        self.spans[tail..].sort_by_key(|span| span.end);
        window
    }
}

/// Whether one of `pings`, which are united, overlaps the span or lies within the bridge of it.
fn meets_any(pings: &[Run], span: &Run, bridge: Bridge) -> bool {
    let at = pings
        .partition_point(|ping| (ping.source, bridge.closes(ping.end, span.start)) < (span.source, true));
    pings.get(at).is_some_and(|ping| ping.source == span.source && bridge.closes(span.end, ping.start))
}

/// Where a span that took the place of those in `before` can change what counts. If the first of them already
/// started where it does, ranks stay up to that one's end; otherwise all of its time has a new rank.
fn change_of(before: &[Run], span: &Run) -> Option<Range<u32>> {
    let first = before.binary_search_by_key(&span.place(), Run::place).ok().map(|at| before[at]);
    let from = first.map_or(span.start, |first| first.end);
    (from < span.end).then_some(from..span.end)
}

fn hull(a: Range<u32>, b: Range<u32>) -> Range<u32> {
    a.start.min(b.start)..a.end.max(b.end)
}

/// Replaces, in pieces that are in the order of their ends, the window by `settled`, and makes runs that touch at its
/// edges one. Returns what changed, by place.
fn replace(pieces: &mut Vec<Run>, window: &Range<u32>, settled: Vec<Run>) -> Vec<RunChange> {
    let tail = pieces.partition_point(|piece| piece.end < window.start);
    let mut before: Vec<Run> = pieces.extract_if(tail.., |piece| piece.start <= window.end).collect();
    before.sort_unstable_by_key(Run::place);
    let mut after = settled;
    for piece in &before {
        after.extend(piece.part(0, window.start));
        after.extend(piece.part(window.end, Run::DAY.end));
    }
    let after = unite(after, Bridge::NONE);
    pieces.extend(&after);
    pieces[tail..].sort_by_key(|piece| piece.end);
    changes_between(&before, &after)
}

/// Why pieces cannot be a ledger day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorruptDay {
    /// A piece that starts here does not lie within the day.
    OutsideDay(UtcMs),
    /// Two counted pieces overlap here.
    Overlap(UtcMs),
    /// From here on the pieces are not what the rule makes of the spans they cover: wrongly ranked, overlapping
    /// their own source, not joined, or out of order.
    NotByTheRule(UtcMs),
}

impl fmt::Display for CorruptDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, at) = match self {
            Self::OutsideDay(at) => ("a piece reaches out of its day", at),
            Self::Overlap(at) => ("counted pieces overlap", at),
            Self::NotByTheRule(at) => ("pieces are not what the rule makes", at),
        };
        write!(f, "{what} at {} ms on {}", at.since(at.day().start()), at.day())
    }
}

impl std::error::Error for CorruptDay {}

/// Checks that pieces are a ledger day: within the day, in order (see [`crate::timeline::Settled`]), counted ones without
/// overlap, and exactly what the rule makes of the spans that they cover.
pub fn check(day: UtcDay, counted: &[Piece], outranked: &[Piece]) -> Result<(), CorruptDay> {
    let mut sources = Sources::default();
    let (counted, outranked) = (runs(day, counted, &mut sources)?, runs(day, outranked, &mut sources)?);
    spans_of(day, &counted, &outranked, &sources).map(drop)
}

fn runs(
    day: UtcDay,
    pieces: impl IntoIterator<Item = impl Borrow<Piece>>,
    sources: &mut Sources,
) -> Result<Vec<Run>, CorruptDay> {
    let mut runs = Vec::new();
    for piece in pieces {
        let Piece { source, interval } = piece.borrow();
        if interval.clip(day.interval()) != Some(*interval) {
            return Err(CorruptDay::OutsideDay(interval.start()));
        }
        runs.extend(Run::within(day, sources.number(source), *interval));
    }
    Ok(runs)
}

/// The spans that pieces cover, once it is sure that the rule makes these pieces of them.
fn spans_of(
    day: UtcDay,
    counted: &[Run],
    outranked: &[Run],
    sources: &Sources,
) -> Result<Vec<Run>, CorruptDay> {
    let at = |run: &Run| day.start().plus(i64::from(run.start));
    if let Some([_, second]) = counted.array_windows().find(|[first, second]| first.end > second.start) {
        return Err(CorruptDay::Overlap(at(second)));
    }
    let spans = unite([counted, outranked].concat(), Bridge::NONE);
    let (counted_by_rule, mut outranked_by_rule) = settle(spans.clone(), &Run::DAY, sources);
    sources.sort(&mut outranked_by_rule);
    for (given, by_rule) in [(counted, counted_by_rule), (outranked, outranked_by_rule)] {
        let same = given.iter().zip(&by_rule).take_while(|(given, by_rule)| given == by_rule).count();
        if let Some(run) = given.get(same).or(by_rule.get(same)) {
            return Err(CorruptDay::NotByTheRule(at(run)));
        }
    }
    Ok(spans)
}
