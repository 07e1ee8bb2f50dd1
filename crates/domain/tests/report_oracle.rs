//! Reports against one that goes through the time minute by minute: every kind, every filter, days that begin at any
//! time, weeks that begin with any day; made of pieces, of stretches of days, and of sums.
#![allow(clippy::unwrap_used, reason = "the helpers belong to the tests")]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_domain::labels::{Alias, Aliases, Categories, Category, CategoryName, Labels, Rule};
use dayline_domain::report::{Counted, Filter, Grouping, LocalDays, Report, cut_days};
use dayline_domain::{
    Activity, AppName, CategoryId, DAY_MS, DayStart, DaySums, DeviceId, Domain, Interval, Language,
    LocalDate, Piece, Project, Source, UtcDay, UtcMs, Weekday, with_days_from,
};
use proptest::prelude::*;
use proptest::sample::select;
use support::zone::FakeZone;
use support::{DAY, at};

const MINUTE_MS: i64 = 60_000;
const DAY_MINUTES: i64 = 24 * 60;
/// Minutes that are looked at, around [`DAY`]: more than all reports here are about.
const MINUTES: std::ops::Range<i64> = -8 * DAY_MINUTES..50 * DAY_MINUTES;

/// What a report is of: who asks, and what there is.
#[derive(Debug, Clone)]
struct Case {
    changes: Vec<(i64, i32)>,
    day_start: DayStart,
    week_start: Weekday,
    from: LocalDate,
    to: LocalDate,
    pieces: Vec<Piece>,
    filter: Filter,
    labels: Option<Labels>,
}

impl Case {
    fn days(&self) -> LocalDays {
        let (from, to, week_start) = (self.from, self.to, self.week_start);
        LocalDays { zone: with_days_from(Arc::new(self.zone()), self.day_start), from, to, week_start }
    }

    fn zone(&self) -> FakeZone {
        let changes = self.changes.iter().map(|(minute, offset)| (at(minute * MINUTE_MS), *offset));
        FakeZone { before: 3_600, changes: changes.collect() }
    }

    /// Offset in minutes at a minute.
    fn offset(&self, minute: i64) -> i64 {
        let last = self.changes.iter().rev().find(|(change, _)| *change <= minute);
        i64::from(last.map_or(3_600, |(_, offset_s)| *offset_s)) / 60
    }
}

fn sources() -> Vec<Arc<Source>> {
    let source =
        |device: &str, app: &str, domain: Option<&str>, project: Option<&str>, language: Option<&str>| {
            let activity = Activity {
                app: AppName::new(app).unwrap(),
                domain: domain.map(|name| Domain::new(name).unwrap()),
                project: project.map(|name| Project::new(name).unwrap()),
                language: language.map(|name| Language::new(name).unwrap()),
            };
            Arc::new(Source { device: DeviceId::new(device).unwrap(), activity: Arc::new(activity) })
        };
    vec![
        source("laptop", "Code", None, Some("dayline"), Some("Rust")),
        source("laptop", "Code", None, Some("dayline"), Some("SQL")),
        source("laptop", "Code", None, None, Some("Rust")),
        source("laptop", "Web", Some("a.org"), None, None),
        source("phone", "Web", Some("a.org"), None, None),
        source("phone", "Web", Some("b.org"), Some("letters"), None),
        source("phone", "Chat", None, None, None),
    ]
}

/// Calls two apps by one name, and sorts by an app's shown name and by a project.
fn labels() -> Labels {
    let app = |name: &str| AppName::new(name).unwrap();
    let alias = |name: &str| Alias { app: app(name), shown: app("Web") };
    let category = |id: u128, name: &str, rule: Rule| Category {
        id: CategoryId::from_bits(id),
        name: CategoryName::new(name).unwrap(),
        colour: None,
        rules: vec![rule],
    };
    let web = Rule::new(Some(app("Web")), None, None).unwrap();
    let dayline = Rule::new(None, None, Project::new("Dayline").ok()).unwrap();
    Labels {
        aliases: Aliases::of(["Chat", "web"].map(alias)).unwrap(),
        categories: Categories::of([category(1, "Net", web), category(2, "Net > Own", dayline)]).unwrap(),
    }
}

