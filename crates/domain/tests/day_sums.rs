//! The sums of a day against its pieces, also while it changes, and reports of sums against the same reports of pieces
//! alone: in any zone, whichever days are known by their sums.
#![allow(clippy::unwrap_used, reason = "the helpers belong to the tests")]

mod support;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use dayline_domain::report::{Counted, Cut, by_app, by_day, by_domain, by_hour, cut_days, local_days};
use dayline_domain::timeline::day_sums::{QUARTER_MS, QUARTERS};
use dayline_domain::{
    Activity, Bridge, CorruptSums, DAY_MS, DaySums, LedgerDay, LocalDate, Piece, Ping, Source, UtcDay,
};
use proptest::prelude::*;
use support::zone::FakeZone;
use support::{DAY, at, piece, ping, source};

const DATE: LocalDate = LocalDate(DAY.0);
const HOUR_S: i32 = 3_600;

fn sources() -> Vec<Arc<Source>> {
    let names = [("Web", Some("b.org")), ("Web", None), ("Web", Some("a.org")), ("Code", None)];
    let on = |device: &'static str| names.map(|(app, domain)| source(device, app, domain));
    [on("laptop"), on("phone")].concat()
}

/// A timeline that begins four days before [`DAY`], in pieces that never cross midnight.
fn timelines() -> impl Strategy<Value = Vec<Piece>> {
    let gap = prop_oneof![Just(0), 1..QUARTER_MS, 1..10 * 3_600_000_i64];
    let length = prop_oneof![Just(QUARTER_MS), 1..QUARTER_MS, 1..10 * 3_600_000_i64];
    prop::collection::vec((gap, length, any::<prop::sample::Index>()), 0..60).prop_map(|rows| {
        let sources = sources();
        let mut end = -4 * DAY_MS;
        let mut pieces = Vec::new();
        for (gap, ms, source) in rows {
            let whole = piece(source.get(&sources), end + gap, end + gap + ms);
            end += gap + ms;
            let part = |(_, interval)| Piece { interval, ..whole.clone() };
            pieces.extend(whole.interval.cut_at_midnight().map(part));
        }
        pieces
    })
}

/// Zones of odd offsets, some of which change a few times, by quarters or by anything.
fn zones() -> impl Strategy<Value = FakeZone> {
    // UTC, Kathmandu, St. John's; and Berlin's local mean time.
    const QUARTERLY: &[i32] = &[0, 5 * HOUR_S + 2_700, -3 * HOUR_S - 1_800];
    const ODD: &[i32] = &[53 * 60 + 28, 0, -3 * HOUR_S - 1_800];
    let quarters = prop_oneof![prop::sample::select(QUARTERLY), (-48..=56).prop_map(|n| n * 900)];
    let anything = prop_oneof![prop::sample::select(ODD), -50_000..50_000];
    let of = |offsets: BoxedStrategy<i32>, grid: i64| {
        let change = (1..200 * 3_600 / grid, offsets.clone());
        (offsets, prop::collection::vec(change, 0..4)).prop_map(move |(before, gaps)| {
            let (mut changes, mut now, mut offset) = (Vec::new(), at(-4 * DAY_MS), before);
            for (gap, next) in gaps {
                now = now.plus(gap * grid * 1_000);
                if next != offset {
                    changes.push((now, next));
                }
                offset = next;
            }
            FakeZone { before, changes }
        })
    };
    prop_oneof![3 => of(quarters.boxed(), 900), 2 => of(anything.boxed(), 1)]
}

fn days_of(pieces: &[Piece]) -> BTreeMap<UtcDay, Vec<Piece>> {
    let mut days = BTreeMap::<UtcDay, Vec<Piece>>::new();
    for piece in pieces {
        days.entry(piece.interval.start().day()).or_default().push(piece.clone());
    }
    days
}

