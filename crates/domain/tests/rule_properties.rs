//! The rule against the oracle: random pings of several devices, apps and domains around a midnight, in any order,
//! with duplicates, in any batches, with a reload from stored pieces between any two of them.

#![allow(clippy::unwrap_used, reason = "the helpers belong to the tests")]

mod oracle;
mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_domain::timeline::ledger_day::check;
use dayline_domain::timeline::timeline;
use dayline_domain::{Bridge, DaySums, LedgerDay, Piece, Ping, Source, UtcDay};
use oracle::paint;
use proptest::collection::vec;
use proptest::prelude::*;
use support::{DAY, StoredDay, cases, cut, measure, ping, source};

const BRIDGE: Bridge = Bridge(30);

/// Names whose order is easy to get wrong: prefixes, non-ASCII, none before some.
fn sources() -> Vec<Arc<Source>> {
    let mut sources = Vec::new();
    for device in ["phone", "p", "é"] {
        for (app, domain) in [("Web", Some("b.org")), ("Web", None), ("Web", Some("a.org")), ("W", None)] {
            sources.push(source(device, app, domain));
        }
    }
    sources
}

/// Up to `most` pings of a random number of sources within half a second around midnight; many start together.
fn pings(most: usize) -> impl Strategy<Value = Vec<Ping>> {
    let start = prop_oneof![-250i64..250, (-25i64..25).prop_map(|tens| tens * 10)];
    (1..=sources().len(), vec((any::<prop::sample::Index>(), start, 1i64..60), 0..most)).prop_map(
        |(among, rows)| {
            let sources = sources();
            rows.into_iter().map(|(s, start, ms)| ping(&sources[s.index(among)], start, start + ms)).collect()
        },
    )
}

/// Pings as they may arrive: each once or several times, in any order, in batches, some followed by a reload.
fn deliveries() -> impl Strategy<Value = (Vec<Ping>, Vec<(Vec<Ping>, bool)>)> {
    let sent = pings(30).prop_flat_map(|pings| {
        let doubled = prop::sample::subsequence(pings.clone(), 0..=pings.len());
        (Just(pings), doubled)
    });
    let shuffled = sent.prop_flat_map(|(pings, doubled)| {
        let arriving = [pings.clone(), doubled].concat();
        (Just(pings), Just(arriving).prop_shuffle(), vec((1usize..8, any::<bool>()), 60))
    });
    shuffled.prop_map(|(pings, mut arriving, batches)| {
        let mut deliveries = Vec::new();
        for (size, reload) in batches {
            let rest = arriving.split_off(size.min(arriving.len()));
            deliveries.push((std::mem::replace(&mut arriving, rest), reload));
        }
        (pings, deliveries)
    })
}

fn spans(counted: &[Piece], outranked: &[Piece]) -> Vec<Piece> {
    let pings: Vec<Ping> = [counted, outranked]
        .concat()
        .into_iter()
        .map(|Piece { source, interval }| Ping { source, interval })
        .collect();
    // Each source for itself, so that nothing is outranked.
    let of = |source: &Arc<Source>| {
        let own: Vec<Ping> = pings.iter().filter(|ping| ping.source == *source).cloned().collect();
        paint(&own, 0).counted
    };
    sources().iter().flat_map(of).collect()
}

/// A person's days and what a store made of their changes, which must be the same.
#[derive(Default)]
struct Ledger(BTreeMap<UtcDay, (LedgerDay, StoredDay)>);

impl Ledger {
    fn record(&mut self, pings: &[Ping], bridge: Bridge) {
        let mut by_day = BTreeMap::<UtcDay, Vec<Ping>>::new();
        for (day, part) in cut(pings) {
            by_day.entry(day).or_default().push(part);
        }
        for (day, pings) in by_day {
            let (ledger, store) =
                self.0.entry(day).or_insert_with(|| (LedgerDay::empty(day), StoredDay::default()));
            let before = (ledger.version(), Self::pieces(ledger));
            if let Some(change) = ledger.record(&pings, bridge) {
                assert!(!change.counted.is_empty() || !change.outranked.is_empty());
                store.apply(&change);
                assert_eq!(change.sums, DaySums::of(day, &store.counted));
            } else {
                assert_eq!((ledger.version(), Self::pieces(ledger)), before);
            }
            let (counted, outranked) = Self::pieces(ledger);
            assert_eq!(ledger.version(), store.version);
            assert_eq!((&counted, &outranked), (&store.counted, &store.outranked));
            assert_eq!(check(day, &counted, &outranked), Ok(()));
        }
    }

