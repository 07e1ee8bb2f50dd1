//! Reports over pieces and zones made by hand; the zones of the IANA data base are tested where they are read.
#![allow(clippy::unwrap_used, reason = "the helpers belong to the tests")]

mod support;

use std::ops::RangeInclusive;
use std::sync::Arc;

use dayline_domain::report::{
    Grouping, HourSlot, Joining, LocalDays, OverlapJoining, Period, Report, by_app, by_domain, by_hour,
    by_period, by_project, clip, join_at_midnight, local_day, local_days, total,
};
use dayline_domain::{
    Activity, DAY_MS, DeviceId, Domain, LocalDate, Piece, Project, Source, UtcMs, Weekday, Zone,
};
use proptest::prelude::*;
use support::zone::FakeZone;
use support::{DAY, at, interval, piece, source};

const HOUR: i64 = 3_600_000;
/// The date of the day that tests count from.
const DATE: LocalDate = LocalDate(DAY.0);

/// What counted on each day of a range.
fn by_day(pieces: &[Piece], zone: &FakeZone, dates: RangeInclusive<LocalDate>) -> Vec<(LocalDate, i64)> {
    let (from, to, week_start) = (*dates.start(), *dates.end(), Weekday::Monday);
    by_period(pieces, &LocalDays { zone: Arc::new(zone.clone()), from, to, week_start }, Period::Day)
}

/// The minutes of each slot of a day that is used all the time, as the clock shows its start, with the offset.
fn slots(zone: &FakeZone, date: LocalDate) -> Vec<(String, i32, i64)> {
    let always = [piece(&source("a", "Code", None), -10 * DAY_MS, 10 * DAY_MS)];
    let show = |slot: &HourSlot| {
        let minutes = (slot.start.0 / 1000 + i64::from(slot.offset_s)).rem_euclid(86_400) / 60;
        (format!("{:02}:{:02}", minutes / 60, minutes % 60), slot.offset_s, slot.ms / 60_000)
    };
    by_hour(&always, zone, date..=date).iter().map(show).collect()
}

fn total_minutes(slots: &[(String, i32, i64)]) -> i64 {
    slots.iter().map(|(_, _, minutes)| minutes).sum()
}

#[test]
fn apps_come_most_first_and_equal_ones_by_name() {
    let (web, web_a) = (source("a", "Web", None), source("b", "Web", Some("a.org")));
    let (beta, alpha) = (source("a", "Beta", None), source("a", "Alpha", None));
    let pieces = [piece(&web, 0, 10), piece(&beta, 10, 25), piece(&web_a, 25, 35), piece(&alpha, 35, 50)];
    let apps = |from, to| {
        let apps = by_app(&pieces, interval(from, to));
        apps.into_iter().map(|(app, ms)| (app.as_str().to_owned(), ms)).collect::<Vec<_>>()
    };
    assert_eq!(apps(0, 50), [("Web".into(), 20), ("Alpha".into(), 15), ("Beta".into(), 15)]);
    assert_eq!(apps(5, 36), [("Beta".into(), 15), ("Web".into(), 15), ("Alpha".into(), 1)]);
    assert_eq!(apps(50, 60), []);
    assert_eq!(total(&pieces, interval(5, 36)), 31);
}

#[test]
fn what_was_no_web_page_is_an_item_of_its_own_among_the_domains() {
    let pieces = [
        piece(&source("a", "Web", Some("b.org")), 0, 10),
        piece(&source("a", "Web", None), 10, 20),
        piece(&source("b", "Fox", Some("b.org")), 20, 30),
        piece(&source("a", "Web", Some("a.org")), 30, 40),
    ];
    let domains = by_domain(&pieces, interval(0, 40));
    let domains: Vec<_> = domains.iter().map(|(domain, ms)| (domain.map(Domain::as_str), *ms)).collect();
    assert_eq!(domains, [(Some("b.org"), 20), (None, 10), (Some("a.org"), 10)]);
}

#[test]
fn what_was_of_no_project_is_an_item_of_its_own_among_the_projects() {
    let of = |project: Option<&str>| {
        let mut activity = Activity::clone(&source("a", "Code", None).activity);
        activity.project = project.map(|name| Project::new(name).unwrap());
        Arc::new(Source { device: DeviceId::new("a").unwrap(), activity: Arc::new(activity) })
    };
    let pieces = [
        piece(&of(Some("b")), 0, 10),
        piece(&of(None), 10, 30),
        piece(&of(Some("a")), 30, 40),
        piece(&of(Some("b")), 40, 45),
    ];
    let projects = by_project(&pieces, interval(0, 44));
    let projects: Vec<_> = projects.iter().map(|(name, ms)| (name.map(Project::as_str), *ms)).collect();
    assert_eq!(projects, [(None, 20), (Some("b"), 14), (Some("a"), 10)]);
}