/// The days as a store has them: those that `summed` says by their sums, unless the report cuts them.
fn known(pieces: &[Piece], cut: &[UtcDay], summed: &[bool]) -> (Vec<Piece>, Vec<DaySums>) {
    let (mut rest, mut sums) = (Vec::new(), Vec::new());
    for ((day, pieces), summed) in days_of(pieces).into_iter().zip(summed.iter().cycle()) {
        if *summed && !cut.contains(&day) {
            sums.push(DaySums::of(day, &pieces));
        } else {
            rest.extend(pieces);
        }
    }
    (rest, sums)
}

/// Local days in or around the timelines.
fn dates() -> impl Strategy<Value = RangeInclusive<LocalDate>> {
    (-6..14, 0..12).prop_map(|(first, more)| DATE.plus_days(first)..=DATE.plus_days(first + more))
}

/// Batches of pings of all over [`DAY`] and a little around it, short and long, in any order, some of them several
/// times; and whether the day is restored before the batch.
fn deliveries() -> impl Strategy<Value = Vec<(Vec<Ping>, bool)>> {
    let start = prop_oneof![-QUARTER_MS..DAY_MS, (-1..QUARTERS as i64).prop_map(|n| n * QUARTER_MS)];
    let length = prop_oneof![Just(QUARTER_MS), 1..60_000_i64, 1..10 * 3_600_000_i64];
    let ping = (prop::sample::select(sources()), start, length)
        .prop_map(|(source, start, ms)| ping(&source, start, start + ms));
    prop::collection::vec(ping, 1..30).prop_flat_map(|pings| {
        let batch = prop::collection::vec(prop::sample::select(pings), 1..6);
        prop::collection::vec((batch, any::<bool>()), 1..20)
    })
}

proptest! {
    #![proptest_config(support::cases(2_000))]

    #[test]
    fn sums_are_what_the_pieces_sum_up_to(pieces in timelines()) {
        for (day, pieces) in days_of(&pieces) {
            let sums = DaySums::of(day, &pieces);
            let mut activities = BTreeMap::<Activity, i64>::new();
            for piece in &pieces {
                *activities.entry((*piece.source.activity).clone()).or_default() += piece.interval.ms();
            }
            let found = sums.activities().iter().map(|(activity, ms)| ((**activity).clone(), i64::from(*ms)));
            prop_assert!(found.eq(activities));
            for (n, ms) in (0..).zip(sums.quarters()) {
                let start = day.start().plus(n * QUARTER_MS);
                let quarter = dayline_domain::Interval::new(start, start.plus(QUARTER_MS)).unwrap();
                prop_assert_eq!(i64::from(*ms), dayline_domain::report::total(&pieces, quarter));
            }
            let again = DaySums::restore(day, sums.activities().to_vec(), *sums.quarters());
            prop_assert_eq!(again, Ok(sums));
        }
    }

    #[test]
    fn sums_of_a_change_are_those_of_all_counted_pieces_whatever_came_before(deliveries in deliveries()) {
        let (mut kept, mut restored) = (LedgerDay::empty(DAY), LedgerDay::empty(DAY));
        for (pings, restore) in deliveries {
            if restore {
                let (counted, outranked): (Vec<_>, Vec<_>) =
                    (restored.counted().collect(), restored.outranked().collect());
                restored = LedgerDay::restore(DAY, restored.version(), counted, outranked).unwrap();
            }
            let sums = kept.record(&pings, Bridge::default()).map(|change| change.sums);
            let counted: Vec<Piece> = kept.counted().collect();
            if let Some(sums) = &sums {
                prop_assert_eq!(sums, &DaySums::of(DAY, &counted));
            }
            let again = restored.record(&pings, Bridge::default()).map(|change| change.sums);
            prop_assert_eq!(again, sums);
        }
    }

    #[test]
    fn reports_of_sums_are_those_of_pieces_in_any_zone(
        pieces in timelines(), zone in zones(), dates in dates(),
        summed in prop::collection::vec(prop::bool::weighted(0.8), 1..8),
    ) {
        let (rest, sums) = known(&pieces, &cut_days(&zone, dates.clone(), Cut::Days), &summed);
        let counted = Counted { pieces: &rest, sums: &sums };
        prop_assert_eq!(by_day(counted, &zone, dates.clone()), by_day(&pieces, &zone, dates.clone()));

        let (rest, sums) = known(&pieces, &cut_days(&zone, dates.clone(), Cut::Hours), &summed);
        let counted = Counted { pieces: &rest, sums: &sums };
        prop_assert_eq!(by_hour(counted, &zone, dates.clone()), by_hour(&pieces, &zone, dates.clone()));

        let Some(window) = local_days(&zone, dates.clone()) else { return Ok(()) };
        let cut = cut_days(&zone, dates, Cut::Whole);
        prop_assert!(cut.len() <= 2);
        let (rest, sums) = known(&pieces, &cut, &summed);
        let counted = Counted { pieces: &rest, sums: &sums };
        prop_assert_eq!(by_app(counted, window), by_app(&pieces, window));
        prop_assert_eq!(by_domain(counted, window), by_domain(&pieces, window));
    }
}