    fn reload(&mut self) {
        for (day, (ledger, store)) in &mut self.0 {
            let (counted, outranked) = (store.counted.clone(), store.outranked.clone());
            *ledger = LedgerDay::restore(*day, store.version, counted, outranked).unwrap();
        }
    }

    fn pieces(day: &LedgerDay) -> (Vec<Piece>, Vec<Piece>) {
        (day.counted().collect(), day.outranked().collect())
    }

    /// The pieces of all days.
    fn all(&self) -> (Vec<Piece>, Vec<Piece>) {
        let (counted, outranked): (Vec<_>, Vec<_>) =
            self.0.values().map(|(day, _)| Self::pieces(day)).unzip();
        (counted.concat(), outranked.concat())
    }
}

proptest! {
    #![proptest_config(cases(6_000))]

    #[test]
    fn settling_from_scratch_is_what_the_oracle_paints(pings in pings(40)) {
        let settled = timeline(&pings, BRIDGE);
        let painting = paint(&pings, 30);
        prop_assert_eq!(&settled.counted, &painting.counted);
        prop_assert_eq!(settled.outranked, painting.outranked);
        prop_assert_eq!(measure(&settled.counted), painting.covered_ms);
    }

    #[test]
    fn recording_in_any_order_and_batches_with_reloads_is_what_the_oracle_paints(
        (pings, deliveries) in deliveries()
    ) {
        let mut ledger = Ledger::default();
        for (batch, reload) in deliveries {
            ledger.record(&batch, BRIDGE);
            if reload {
                ledger.reload();
            }
        }
        let (counted, outranked) = ledger.all();
        let painting = paint(&pings, 30);
        prop_assert_eq!(counted, painting.counted);
        prop_assert_eq!(outranked, painting.outranked);
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn a_day_settled_twice_changes_only_once(pings in pings(20)) {
        let mut ledger = Ledger::default();
        ledger.record(&pings, BRIDGE);
        let versions: Vec<u64> = ledger.0.values().map(|(day, _)| day.version()).collect();
        prop_assert!(versions.iter().all(|&version| version == 1));
        for ping in &pings {
            ledger.record(std::slice::from_ref(ping), BRIDGE);
        }
        prop_assert!(ledger.0.values().all(|(day, _)| day.version() == 1));
    }

    #[test]
    fn a_ping_that_makes_the_last_piece_longer_resizes_that_piece_and_nothing_else(
        pings in pings(20), overlap in 0i64..40, gap in 0i64..=30, growth in 1i64..100,
    ) {
        let mut day = LedgerDay::empty(DAY);
        day.record(&pings, BRIDGE);
        let Some(last) = day.counted().last() else { return Ok(()) };
        let end = last.interval.end().since(DAY.start());
        let start = if overlap > 0 { end - overlap.min(last.interval.ms()) } else { end + gap };
        let change = day.record(&[ping(&last.source, start, start.max(end) + growth)], BRIDGE).unwrap();
        prop_assert_eq!(change.counted.resized.len(), 1);
        prop_assert_eq!(&change.counted.resized[0].piece, &last);
        prop_assert_eq!(change.counted.len() + change.outranked.len(), 1);
    }

    #[test]
    fn with_a_bridge_that_changes_every_span_keeps_or_grows_and_the_day_stays_true(
        batches in vec((pings(10), 0u32..80, any::<bool>()), 0..6)
    ) {
        let mut ledger = Ledger::default();
        for (batch, bridge, reload) in batches {
            let (counted, outranked) = ledger.all();
            let observed: Vec<Piece> = cut(&batch)
                .into_iter()
                .map(|(_, Ping { source, interval })| Piece { source, interval })
                .collect();
            let before = [spans(&counted, &outranked), observed].concat();
            ledger.record(&batch, Bridge(bridge));
            if reload {
                ledger.reload();
            }
            let (counted, outranked) = ledger.all();
            let after = spans(&counted, &outranked);
            for old in before {
                let kept = |new: &Piece| {
                    new.source == old.source && new.interval.clip(old.interval) == Some(old.interval)
                };
                prop_assert!(after.iter().any(kept), "{:?} was lost", old);
            }
        }
    }
}
