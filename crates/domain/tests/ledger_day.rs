//! The ledger day as aggregate: what it refuses to restore, what it ignores, and that it stays true and small over
//! a whole day of real size. That it keeps the rule at all is tested in `rule_properties`.
#![allow(clippy::unwrap_used, reason = "the helpers belong to the tests")]

mod support;

use std::sync::Arc;

use dayline_domain::timeline::day_sums::QUARTERS;
use dayline_domain::timeline::ledger_day::check;
use dayline_domain::timeline::timeline;
use dayline_domain::{Bridge, CorruptDay, DAY_MS, LedgerDay, Piece, Ping, Source};
use support::{DAY, StoredDay, at, piece, ping, source};

fn code() -> Arc<Source> {
    source("laptop", "Code", None)
}

fn mail() -> Arc<Source> {
    source("laptop", "Mail", None)
}

/// Both ways to check must say the same of pieces that are in order.
fn judge(counted: &[Piece], outranked: &[Piece]) -> Result<(), CorruptDay> {
    let verdict = check(DAY, counted, outranked);
    assert_eq!(LedgerDay::restore(DAY, 1, counted.to_vec(), outranked.to_vec()).map(drop), verdict);
    verdict
}

#[test]
fn an_empty_day_was_never_stored() {
    let day = LedgerDay::empty(DAY);
    assert_eq!((day.day(), day.version(), day.counted().count()), (DAY, 0, 0));
    assert_eq!(judge(&[], &[]), Ok(()));
}

#[test]
fn a_restored_day_goes_on_where_it_was() {
    let mut day = LedgerDay::empty(DAY);
    let pings = [(code(), 0, 10), (mail(), 5, 7), (source("phone", "Chat", None), 5, 6)];
    day.record(&pings.map(|(source, start, end)| ping(&source, start, end)), Bridge(0));
    let mut outranked: Vec<Piece> = day.outranked().collect();
    let mut counted: Vec<Piece> = day.counted().collect();
    assert_eq!(judge(&counted, &outranked), Ok(()));
    counted.reverse();
    outranked.reverse();
    let mut restored = LedgerDay::restore(DAY, day.version(), counted, outranked).unwrap();
    let next = [ping(&code(), 10, 12)];
    assert_eq!(restored.record(&next, Bridge(0)), day.record(&next, Bridge(0)));
    assert_eq!((restored.version(), day.version()), (2, 2));
}

#[test]
fn pieces_outside_the_day_are_refused() {
    let outside =
        [piece(&code(), -1, 5), piece(&code(), DAY_MS - 1, DAY_MS + 1), piece(&code(), DAY_MS, DAY_MS + 1)];
    for piece in outside {
        let start = piece.interval.start();
        assert_eq!(judge(std::slice::from_ref(&piece), &[]), Err(CorruptDay::OutsideDay(start)));
        assert_eq!(judge(&[], &[piece]), Err(CorruptDay::OutsideDay(start)));
    }
}

#[test]
fn counted_pieces_that_overlap_are_refused() {
    let counted = [piece(&code(), 0, 10), piece(&mail(), 9, 12)];
    assert_eq!(judge(&counted, &[]), Err(CorruptDay::Overlap(at(9))));
}

#[test]
fn pieces_that_the_rule_does_not_make_are_refused() {
    let (a, b) = (code(), mail());
    let cases: [(&str, Vec<Piece>, Vec<Piece>, i64); 6] = [
        ("touching pieces are not one", vec![piece(&a, 0, 5), piece(&a, 5, 9)], vec![], 0),
        ("what started last is outranked", vec![piece(&a, 0, 9)], vec![piece(&b, 5, 7)], 0),
        ("nothing counts where something is outranked", vec![], vec![piece(&a, 3, 9)], 3),
        ("outranked by itself", vec![piece(&a, 0, 9)], vec![piece(&a, 2, 4)], 2),
        ("outranked beyond what outranks it", vec![piece(&b, 5, 9)], vec![piece(&a, 5, 12)], 5),
        ("outranked twice", vec![piece(&a, 0, 9)], vec![piece(&b, 0, 5), piece(&b, 5, 9)], 0),
    ];
    for (why, counted, outranked, start) in cases {
        assert_eq!(judge(&counted, &outranked), Err(CorruptDay::NotByTheRule(at(start))), "{why}");
    }
}

#[test]
fn a_corrupt_day_says_where() {
    let error = CorruptDay::Overlap(at(61_000));
    assert_eq!(error.to_string(), "counted pieces overlap at 61000 ms on 2024-10-04");
}

#[test]
fn time_outside_the_day_is_ignored() {
    let mut day = LedgerDay::empty(DAY);
    assert_eq!(
        day.record(&[ping(&code(), -9, 0), ping(&code(), DAY_MS, DAY_MS + 9)], Bridge::default()),
        None
    );
    day.record(&[ping(&code(), -9, 9), ping(&mail(), DAY_MS - 9, DAY_MS + 9)], Bridge::default());
    let counted: Vec<Piece> = day.counted().collect();
    assert_eq!(counted, [piece(&code(), 0, 9), piece(&mail(), DAY_MS - 9, DAY_MS)]);
}

