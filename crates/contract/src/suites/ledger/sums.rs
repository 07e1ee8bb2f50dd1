//! The sums of days: the same as of their pieces whatever was committed, and never used for another
//! version than theirs.

use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_app::ports::{Applied, DayKey, LedgerCommit, LedgerView};
use dayline_domain::report::{
    Counted, Cut, Filter, LocalDays, Period, by_app, by_domain, by_hour, by_period, cut_days, local_days,
};
use dayline_domain::{DaySums, Interval, LocalDate, Piece, UserId, UtcDay, Weekday};

use crate::fakes::FixedZone;
use crate::suites::store::{NOW, StorePorts, commit};
use crate::suites::worked_day::{DAY, Form, WorkedDay, first, grow, piece, record};
use crate::suites::{Fact, SpoiltSums};

use super::dice::Dice;

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("sums_are_those_of_the_pieces_after_any_commits", |s| {
        Box::pin(sums_are_those_of_the_pieces_after_any_commits(s))
    }),
    Fact::new("sums_are_only_those_of_a_folds_very_version", |s| {
        Box::pin(sums_are_only_those_of_a_folds_very_version(s))
    }),
    Fact::new("days_that_are_cut_are_read_as_pieces", |s| Box::pin(days_that_are_cut_are_read_as_pieces(s))),
    Fact::new("a_day_without_sums_of_its_version_is_read_as_pieces", |s| {
        Box::pin(a_day_without_sums_of_its_version_is_read_as_pieces(s))
    }),
    Fact::new("a_report_of_a_year_of_sums_is_that_of_its_pieces", |s| {
        Box::pin(a_report_of_a_year_of_sums_is_that_of_its_pieces(s))
    }),
    Fact::new("a_person_who_is_gone_has_no_sums", |s| Box::pin(a_person_who_is_gone_has_no_sums(s))),
];

/// Asserts that a stretch read as sums says the same as read as pieces, and that nothing but
/// `pieces_of` is pieces.
async fn assert_summed(
    store: &StorePorts,
    user: UserId,
    all: Interval,
    cut: &[UtcDay],
    pieces_of: &[UtcDay],
) {
    let whole = store.reader.read(user, all).await.unwrap();
    let mut summed = store.reader.read_sums(user, all, cut.to_vec()).await.unwrap();
    assert_eq!(summed.marks, whole.marks);
    // Days on which nothing counts have no pieces by which to know them.
    summed.sums.retain(|sums| !sums.sources().is_empty());
    let mut days = BTreeMap::<UtcDay, Vec<Piece>>::new();
    for piece in whole.counted {
        days.entry(piece.interval.start().day()).or_default().push(piece);
    }
    let (pieces, sums): (Vec<_>, Vec<_>) = days.into_iter().partition(|(day, _)| pieces_of.contains(day));
    let sums: Vec<DaySums> = sums.iter().map(|(day, pieces)| DaySums::of(*day, pieces)).collect();
    assert_eq!(summed.sums, sums);
    assert_eq!(summed.counted, pieces.into_iter().flat_map(|(_, pieces)| pieces).collect::<Vec<_>>());
}

fn days(first: i32, last: i32) -> Interval {
    UtcDay(DAY.0 + first).interval().hull(UtcDay(DAY.0 + last).interval())
}

