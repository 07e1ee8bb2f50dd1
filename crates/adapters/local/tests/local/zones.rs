//! Reports in every IANA zone, day by day over years: nothing is counted twice or lost, whatever
//! clocks did.

use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_app::ports::TimeZones;
use dayline_domain::report::{LocalDays, Period, by_hour, by_period, local_day, local_days};
use dayline_domain::{DAY_MS, DayStart, Interval, LocalDate, Piece, Source, Weekday, Zone, with_days_from};
use dayline_local::JiffZones;

const HOUR_MS: i64 = 3_600_000;

fn date(text: &str) -> LocalDate {
    text.parse().unwrap()
}

fn zone(name: &str) -> Arc<dyn Zone> {
    JiffZones::new().find(name).unwrap()
}

fn minutes(zone: &dyn Zone, day: &str) -> i64 {
    local_day(zone, date(day)).map_or(0, |day| day.ms() / 60_000)
}

/// Pieces that fill every instant, each with its own length so that hardly any starts on a full
/// hour.
fn full_timeline(from: LocalDate, to: LocalDate) -> Vec<Piece> {
    let source = Source::new("laptop", "Code", None).unwrap();
    let mut start = dayline_domain::UtcDay(from.0 - 3).start();
    let end = dayline_domain::UtcDay(to.0 + 4).start();
    let mut pieces = Vec::new();
    let mut length = 1;
    while start < end {
        length = length * 7_919 % 43_200_017;
        let interval = Interval::new(start, start.plus(length)).unwrap();
        pieces.push(Piece { source: Arc::clone(&source), interval });
        start = start.plus(length);
    }
    pieces
}

/// The pieces around a day, so that a report of it need not look at years.
fn around(pieces: &[Piece], day: LocalDate) -> &[Piece] {
    let from = pieces.partition_point(|piece| piece.interval.end().0 < i64::from(day.0 - 2) * DAY_MS);
    let to = pieces.partition_point(|piece| piece.interval.start().0 < i64::from(day.0 + 3) * DAY_MS);
    &pieces[from..to]
}

/// How often a day of each length (in minutes) comes.
type Lengths = BTreeMap<i64, usize>;

/// What counted on each day from one to another.
fn by_day(pieces: &[Piece], zone: &Arc<dyn Zone>, from: LocalDate, to: LocalDate) -> Vec<(LocalDate, i64)> {
    let days = LocalDays { zone: Arc::clone(zone), from, to, week_start: Weekday::Monday };
    by_period(pieces, &days, Period::Day)
}

/// Checks all days of a zone; gives their lengths.
fn check(zone: &Arc<dyn Zone>, pieces: &[Piece], from: LocalDate, to: LocalDate) -> Lengths {
    let days = by_day(pieces, zone, from, to);
    let zone = &**zone;
    let name = zone.name();
    let total: i64 = days.iter().map(|(_, ms)| ms).sum();
    assert_eq!(total, local_days(zone, from..=to).unwrap().ms(), "{name}: days do not add up");
    let mut lengths = Lengths::new();
    let mut end = zone.start_of(from);
    for &(date, ms) in &days {
        let day = local_day(zone, date);
        assert_eq!(ms, day.map_or(0, Interval::ms), "{name} {date}");
        assert_eq!(day.map_or(end, Interval::start), end, "{name} {date}: starts where the day before ends");
        end = day.map_or(end, Interval::end);
        if let Some(day) = day {
            assert_eq!(zone.date_at(day.start()), date, "{name}");
        }
        let slots = by_hour(around(pieces, date), zone, date..=date);
        assert_eq!(slots.iter().map(|slot| slot.ms).sum::<i64>(), ms, "{name} {date}: hours do not add up");
        for slot in &slots {
            assert!(slot.ms > 0 && slot.ms <= HOUR_MS, "{name} {date}: {slot:?}");
            assert_eq!(slot.offset_s, zone.offset_s_at(slot.start), "{name} {date}");
        }
        *lengths.entry(ms / 60_000).or_default() += 1;
    }
    assert_eq!(end, zone.start_of(to.plus_days(1)), "{name}");
    lengths
}

/// Checks every zone, on as many threads as the machine has; gives the lengths of days by zone.
fn check_all(from: &str, to: &str, day_start: DayStart) -> BTreeMap<String, Lengths> {
    let (zones, from, to) = (JiffZones::new(), date(from), date(to));
    let (pieces, names) = (full_timeline(from, to), zones.names().collect::<Vec<_>>());
    let check_some = |some: &[&str]| -> Vec<(String, Lengths)> {
        let zone = |name: &str| with_days_from(zones.find(name).unwrap(), day_start);
        let check_one = |name: &str| check(&zone(name), &pieces, from, to);
        some.iter().map(|name| ((*name).to_owned(), check_one(name))).collect()
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let parts = names.chunks(names.len().div_ceil(threads));
        let checks: Vec<_> = parts.map(|some| scope.spawn(|| check_some(some))).collect();
        checks.into_iter().flat_map(|check| check.join().unwrap()).collect()
    })
}