#[test]
fn a_day_can_be_covered_whole_with_any_bridge() {
    let mut day = LedgerDay::empty(DAY);
    for (start, end) in [(0, 1), (DAY_MS - 1, DAY_MS), (0, DAY_MS)] {
        day.record(&[ping(&code(), start, end)], Bridge(u32::MAX));
    }
    assert_eq!(day.counted().collect::<Vec<_>>(), [piece(&code(), 0, DAY_MS)]);
    assert_eq!(day.version(), 2);
}

#[test]
fn no_pings_change_nothing() {
    assert_eq!(LedgerDay::empty(DAY).record(&[], Bridge::default()), None);
}

#[test]
fn a_larger_bridge_joins_stored_spans_only_where_a_ping_lies_between() {
    let mut day = LedgerDay::empty(DAY);
    day.record(
        &[(0, 1), (11, 12), (21, 22), (61, 62), (71, 72)].map(|(a, b)| ping(&code(), a, b)),
        Bridge(5),
    );
    day.record(&[ping(&code(), 15, 16)], Bridge(10));
    let counted: Vec<Piece> = day.counted().collect();
    let expected = [(0, 1), (11, 22), (61, 62), (71, 72)].map(|(start, end)| piece(&code(), start, end));
    assert_eq!(counted, expected);
}

/// A day as trackers see it: three devices send a ping every five seconds, mostly of what they sent before;
/// among hundreds of apps and pages; with pauses.
fn a_whole_day() -> Vec<Ping> {
    let mut state = 1u32;
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % below
    };
    let mut pings = Vec::new();
    for device in ["laptop", "phone", "desk"] {
        let mut current = source(device, "Code", None);
        for start in (0..DAY_MS - 6_000).step_by(5_000) {
            match random(100) {
                0..20 => continue,
                20..26 => current = source(device, "Web", Some(&format!("{}.org", random(500)))),
                26..30 => current = source(device, &format!("App {}", random(20)), None),
                _ => {}
            }
            let jitter = i64::from(random(900));
            pings.push(ping(&current, start + jitter, start + jitter + 5_000));
        }
    }
    pings.sort_by_key(|ping| ping.interval.end());
    pings
}

#[test]
fn a_whole_day_of_three_devices_is_the_same_however_it_arrives() {
    let pings = a_whole_day();
    let expected = timeline(&pings, Bridge::default());
    assert!(pings.len() > 40_000 && expected.counted.len() > 3_000 && expected.outranked.len() > 3_000);
    let late_phone = {
        let mut pings = pings.clone();
        pings.sort_by_key(|ping| (ping.source.device.as_str() == "phone", ping.interval.end()));
        pings
    };
    let backwards: Vec<Ping> = pings.iter().rev().cloned().collect();
    for (arriving, batch) in [(pings, 20), (late_phone, 100), (backwards, 1_000)] {
        let (mut day, mut store) = (LedgerDay::empty(DAY), StoredDay::default());
        for batch in arriving.chunks(batch) {
            if let Some(change) = day.record(batch, Bridge::default()) {
                store.apply(&change);
            }
        }
        assert_eq!(store.counted, expected.counted);
        assert_eq!(store.outranked, expected.outranked);
        assert_eq!(day.counted().collect::<Vec<_>>(), expected.counted);
        assert!(day.outranked().eq(expected.outranked.iter().cloned()));
    }
}

#[test]
fn a_whole_day_in_memory_takes_some_tens_of_bytes_per_piece() {
    let mut day = LedgerDay::empty(DAY);
    day.record(&a_whole_day(), Bridge::default());
    let pieces = day.counted().count() + day.outranked().count();
    let bytes = day.approx_bytes();
    assert!(
        bytes > pieces * 12 && bytes < pieces * 12 * 4 + 2_000 * 300,
        "{bytes} bytes for {pieces} pieces"
    );
}

#[test]
fn a_day_without_pings_takes_little_more_memory_than_its_quarters() {
    let quarters = QUARTERS * size_of::<u32>();
    let bytes = LedgerDay::empty(DAY).approx_bytes();
    assert!(bytes > quarters && bytes < quarters + 300, "{bytes} bytes");
}

#[test]
fn thousands_of_sources_at_the_same_time_are_settled_like_any_others() {
    let sources: Vec<_> = (0..5_000).map(|n| source("a", &format!("App {n}"), None)).collect();
    let pings: Vec<Ping> = sources.iter().map(|source| ping(source, 0, 60_000)).collect();
    let mut day = LedgerDay::empty(DAY);
    for batch in pings.chunks(1_000) {
        day.record(batch, Bridge::default());
    }
    assert_eq!(day.counted().collect::<Vec<_>>(), [piece(&sources[0], 0, 60_000)]);
    assert_eq!(day.outranked().count(), 4_999);
    let later: Vec<Ping> = sources.iter().map(|source| ping(source, 60_000, 65_000)).collect();
    let change = day.record(&later, Bridge::default()).unwrap();
    assert_eq!((change.counted.resized.len(), change.outranked.resized.len()), (1, 4_999));
    assert_eq!(change.counted.len() + change.outranked.len(), 5_000);
}