async fn sums_are_those_of_the_pieces_after_any_commits(store: StorePorts) {
    let mut dice = Dice(41);
    let users = [store.register(1).await.id, store.register(2).await.id];
    let mut known = BTreeMap::<DayKey, WorkedDay>::new();
    for step in 0..60 {
        let key = DayKey { user: users[dice.below(2) as usize], day: UtcDay(DAY.0 + dice.below(3) as i32) };
        let day = known.entry(key).or_insert_with(|| WorkedDay::empty(key.day));
        if dice.below(3) == 0 {
            *day = WorkedDay::of(&store.day(key.user, key.day).await);
        }
        let seen: Vec<_> = (0..=dice.below(12)).map(|_| dice.observation(key.day)).collect();
        let form = if dice.below(3) == 0 { Form::Growing } else { Form::Folded };
        let writes = day.record(form, &seen).map(|write| (key.user, write)).into_iter().collect();
        let next = LedgerCommit { days: writes, ..commit(step, step + 1) };
        assert_eq!(store.writer.apply(Arc::new(next)).await, Ok(Applied::Done));
        for user in users.into_iter().filter(|_| step % 5 == 0) {
            let growing = known.iter().filter(|(key, day)| key.user == user && day.form == Form::Growing);
            let growing: Vec<UtcDay> = growing.map(|(key, _)| key.day).collect();
            assert_summed(&store, user, days(-1, 3), &[], &growing).await;
        }
    }
}

async fn sums_are_only_those_of_a_folds_very_version(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut day = WorkedDay::empty(DAY);
    let read = async || store.reader.read_sums(user, DAY.interval(), Vec::new()).await.unwrap();
    store.write(user, [grow(&mut day, &[piece("A", 0, 10)])]).await;
    assert_eq!((read().await.sums, read().await.counted), (vec![], vec![piece("A", 0, 10)]));
    for n in 1..4 {
        store.write(user, [day.fold()]).await;
        assert_eq!((read().await.sums, read().await.counted), (vec![day.day.sums()], vec![]));
        store.write(user, [grow(&mut day, &[piece("A", 100 * n, 100 * n + 10)])]).await;
        let view = read().await;
        assert_eq!((view.sums, view.counted), (vec![], day.day.counted().collect::<Vec<_>>()));
    }
}

/// A person who uses something at the beginning and the end of each of the days from [`DAY`] on.
async fn with_days(store: &StorePorts, count: i32) -> UserId {
    let user = store.register(1).await.id;
    let mut dice = Dice(count as u64);
    let write = |n| {
        let day = UtcDay(DAY.0 + n);
        let pings: Vec<_> = (0..9).map(|_| dice.ping(day)).collect();
        WorkedDay::empty(day).record(Form::Folded, &pings).unwrap()
    };
    let writes: Vec<_> = (0..count).map(write).collect();
    store.write(user, writes).await;
    user
}

async fn days_that_are_cut_are_read_as_pieces(store: StorePorts) {
    let user = with_days(&store, 5).await;
    let day = |n| UtcDay(DAY.0 + n);
    for cut in [vec![], vec![day(0)], vec![day(1), day(2), day(4)], (-1..7).map(day).collect()] {
        assert_summed(&store, user, days(0, 4), &cut, &cut).await;
    }
    // Of a day that is cut and lies in the interval in part: the pieces that touch it, whole.
    let noon = |n| day(n).start().plus(43_200_000);
    let interval = Interval::new(noon(0), noon(3)).unwrap();
    let summed = store.reader.read_sums(user, interval, vec![day(0), day(3)]).await.unwrap();
    let mut expected = store.reader.read(user, interval).await.unwrap();
    assert!(expected.counted.iter().any(|piece| piece.interval.start() < noon(1)));
    expected.counted.retain(|piece| [day(0), day(3)].contains(&piece.interval.start().day()));
    assert_eq!((&summed.counted, &summed.marks), (&expected.counted, &expected.marks));
    assert!(summed.sums.iter().map(DaySums::day).eq([day(1), day(2)]));
}