#[test]
fn in_every_zone_the_days_and_hours_of_three_years_add_up() {
    let zones = check_all("2024-01-01", "2026-12-31", DayStart::default());
    assert!(zones.len() > 590);
    for (name, lengths) in &zones {
        assert!(lengths.keys().all(|minutes| (22 * 60..=26 * 60).contains(minutes)), "{name}: {lengths:?}");
    }
    assert_eq!(zones["UTC"], Lengths::from([(1_440, 1_096)]));
    assert_eq!(zones["America/New_York"], Lengths::from([(1_380, 3), (1_440, 1_090), (1_500, 3)]));
    assert_eq!(zones["Australia/Lord_Howe"], Lengths::from([(1_410, 3), (1_440, 1_090), (1_470, 3)]));
    assert_eq!(zones["Antarctica/Troll"], Lengths::from([(1_320, 3), (1_440, 1_090), (1_560, 3)]));
}

#[test]
fn in_every_zone_they_add_up_in_the_year_when_samoa_lost_a_day() {
    let zones = check_all("2011-01-01", "2011-12-31", DayStart::default());
    for (name, lengths) in &zones {
        let lost = ["Pacific/Apia", "Pacific/Fakaofo"].contains(&name.as_str());
        assert_eq!(lengths.get(&0).copied().unwrap_or_default(), usize::from(lost), "{name}");
    }
}

#[test]
fn in_every_zone_they_add_up_when_days_begin_in_the_hours_that_clocks_skip_and_repeat() {
    for minutes in [90, 150] {
        let zones = check_all("2026-01-01", "2026-12-31", DayStart::from_minutes(minutes).unwrap());
        assert_eq!(zones["UTC"], Lengths::from([(1_440, 365)]));
        // What is between the skipped beginning and the end of the gap is missing on both sides of it.
        let new_york = match minutes {
            90 => Lengths::from([(1_380, 1), (1_440, 363), (1_500, 1)]),
            _ => Lengths::from([(1_410, 2), (1_440, 362), (1_500, 1)]),
        };
        assert_eq!(zones["America/New_York"], new_york, "{minutes}");
    }
    let apia = with_days_from(zone("Pacific/Apia"), DayStart::from_minutes(240).unwrap());
    let days = ["2011-12-28", "2011-12-29", "2011-12-30", "2011-12-31", "2012-01-01"];
    // At midnight the clock shows the 31st, so that the 30th has begun, and lasts until four.
    assert_eq!(days.map(|day| minutes(&*apia, day) / 60), [24, 20, 4, 24, 24]);
}

#[test]
fn a_day_has_23_24_or_25_hours_and_lord_howe_moves_by_half_of_one() {
    let new_york = zone("America/New_York");
    assert_eq!(
        ["2026-03-08", "2026-11-01", "2026-11-20"].map(|day| minutes(&*new_york, day)),
        [23 * 60, 25 * 60, 24 * 60]
    );
    let lord_howe = zone("Australia/Lord_Howe");
    assert_eq!(
        ["2026-10-04", "2026-04-05"].map(|day| minutes(&*lord_howe, day)),
        [23 * 60 + 30, 24 * 60 + 30]
    );
}

#[test]
fn apias_missing_day_is_empty_and_its_neighbours_are_whole() {
    let apia = zone("Pacific/Apia");
    assert_eq!(
        ["2011-12-29", "2011-12-30", "2011-12-31"].map(|day| minutes(&*apia, day)),
        [24 * 60, 0, 24 * 60]
    );
    let pieces = full_timeline(date("2011-12-25"), date("2012-01-05"));
    assert!(by_hour(&pieces, &*apia, date("2011-12-30")..=date("2011-12-30")).is_empty());
    let days = by_day(&pieces, &apia, date("2011-12-29"), date("2011-12-31"));
    assert_eq!(days.iter().map(|(_, ms)| ms / HOUR_MS).collect::<Vec<_>>(), [24, 0, 24]);
}

#[test]
fn an_hour_that_comes_twice_is_listed_twice_and_a_skipped_one_is_not() {
    let new_york = zone("America/New_York");
    let pieces = full_timeline(date("2026-01-01"), date("2026-12-31"));
    let shown = |day: &str| -> Vec<i64> {
        let slots = by_hour(&pieces, &*new_york, date(day)..=date(day));
        slots
            .iter()
            .map(|s| s.start.plus(i64::from(s.offset_s) * 1_000).0.rem_euclid(DAY_MS) / HOUR_MS)
            .collect()
    };
    let normal: Vec<i64> = (0..24).collect();
    assert_eq!(shown("2026-11-20"), normal);
    assert_eq!(shown("2026-03-08"), [&normal[..2], &normal[3..]].concat());
    assert_eq!(shown("2026-11-01"), [&normal[..2], &normal[1..]].concat());
}