#[test]
fn clipped_pieces_keep_what_lies_in_the_window() {
    let code = source("a", "Code", None);
    let pieces = [piece(&code, 0, 10), piece(&code, 20, 30), piece(&code, 40, 50)];
    let clipped: Vec<Piece> = clip(pieces, interval(10, 41)).collect();
    assert_eq!(clipped, [piece(&code, 20, 30), piece(&code, 40, 41)]);
}

#[test]
fn only_what_a_midnight_alone_separates_is_joined() {
    let (code, mail) = (source("a", "Code", None), source("a", "Mail", None));
    let joined = join_at_midnight([
        piece(&code, -5 * HOUR, 0),
        piece(&code, 0, DAY_MS),
        piece(&code, DAY_MS, DAY_MS + 1),
        piece(&mail, DAY_MS + 1, 2 * DAY_MS),
        piece(&code, 2 * DAY_MS, 2 * DAY_MS + 5),
        piece(&code, 2 * DAY_MS + 5, 2 * DAY_MS + 9),
    ]);
    let expected = [
        piece(&code, -5 * HOUR, DAY_MS + 1),
        piece(&mail, DAY_MS + 1, 2 * DAY_MS),
        piece(&code, 2 * DAY_MS, 2 * DAY_MS + 5),
        piece(&code, 2 * DAY_MS + 5, 2 * DAY_MS + 9),
    ];
    assert_eq!(joined, expected);
}

#[test]
fn outranked_pieces_that_overlap_are_joined_each_with_its_own_source() {
    let (code, mail) = (source("a", "Code", None), source("a", "Mail", None));
    let joined = join_at_midnight([
        piece(&code, -9, 0),
        piece(&mail, -8, 0),
        piece(&source("b", "Code", None), -7, -1),
        piece(&mail, 0, 3),
        piece(&code, 1, 2),
    ]);
    let expected = [
        piece(&code, -9, 0),
        piece(&mail, -8, 3),
        piece(&source("b", "Code", None), -7, -1),
        piece(&code, 1, 2),
    ];
    assert_eq!(joined, expected);
}

#[test]
fn a_day_west_of_greenwich_starts_later() {
    let zone = FakeZone::fixed(-5 * 3600);
    assert_eq!(local_day(&zone, DATE), Some(interval(5 * HOUR, 29 * HOUR)));
    assert_eq!(local_days(&zone, DATE..=DATE.plus_days(2)), Some(interval(5 * HOUR, 77 * HOUR)));
    let pieces = [piece(&source("a", "Code", None), 4 * HOUR, 6 * HOUR + 1)];
    let hours: Vec<i64> = by_hour(&pieces, &zone, DATE..=DATE).iter().map(|slot| slot.ms).collect();
    assert_eq!((hours.len(), &hours[..3]), (24, &[HOUR, 1, 0][..]));
    let days = by_day(&pieces, &zone, DATE.plus_days(-1)..=DATE.plus_days(1));
    let expected = [(DATE.plus_days(-1), HOUR), (DATE, HOUR + 1), (DATE.plus_days(1), 0)];
    assert_eq!(days, expected);
}

#[test]
fn pieces_that_start_and_end_with_the_hour_count_for_one_hour_only() {
    let pieces =
        [(0, 1), (1, 2), (2, 4)].map(|(from, to)| piece(&source("a", "Code", None), from * HOUR, to * HOUR));
    let hours: Vec<i64> =
        by_hour(&pieces[..2], &FakeZone::fixed(0), DATE..=DATE).iter().map(|slot| slot.ms).collect();
    assert_eq!(hours[..3], [HOUR, HOUR, 0]);
    let hours: Vec<i64> =
        by_hour(&pieces[1..], &FakeZone::fixed(0), DATE..=DATE).iter().map(|slot| slot.ms).collect();
    assert_eq!(hours[..5], [0, HOUR, HOUR, HOUR, 0]);
}

#[test]
fn hours_of_a_zone_with_odd_minutes_start_when_its_clock_shows_a_full_hour() {
    let slots = slots(&FakeZone::fixed(5 * 3600 + 45 * 60), DATE);
    assert_eq!(slots.len(), 24);
    assert!(slots.iter().all(|(shown, _, minutes)| shown.ends_with(":00") && *minutes == 60));
}

#[test]
fn the_day_the_clock_skips_an_hour_has_23_hours() {
    let zone = FakeZone { before: -5 * 3600, changes: vec![(at(7 * HOUR), -4 * 3600)] };
    let slots = slots(&zone, DATE);
    assert_eq!((slots.len(), total_minutes(&slots)), (23, 23 * 60));
    assert_eq!(slots[1..3], [("01:00".into(), -18_000, 60), ("03:00".into(), -14_400, 60)]);
}