/// The name of an app as [`labels`] show it.
fn shown_name(case: &Case, app: &AppName) -> AppName {
    let is_other = case.labels.is_some() && app.as_str() == "Chat";
    if is_other { AppName::new("Web").unwrap() } else { app.clone() }
}

fn shown_app(case: &Case, activity: &Activity) -> AppName {
    shown_name(case, &activity.app)
}

/// The category of an activity as [`labels`] say.
fn category(case: &Case, activity: &Activity) -> Option<CategoryName> {
    let name = match (shown_app(case, activity).as_str(), activity.project.as_ref().map(Project::as_str)) {
        _ if case.labels.is_none() => return None,
        (_, Some("dayline")) => "Net > Own",
        ("Web", _) => "Net",
        _ => return None,
    };
    CategoryName::new(name).ok()
}

/// Each part of a filter is seldom there, and then names something that there is.
fn filters() -> impl Strategy<Value = Filter> {
    let of = |n: usize| sources()[n].clone();
    let seldom = |n: usize| prop_oneof![3 => Just(None), 1 => Just(Some(n))];
    let part = move || (0..sources().len()).prop_flat_map(seldom);
    let coding = prop_oneof![3 => Just(false), 1 => Just(true)];
    (part(), part(), part(), part(), coding).prop_map(move |(app, domain, project, device, coding)| Filter {
        app: app.map(|n| of(n).activity.app.clone()),
        domain: domain.map(|n| of(n).activity.domain.clone()),
        project: project.map(|n| of(n).activity.project.clone()),
        device: device.map(|n| of(n).device.clone()),
        coding,
    })
}

/// Pieces that begin and end with minutes, each within a UTC day.
fn timelines() -> impl Strategy<Value = Vec<Piece>> {
    let row = (0i64..20 * 60, 1i64..15 * 60, select(sources()));
    prop::collection::vec(row, 0..60).prop_map(|rows| {
        let mut end = -6 * DAY_MINUTES;
        let mut pieces = Vec::new();
        for (gap, minutes, source) in rows {
            let start = end + gap;
            end = start + minutes;
            let whole = Interval::new(at(start * MINUTE_MS), at(end * MINUTE_MS)).unwrap();
            let parts = whole.cut_at_midnight().map(|(_, interval)| (Arc::clone(&source), interval));
            pieces.extend(parts.map(|(source, interval)| Piece { source, interval }));
        }
        pieces
    })
}

fn cases() -> impl Strategy<Value = Case> {
    // Quarters of an hour, half hours, hours, and whole days.
    let offset_s =
        prop_oneof![select(vec![0, 3_600, 7_200, 5_400, -12_600, 20_700, 50_400, -36_000, -3_600])];
    let change = (1i64..30 * DAY_MINUTES, offset_s);
    let changes = prop::collection::vec(change, 0..5).prop_map(|gaps| {
        let (mut minute, mut before, mut changes) = (-7 * DAY_MINUTES, 3_600, Vec::new());
        for (gap, offset_s) in gaps {
            minute += gap;
            if offset_s != before {
                changes.push((minute, offset_s));
            }
            before = offset_s;
        }
        changes
    });
    let day_start = prop_oneof![Just(0), select(vec![60, 150, 240, 255, 720]), 0..=720u16];
    let day_start = day_start.prop_map(|minutes| DayStart::from_minutes(minutes).unwrap());
    let filter = prop_oneof![Just(Filter::ALL), filters()];
    let days = (-4..30i32, 0..40i32);
    let labels = prop_oneof![Just(None), Just(Some(labels()))];
    (changes, day_start, select(Weekday::ALL.to_vec()), days, timelines(), filter, labels).prop_map(
        |(changes, day_start, week_start, (from, length), pieces, filter, labels)| {
            let from = LocalDate(DAY.0 + from);
            let to = LocalDate((from.0 + length).min(DAY.0 + 40));
            Case { changes, day_start, week_start, from, to, pieces, filter, labels }
        },
    )
}

