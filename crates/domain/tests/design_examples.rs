//! The examples of the design's table, one test each. Every example is settled from scratch, and recorded ping by
//! ping in both orders: all three must agree.

#![allow(clippy::unwrap_used, reason = "the helpers belong to the tests")]

use dayline_domain::timeline::{Settled, timeline};
use dayline_domain::{Bridge, Interval, LedgerDay, Piece, Ping, Source, UtcDay, UtcMs};

/// Device, app, start and end in seconds.
type Row = (&'static str, &'static str, i64, i64);

fn ping(&(device, app, start, end): &Row) -> Ping {
    let interval = Interval::new(UtcMs(start * 1000), UtcMs(end * 1000)).unwrap();
    Ping { source: Source::new(device, app, None).unwrap(), interval }
}

fn rows(pieces: &[Piece]) -> Vec<(&str, &str, i64, i64)> {
    let mut rows = Vec::new();
    for Piece { source, interval } in pieces {
        let (start, end) = (interval.start().0 / 1000, interval.end().0 / 1000);
        rows.push((source.device.as_str(), source.activity.app.as_str(), start, end));
    }
    rows
}

fn recorded<'a>(pings: impl Iterator<Item = &'a Ping>) -> Settled {
    let mut day = LedgerDay::empty(UtcDay(0));
    for ping in pings {
        day.record(std::slice::from_ref(ping), Bridge::default());
    }
    Settled { counted: day.counted().collect(), outranked: day.outranked().collect() }
}

#[track_caller]
fn assert_timeline(pings: &[Row], counted: &[Row], outranked: &[Row]) {
    let pings: Vec<Ping> = pings.iter().map(ping).collect();
    let settled = timeline(&pings, Bridge::default());
    assert_eq!(rows(&settled.counted), counted);
    assert_eq!(rows(&settled.outranked), outranked);
    assert_eq!(recorded(pings.iter()), settled);
    assert_eq!(recorded(pings.iter().rev()), settled);
}

#[test]
fn a_gap_of_25_seconds_is_bridged() {
    assert_timeline(
        &[("a", "Code", 0, 5), ("a", "Code", 5, 10), ("a", "Code", 35, 40)],
        &[("a", "Code", 0, 40)],
        &[],
    );
}

#[test]
fn a_growing_ping_is_one_interval() {
    assert_timeline(&[("a", "Code", 0, 5), ("a", "Code", 0, 9)], &[("a", "Code", 0, 9)], &[]);
}

#[test]
fn a_gap_of_31_seconds_breaks_a_span_and_one_of_30_does_not() {
    let apart = [("a", "Code", 0, 5), ("a", "Code", 36, 40)];
    assert_timeline(&apart, &apart, &[]);
    assert_timeline(&[("a", "Code", 0, 5), ("a", "Code", 35, 40)], &[("a", "Code", 0, 40)], &[]);
}

#[test]
fn what_started_last_interrupts_a_bridged_span() {
    assert_timeline(
        &[("a", "Code", 0, 5), ("a", "Mail", 8, 12), ("a", "Code", 20, 25)],
        &[("a", "Code", 0, 8), ("a", "Mail", 8, 12), ("a", "Code", 12, 25)],
        &[("a", "Code", 8, 12)],
    );
}

#[test]
fn the_end_of_an_interrupted_span_is_outranked() {
    assert_timeline(
        &[("a", "Code", 0, 10), ("a", "Mail", 9, 15)],
        &[("a", "Code", 0, 9), ("a", "Mail", 9, 15)],
        &[("a", "Code", 9, 10)],
    );
}

#[test]
fn a_second_device_interrupts_the_first() {
    let mut pings: Vec<Row> = (0..12).map(|n| ("laptop", "Code", n * 5, n * 5 + 5)).collect();
    pings.push(("phone", "Chat", 20, 25));
    assert_timeline(
        &pings,
        &[("laptop", "Code", 0, 20), ("phone", "Chat", 20, 25), ("laptop", "Code", 25, 60)],
        &[("laptop", "Code", 20, 25)],
    );
}

#[test]
fn of_equal_starts_the_smaller_device_then_app_counts() {
    assert_timeline(
        &[("b", "A", 0, 9), ("a", "Z", 0, 3), ("b", "Z", 0, 12), ("a", "A", 0, 2)],
        &[("a", "A", 0, 2), ("a", "Z", 2, 3), ("b", "A", 3, 9), ("b", "Z", 9, 12)],
        &[("a", "Z", 0, 2), ("b", "A", 0, 3), ("b", "Z", 0, 9)],
    );
}