#[test]
fn the_day_the_clock_repeats_an_hour_lists_it_twice_with_each_offset() {
    let zone = FakeZone { before: -4 * 3600, changes: vec![(at(6 * HOUR), -5 * 3600)] };
    let slots = slots(&zone, DATE);
    assert_eq!((slots.len(), total_minutes(&slots)), (25, 25 * 60));
    assert_eq!(slots[1..3], [("01:00".into(), -14_400, 60), ("01:00".into(), -18_000, 60)]);
}

#[test]
fn a_shift_of_half_an_hour_makes_a_short_slot() {
    let (summer, winter) = (11 * 3600, 10 * 3600 + 1800);
    let back = FakeZone { before: summer, changes: vec![(at(-9 * HOUR), winter)] };
    let repeated = slots(&back, DATE);
    assert_eq!((repeated.len(), total_minutes(&repeated)), (25, 24 * 60 + 30));
    assert_eq!(repeated[1..3], [("01:00".into(), summer, 60), ("01:30".into(), winter, 30)]);
    let forth = FakeZone { before: winter, changes: vec![(at(-8 * HOUR - HOUR / 2), summer)] };
    let skipped = slots(&forth, DATE);
    assert_eq!((skipped.len(), total_minutes(&skipped)), (24, 23 * 60 + 30));
    assert_eq!(skipped[1..3], [("01:00".into(), winter, 60), ("02:30".into(), summer, 30)]);
}

#[test]
fn a_day_that_the_zone_skips_is_empty() {
    let zone = FakeZone { before: -10 * 3600, changes: vec![(at(10 * HOUR), 14 * 3600)] };
    let always = [piece(&source("a", "Code", None), -10 * DAY_MS, 10 * DAY_MS)];
    assert_eq!(local_day(&zone, DATE), None);
    assert_eq!(by_hour(&always, &zone, DATE..=DATE), []);
    let days = by_day(&always, &zone, DATE.plus_days(-1)..=DATE.plus_days(1));
    let expected = [(DATE.plus_days(-1), DAY_MS), (DATE, 0), (DATE.plus_days(1), DAY_MS)];
    assert_eq!(days, expected);
}

#[test]
fn a_day_that_does_not_start_at_midnight_starts_where_its_clock_does() {
    let zone = FakeZone { before: -3 * 3600, changes: vec![(at(3 * HOUR), -2 * 3600)] };
    assert_eq!(slots(&zone, DATE)[0], ("01:00".into(), -7200, 60));
    assert_eq!(slots(&zone, DATE).len(), 23);
}

/// Zones that change a few times in a few days, by anything from a second to a day.
fn zones() -> impl Strategy<Value = FakeZone> {
    let change = (1i64..200 * 3600, -50_000i32..50_000);
    (-50_000i32..50_000, prop::collection::vec(change, 0..4)).prop_map(|(before, gaps)| {
        let mut changes = Vec::new();
        let (mut now, mut offset) = (at(-4 * DAY_MS), before);
        for (gap_s, next) in gaps {
            now = now.plus(gap_s * 1000);
            if next != offset {
                changes.push((now, next));
            }
            offset = next;
        }
        FakeZone { before, changes }
    })
}

fn timelines() -> impl Strategy<Value = Vec<Piece>> {
    prop::collection::vec((0i64..10 * HOUR, 1i64..10 * HOUR), 0..40).prop_map(|rows| {
        let code = source("a", "Code", None);
        let mut end = -4 * DAY_MS;
        let mut next = |(gap, ms)| {
            let start = end + gap;
            end = start + ms;
            piece(&code, start, end)
        };
        rows.into_iter().map(&mut next).collect()
    })
}

/// Pieces of four sources in turn.
fn mixed(pieces: &[Piece]) -> Vec<Piece> {
    let sources = [
        source("a", "Code", None),
        source("a", "Web", Some("a.org")),
        source("b", "Web", None),
        source("b", "Mail", Some("a.org")),
    ];
    let of = |(piece, source): (&Piece, &_)| Piece { source: Arc::clone(source), interval: piece.interval };
    pieces.iter().zip(sources.iter().cycle()).map(of).collect()
}

fn report(grouping: Grouping, pieces: &[Piece], stretches: impl IntoIterator<Item = LocalDays>) -> Report {
    let mut report = Report::empty(grouping);
    for days in stretches {
        report.add(pieces.into(), &days);
    }
    report
}