/// The milliseconds of every row of every kind, by what the row is of, rows without any left out.
type Rows = BTreeMap<(&'static str, String), i64>;

/// Goes through the time minute by minute.
fn painted(case: &Case) -> Rows {
    let mut rows = Rows::new();
    let (mut day, mut pieces) = (i64::MIN, case.pieces.iter().peekable());
    let mut hour = (i64::MIN, 0, 0);
    for minute in MINUTES {
        let shown = i64::from(DAY.0) * DAY_MINUTES + minute + case.offset(minute);
        // A day that has begun does not end when the clock is put back.
        day = day.max((shown - i64::from(case.day_start.minutes())).div_euclid(DAY_MINUTES));
        if (shown.div_euclid(60), case.offset(minute)) != (hour.0, hour.1) {
            hour = (shown.div_euclid(60), case.offset(minute), minute);
        }
        let date = LocalDate(i32::try_from(day).unwrap());
        if date < case.from {
            // The first hour of the report begins with its first day.
            hour.2 = minute + 1;
        }
        let now = at(minute * MINUTE_MS);
        while pieces.next_if(|piece| piece.interval.end() <= now).is_some() {}
        let Some(piece) = pieces.peek().filter(|piece| piece.interval.start() <= now) else { continue };
        let Source { device, activity } = &*piece.source;
        let wants = |is_given: bool, is_it: bool| !is_given || is_it;
        let filter = &case.filter;
        if !(case.from..=case.to).contains(&date)
            || !wants(
                filter.app.is_some(),
                filter.app.as_ref().map(|app| shown_name(case, app)) == Some(shown_app(case, activity)),
            )
            || !wants(filter.domain.is_some(), filter.domain.as_ref() == Some(&activity.domain))
            || !wants(filter.project.is_some(), filter.project.as_ref() == Some(&activity.project))
            || !wants(filter.device.is_some(), filter.device.as_ref() == Some(device))
            || !wants(filter.coding, activity.project.is_some() || activity.app.as_str() == "Code")
        {
            continue;
        }
        let days_back = (0..7).find(|n| weekday(LocalDate(date.0 - n)) == case.week_start).unwrap();
        for (kind, name) in [
            ("apps", format!("{:?}", shown_app(case, activity))),
            ("categories", format!("{:?}", category(case, activity))),
            ("domains", format!("{:?}", activity.domain)),
            ("projects", format!("{:?}", activity.project)),
            ("languages", format!("{:?}", activity.language)),
            ("devices", format!("{device:?}")),
            ("hours", format!("{:?}", at(hour.2 * MINUTE_MS))),
            ("days", date.to_string()),
            ("weeks", LocalDate(date.0 - days_back).to_string()),
            ("months", format!("{}-01", &date.to_string()[..7])),
        ] {
            *rows.entry((kind, name)).or_default() += MINUTE_MS;
        }
    }
    rows
}

/// [`DAY`] is 2024-10-04, a Friday.
fn weekday(date: LocalDate) -> Weekday {
    Weekday::ALL[(date.0 - DAY.0 + 4).rem_euclid(7) as usize]
}

fn rows_of(report: Report) -> Rows {
    fn named<Name: std::fmt::Debug>(rows: Vec<(Name, i64)>) -> Vec<(String, i64)> {
        rows.into_iter().map(|(name, ms)| (format!("{name:?}"), ms)).collect()
    }
    let kind = report.grouping().name();
    let rows = match report {
        Report::Apps(totals) => named(totals.most_first()),
        Report::Domains(totals) => named(totals.most_first()),
        Report::Projects(totals) => named(totals.most_first()),
        Report::Languages(totals) => named(totals.most_first()),
        Report::Devices(totals) => named(totals.most_first()),
        Report::Categories(totals) => named(totals.most_first()),
        Report::Hours(slots) => named(slots.into_iter().map(|slot| (slot.start, slot.ms)).collect()),
        Report::Days(rows) | Report::Weeks(rows) | Report::Months(rows) => named(rows),
    };
    let mut labels: Vec<&String> = rows.iter().map(|(name, _)| name).collect();
    labels.sort_unstable();
    labels.dedup();
    assert_eq!(labels.len(), rows.len(), "each row is of something else");
    rows.into_iter().filter(|(_, ms)| *ms > 0).map(|(name, ms)| ((kind, name), ms)).collect()
}

fn of_stretches(case: &Case, grouping: Grouping, days_at_a_time: u16) -> Report {
    let mut report = Report::empty(grouping);
    for days in case.days().stretches(days_at_a_time) {
        let (filter, labels) = (&case.filter, case.labels.as_ref());
        report.add(Counted { filter, labels, ..Counted::from(&case.pieces) }, &days);
    }
    report
}

/// Made of the sums of all days that need no cutting, and of the pieces of the others.
fn of_sums(case: &Case, grouping: Grouping) -> Report {
    let days = case.days();
    let cut = cut_days(&days, grouping.cut(), &case.filter);
    let is_cut = |piece: &&Piece| cut.contains(&piece.interval.start().day());
    let pieces: Vec<Piece> = case.pieces.iter().filter(is_cut).cloned().collect();
    let window = days.interval();
    let touched = window.map(|all| all.start().day().0..=all.end().plus(-1).day().0);
    let whole = touched.into_iter().flatten().map(UtcDay).filter(|day| !cut.contains(day));
    let of = |day: UtcDay| case.pieces.iter().filter(move |piece| piece.interval.start().day() == day);
    let sums: Vec<DaySums> = whole.map(|day| DaySums::of(day, of(day))).collect();
    let mut report = Report::empty(grouping);
    let (filter, labels) = (&case.filter, case.labels.as_ref());
    report.add(Counted { pieces: &pieces, sums: &sums, filter, labels }, &days);
    report
}

proptest! {
    #![proptest_config(support::cases(300))]

    #[test]
    fn every_report_says_what_going_through_the_minutes_says(case in cases(), days_at_a_time in 1u16..20) {
        let expected = painted(&case);
        for grouping in Grouping::ALL {
            let of_kind = expected.iter().filter(|((kind, _), _)| *kind == grouping.name());
            let of_kind: Rows = of_kind.map(|(row, ms)| (row.clone(), *ms)).collect();
            let at_once = of_stretches(&case, grouping, u16::MAX);
            prop_assert_eq!(&rows_of(at_once.clone()), &of_kind, "{:?}", grouping);
            prop_assert_eq!(&of_stretches(&case, grouping, days_at_a_time), &at_once, "{:?}", grouping);
            prop_assert_eq!(&of_sums(&case, grouping), &at_once, "{:?} of sums", grouping);
        }
    }

    #[test]
    fn weeks_and_months_are_the_sums_of_their_days(case in cases()) {
        let Report::Days(days) = of_stretches(&case, Grouping::Days, u16::MAX) else { unreachable!() };
        let Report::Weeks(weeks) = of_stretches(&case, Grouping::Weeks, u16::MAX) else { unreachable!() };
        let Report::Months(months) = of_stretches(&case, Grouping::Months, u16::MAX) else { unreachable!() };
        let sums = |first: &dyn Fn(LocalDate) -> LocalDate| {
            let mut sums = BTreeMap::<LocalDate, i64>::new();
            for (date, ms) in &days {
 *sums.entry(first(*date)).or_default() += ms;
 }
            sums.into_iter().collect::<Vec<_>>()
        };
        prop_assert_eq!(weeks, sums(&|date| case.week_start.week_of(date)));
        prop_assert_eq!(months, sums(&LocalDate::month));
    }
}

#[test]
fn a_range_that_cuts_weeks_and_months_has_their_parts() {
    let utc = Arc::new(FakeZone::fixed(0));
    let source = &sources()[0];
    let all = |day: i32| Piece { source: Arc::clone(source), interval: UtcDay(DAY.0 + day).interval() };
    let pieces: Vec<Piece> = (-10..60).map(all).collect();
    let date = |text: &str| text.parse::<LocalDate>().unwrap();
    let rows = |grouping, week_start| {
        let (from, to) = (date("2024-10-29"), date("2024-11-11"));
        let mut report = Report::empty(grouping);
        report.add(Counted::from(&pieces), &LocalDays { zone: utc.clone(), from, to, week_start });
        let (Report::Weeks(rows) | Report::Months(rows)) = report else { panic!("{report:?}") };
        rows.into_iter().map(|(first, ms)| (first.to_string(), ms / DAY_MS)).collect::<Vec<_>>()
    };
    let expected = [("2024-10-28", 6), ("2024-11-04", 7), ("2024-11-11", 1)];
    let expected = expected.map(|(first, days)| (first.to_owned(), days));
    assert_eq!(rows(Grouping::Weeks, Weekday::Monday), expected);
    let expected = [("2024-10-27", 5), ("2024-11-03", 7), ("2024-11-10", 2)];
    let expected = expected.map(|(first, days)| (first.to_owned(), days));
    assert_eq!(rows(Grouping::Weeks, Weekday::Sunday), expected);
    let expected = [("2024-10-01", 3), ("2024-11-01", 11)].map(|(first, days)| (first.to_owned(), days));
    assert_eq!(rows(Grouping::Months, Weekday::Monday), expected);
}

#[test]
fn filtered_sums_are_used_wherever_a_utc_day_is_not_cut() {
    let filter = Filter { domain: Some(None), ..Filter::ALL };
    let year = |zone: FakeZone| {
        let (from, to) = ("2024-01-01".parse().unwrap(), "2024-12-31".parse().unwrap());
        LocalDays { zone: Arc::new(zone), from, to, week_start: Weekday::Monday }
    };
    let (utc, west) = (year(FakeZone::fixed(0)), year(FakeZone::fixed(-5 * 3_600)));
    let cuts = |days: &LocalDays, grouping: Grouping| cut_days(days, grouping.cut(), &filter).len();
    let kinds = [Grouping::Projects, Grouping::Months, Grouping::Weeks, Grouping::Days, Grouping::Hours];
    assert_eq!(kinds.map(|kind| cuts(&utc, kind)), [0, 0, 0, 0, 366]);
    assert_eq!(kinds.map(|kind| cuts(&west, kind)), [2, 13, 54, 367, 367]);
    let unfiltered = |kind: Grouping| cut_days(&west, kind.cut(), &Filter::ALL).len();
    assert_eq!(kinds.map(unfiltered), [2, 0, 0, 0, 0]);
}

#[test]
fn hours_stay_hours_of_the_clock_when_days_begin_within_one() {
    let day_start = DayStart::from_minutes(4 * 60 + 30).unwrap();
    let zone = with_days_from(Arc::new(FakeZone::fixed(0)), day_start);
    let days =
        LocalDays { zone, from: LocalDate(DAY.0), to: LocalDate(DAY.0 + 1), week_start: Weekday::Monday };
    let always = [UtcDay(DAY.0), UtcDay(DAY.0 + 1), UtcDay(DAY.0 + 2)]
        .map(|day| Piece { source: Arc::clone(&sources()[0]), interval: day.interval() });
    for days_at_a_time in [1, 2] {
        let mut report = Report::empty(Grouping::Hours);
        days.stretches(days_at_a_time).for_each(|days| report.add(Counted::from(&always), &days));
        let Report::Hours(slots) = report else { panic!("{report:?}") };
        let slots: Vec<(UtcMs, i64)> = slots.iter().map(|slot| (slot.start, slot.ms / MINUTE_MS)).collect();
        let hour = |n: i64| at(n * 60 * MINUTE_MS);
        assert_eq!(slots.first(), Some(&(at(270 * MINUTE_MS), 30)));
        assert_eq!(slots[1..slots.len() - 1], (5..52).map(|n| (hour(n), 60)).collect::<Vec<_>>());
        assert_eq!(slots.last(), Some(&(hour(52), 30)));
    }
}