async fn a_day_without_sums_of_its_version_is_read_as_pieces(store: StorePorts) {
    for (n, how) in (1..).zip([SpoiltSums::Missing, SpoiltSums::Outdated, SpoiltSums::Unreadable]) {
        let user = store.register(n).await.id;
        let tomorrow = UtcDay(DAY.0 + 1);
        let ping = Dice(n).ping(tomorrow);
        let tomorrow = WorkedDay::empty(tomorrow).record(Form::Folded, &[ping]).unwrap();
        store.write(user, [first(&[piece("Code", 0, 60), piece("Mail", 30, 40)]), tomorrow]).await;
        store.spoil(user, DAY, how).await;
        let view = store.reader.read_sums(user, days(0, 1), Vec::new()).await.unwrap();
        assert!(!view.sums.iter().any(|sums| sums.day() == DAY), "{how:?}");
        let pieces: i64 =
            view.counted.iter().filter_map(|p| p.interval.clip(DAY.interval())).map(Interval::ms).sum();
        assert_eq!(pieces, 60_000, "{how:?}");
        // The next fold brings sums again.
        let mut day = WorkedDay::of(&store.day(user, DAY).await);
        store.write(user, [record(&mut day, &[piece("Code", 100, 110)])]).await;
        assert_summed(&store, user, days(0, 1), &[], &[]).await;
    }
}

async fn a_report_of_a_year_of_sums_is_that_of_its_pieces(store: StorePorts) {
    let user = with_days(&store, 370).await;
    for (n, how) in [(7, SpoiltSums::Missing), (8, SpoiltSums::Outdated), (300, SpoiltSums::Missing)] {
        store.spoil(user, UtcDay(DAY.0 + n), how).await;
    }
    let dates = LocalDate(DAY.0 + 2)..=LocalDate(DAY.0 + 366);
    for offset_s in [0, -5 * 3_600, 20_700, -12_600, 3_208] {
        let zone = FixedZone { name: "Test/Fixed", offset_s };
        let window = local_days(&zone, dates.clone()).unwrap();
        let pieces = store.reader.read(user, window).await.unwrap().counted;
        let (from, to) = (*dates.start(), *dates.end());
        let local = LocalDays { zone: Arc::new(zone), from, to, week_start: Weekday::Monday };
        let read = async |cut| -> LedgerView {
            store.reader.read_sums(user, window, cut_days(&local, cut, &Filter::ALL)).await.unwrap()
        };
        for period in [Period::Day, Period::Week, Period::Month] {
            let view = read(Cut::Periods(period)).await;
            assert_eq!(by_period(view.as_counted(), &local, period), by_period(&pieces, &local, period));
        }
        let some =
            Filter { app: pieces.first().map(|piece| piece.source.activity.app.clone()), ..Filter::ALL };
        let months = Cut::Periods(Period::Month);
        let view = store.reader.read_sums(user, window, cut_days(&local, months, &some)).await.unwrap();
        let of_pieces = Counted { filter: &some, ..Counted::from(&pieces) };
        let of_pieces = by_period(of_pieces, &local, Period::Month);
        assert!(of_pieces.iter().all(|(_, ms)| *ms > 0) && view.sums.len() > 300, "{of_pieces:?}");
        let of_sums = Counted { filter: &some, ..view.as_counted() };
        assert_eq!(by_period(of_sums, &local, Period::Month), of_pieces);
        let view = read(Cut::Whole).await;
        assert!(
            view.sums.len() > 350 && view.counted.len() < 60,
            "{} and {}",
            view.sums.len(),
            view.counted.len()
        );
        assert_eq!(by_app(view.as_counted(), window), by_app(&pieces, window), "{offset_s}");
        assert_eq!(by_domain(view.as_counted(), window), by_domain(&pieces, window), "{offset_s}");
        let view = read(Cut::Hours).await;
        assert_eq!(by_hour(view.as_counted(), &zone, dates.clone()), by_hour(&pieces, &zone, dates.clone()));
    }
}

async fn a_person_who_is_gone_has_no_sums(store: StorePorts) {
    let user = with_days(&store, 2).await;
    store.accounts.delete(user, NOW).await.unwrap().unwrap();
    let view = store.reader.read_sums(user, days(0, 1), vec![DAY]).await.unwrap();
    assert_eq!(view, LedgerView::default());
}
