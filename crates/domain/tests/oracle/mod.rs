//! The rule a second time, written from the text of the design alone and without regard to cost: every millisecond
//! is painted on its own. Shares nothing with the implementation but the values that go in and come out.
#![allow(clippy::unwrap_used, reason = "belongs to the tests")]

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_domain::{DAY_MS, Interval, Piece, Ping, Source, UtcMs};

/// What the rule says of some pings: pieces by start, then by the order of equal starts.
#[derive(Debug, PartialEq)]
pub(crate) struct Painting {
    pub(crate) counted: Vec<Piece>,
    pub(crate) outranked: Vec<Piece>,
    /// Milliseconds that any span covers.
    pub(crate) covered_ms: i64,
}

/// Each source's millisecond by millisecond: the start of the span that covers it, if one does.
type Canvas = Vec<(Arc<Source>, Vec<Option<i64>>)>;

/// Paints pings; they should lie close together.
pub(crate) fn paint(pings: &[Ping], bridge_ms: i64) -> Painting {
    let from = pings.iter().map(|ping| ping.interval.start().0).min().unwrap_or(0);
    let to = pings.iter().map(|ping| ping.interval.end().0).max().unwrap_or(0);
    let canvas = paint_spans(pings, bridge_ms, from, to);
    let winners: Vec<Option<usize>> = (0..(to - from) as usize).map(|ms| winner(&canvas, ms)).collect();
    let mut counted = Vec::new();
    let mut outranked = Vec::new();
    for (number, (source, spans)) in canvas.iter().enumerate() {
        let wins = |ms: usize| winners[ms] == Some(number);
        let loses = |ms: usize| spans[ms].is_some() && winners[ms] != Some(number);
        counted.extend(runs(source, from, to, wins));
        outranked.extend(runs(source, from, to, loses));
    }
    for pieces in [&mut counted, &mut outranked] {
        pieces.sort_by(|a, b| {
            a.interval.start().cmp(&b.interval.start()).then_with(|| by_bytes(&a.source, &b.source))
        });
    }
    Painting { counted, outranked, covered_ms: winners.iter().flatten().count() as i64 }
}

fn day(ms: i64) -> i64 {
    ms.div_euclid(DAY_MS)
}

/// Rule 2: paint what was observed, then each gap of at most the bridge between two neighbours of one day.
fn paint_spans(pings: &[Ping], bridge_ms: i64, from: i64, to: i64) -> Canvas {
    let mut observed = BTreeMap::<&Arc<Source>, Vec<bool>>::new();
    for ping in pings {
        let painted = observed.entry(&ping.source).or_insert_with(|| vec![false; (to - from) as usize]);
        for ms in ping.interval.start().0..ping.interval.end().0 {
            painted[(ms - from) as usize] = true;
        }
    }
    let spans_of = |painted: &[bool]| {
        let mut spans: Vec<Option<i64>> = vec![None; painted.len()];
        let mut last: Option<i64> = None;
        for ms in (from..to).filter(|ms| painted[(ms - from) as usize]) {
            let joins = last.filter(|&last| day(last) == day(ms) && ms - (last + 1) <= bridge_ms);
            let start = joins.map_or(ms, |last| spans[(last - from) as usize].unwrap());
            for covered in joins.unwrap_or(ms)..=ms {
                spans[(covered - from) as usize] = Some(start);
            }
            last = Some(ms);
        }
        spans
    };
    observed.into_iter().map(|(source, painted)| (Arc::clone(source), spans_of(&painted))).collect()
}

/// Rule 3: among the sources with a span at this millisecond, the one that started last; then the smallest.
fn winner(canvas: &Canvas, ms: usize) -> Option<usize> {
    let covering = canvas.iter().enumerate().filter_map(|(number, (source, spans))| {
        let start = spans[ms]?;
        Some((number, source, start))
    });
    let best = covering.max_by(|(_, a, a_start), (_, b, b_start)| {
        a_start.cmp(b_start).then_with(|| by_bytes(a, b).reverse())
    });
    best.map(|(number, _, _)| number)
}

fn by_bytes(a: &Source, b: &Source) -> Ordering {
    let names = |source: &Source| {
        let device = source.device.as_str().as_bytes().to_vec();
        let app = source.activity.app.as_str().as_bytes().to_vec();
        // None is empty, and no domain is.
        let domain = source.activity.domain.as_ref().map_or(Vec::new(), |d| d.as_str().as_bytes().to_vec());
        [device, app, domain]
    };
    names(a).cmp(&names(b))
}

/// Rule 4: the maximal runs of the milliseconds chosen, cut at midnight.
fn runs(source: &Arc<Source>, from: i64, to: i64, chosen: impl Fn(usize) -> bool) -> Vec<Piece> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for ms in (from..to).filter(|ms| chosen((ms - from) as usize)) {
        match runs.last_mut() {
            Some((_, end)) if *end == ms && day(ms) == day(ms - 1) => *end = ms + 1,
            _ => runs.push((ms, ms + 1)),
        }
    }
    let piece = |(start, end)| {
        let interval = Interval::new(UtcMs(start), UtcMs(end)).unwrap();
        Piece { source: Arc::clone(source), interval }
    };
    runs.into_iter().map(piece).collect()
}