#[test]
fn what_lies_outside_the_day_is_in_no_sum() {
    let code = source("a", "Code", None);
    let sums = DaySums::of(DAY, &[piece(&code, -5, 3), piece(&code, DAY_MS - 1, DAY_MS + 9)]);
    assert_eq!(sums.activities(), [(Arc::clone(&code.activity), 4)]);
    assert_eq!((sums.quarters()[0], sums.quarters()[QUARTERS - 1]), (3, 1));
}

#[test]
fn numbers_that_no_pieces_sum_up_to_are_refused() {
    let [code, mail] = ["Code", "Mail"].map(|app| Arc::clone(&source("a", app, None).activity));
    let restore = |activities: &[(&Arc<Activity>, u32)], quarters: &[(usize, u32)]| {
        let mut all = [0; QUARTERS];
        for &(n, ms) in quarters {
            all[n] = ms;
        }
        let activities = activities.iter().map(|&(activity, ms)| (Arc::clone(activity), ms)).collect();
        DaySums::restore(DAY, activities, all).map(|sums| sums.day())
    };
    assert_eq!(restore(&[], &[]), Ok(DAY));
    assert_eq!(restore(&[(&code, 5), (&mail, 7)], &[(3, 4), (95, 8)]), Ok(DAY));
    for activities in [[(&mail, 5), (&code, 7)], [(&code, 5), (&code, 7)], [(&code, 12), (&mail, 0)]] {
        assert_eq!(restore(&activities, &[(3, 12)]), Err(CorruptSums::Activities));
    }
    assert_eq!(restore(&[(&code, 900_000)], &[(7, 900_000)]), Ok(DAY));
    assert_eq!(restore(&[(&code, 900_001)], &[(7, 900_001)]), Err(CorruptSums::Quarter(7)));
    assert_eq!(restore(&[(&code, u32::MAX)], &[(7, 5)]), Err(CorruptSums::Totals(u32::MAX.into(), 5)));
}

#[test]
fn a_zone_of_quarters_cuts_no_day_of_a_report_per_hour_and_one_of_odd_seconds_cuts_all() {
    let dates = || DATE..=DATE.plus_days(9);
    for (offset_s, cut, expected) in [
        (0, Cut::Whole, 0),
        (-5 * HOUR_S, Cut::Whole, 2),
        (5 * HOUR_S + 2_700, Cut::Days, 0),
        (5 * HOUR_S + 2_700, Cut::Hours, 0),
        (53 * 60 + 28, Cut::Whole, 2),
        (53 * 60 + 28, Cut::Days, 11),
        (53 * 60 + 28, Cut::Hours, 11),
    ] {
        let days = cut_days(&FakeZone::fixed(offset_s), dates(), cut);
        assert_eq!(days.len(), expected, "{offset_s} {cut:?}");
        assert!(days.is_sorted());
    }
}