proptest! {
    #![proptest_config(support::cases(500))]

    #[test]
    fn a_report_of_stretches_of_days_is_the_report_of_all_of_them(
        zone in zones(), pieces in timelines(), days_at_a_time in 1u16..20,
    ) {
        let (pieces, week_start) = (mixed(&pieces), Weekday::Wednesday);
        let (from, to) = (DATE.plus_days(-5), DATE.plus_days(12));
        let days = LocalDays { zone: Arc::new(zone), from, to, week_start };
        for grouping in Grouping::ALL {
            let at_once = report(grouping, &pieces, [days.clone()]);
            prop_assert_eq!(&report(grouping, &pieces, days.stretches(days_at_a_time)), &at_once);
        }
    }

    #[test]
    fn slots_cover_each_day_once_and_sum_to_it_in_any_zone(zone in zones(), pieces in timelines()) {
        let dates: RangeInclusive<LocalDate> = DATE.plus_days(-5)..=DATE.plus_days(12);
        let days = by_day(&pieces, &zone, dates.clone());
        let all = local_days(&zone, dates).unwrap();
        prop_assert_eq!(days.iter().map(|(_, ms)| ms).sum::<i64>(), total(&pieces, all));
        for (date, ms) in days {
            let slots = by_hour(&pieces, &zone, date..=date);
            prop_assert_eq!(slots.iter().map(|slot| slot.ms).sum::<i64>(), ms);
            let day = local_day(&zone, date);
            prop_assert_eq!(day.map_or(0, |day| total(&pieces, day)), ms);
            let Some(day) = day else { continue };
            assert_maximal_hours(&zone, &slots, day.start(), day.end());
        }
    }

    #[test]
    fn a_stretch_read_part_by_part_is_the_same_as_read_at_once(
        pieces in timelines(), mut ends in prop::collection::vec(-5 * DAY_MS..12 * DAY_MS, 1..10),
    ) {
        let stored: Vec<Piece> = pieces.iter().flat_map(cut_at_midnight).collect();
        ends.extend([-6 * DAY_MS, 13 * DAY_MS]);
        ends.sort_unstable();
        ends.dedup();
        let (mut joining, mut parts) = (Joining::default(), Vec::new());
        for &[from, to] in ends.array_windows() {
            parts.extend(joining.add(clip(stored.clone(), interval(from, to))));
        }
        parts.extend(joining.end());
        let at_once = join_at_midnight(clip(stored, interval(-6 * DAY_MS, 13 * DAY_MS)));
        prop_assert_eq!(parts, at_once);
    }
}

proptest! {
    #![proptest_config(support::cases(500))]

    #[test]
    fn pieces_that_overlap_read_part_by_part_are_the_same_as_read_at_once(
        lines in prop::collection::vec(timelines(), 1..4), days in 1i64..5, from in -5 * DAY_MS..DAY_MS,
    ) {
        let of_device = |(n, pieces): (usize, Vec<Piece>)| {
            let names = [format!("App {n}"), "Code".to_owned()];
            pieces.into_iter().enumerate().map(move |(at, piece)| {
                let source = source(&n.to_string(), &names[at % 2], None);
                Piece { source, ..piece }
            })
        };
        let mut stored: Vec<Piece> =
            lines.into_iter().enumerate().flat_map(of_device).flat_map(|piece| cut_at_midnight(&piece)).collect();
        stored.sort_by_key(|piece| (piece.interval.start(), Arc::clone(&piece.source)));
        let window = interval(from, 12 * DAY_MS);
        let midnights = (-6..12).step_by(days as usize).map(|day| interval(day * DAY_MS, (day + days) * DAY_MS));
        let parts: Vec<_> = midnights.filter_map(|part| part.clip(window)).collect();
        let of = |part| -> Vec<Piece> { join_at_midnight(clip(stored.clone(), part)) };
        let mut joining = OverlapJoining::default();
        for part in parts.iter().rev() {
            joining.look_back(*part, &of(*part));
        }
        let joined: Vec<Piece> = parts.iter().flat_map(|part| joining.add(*part, of(*part))).collect();
        prop_assert_eq!(joined, join_at_midnight(clip(stored.clone(), window)));
    }
}

fn cut_at_midnight(piece: &Piece) -> Vec<Piece> {
    let part = |(_, interval)| Piece { interval, ..piece.clone() };
    piece.interval.cut_at_midnight().map(part).collect()
}

/// Slots start where the day starts, and at each instant where hour or offset differ from the one just before.
fn assert_maximal_hours(zone: &FakeZone, slots: &[HourSlot], start: UtcMs, end: UtcMs) {
    let shown = |at: UtcMs| {
        let offset = zone.offset_s_at(at);
        (at.plus(i64::from(offset) * 1000).0.div_euclid(HOUR), offset)
    };
    assert_eq!(slots[0].start, start);
    let ends = slots[1..].iter().map(|slot| slot.start).chain([end]);
    for (slot, end) in slots.iter().zip(ends) {
        assert_eq!(zone.offset_s_at(slot.start), slot.offset_s);
        assert_eq!(shown(slot.start), shown(end.plus(-1)));
        assert!(slot.ms <= end.since(slot.start));
        assert!(slot.start == start || shown(slot.start.plus(-1)) != shown(slot.start));
    }
}
