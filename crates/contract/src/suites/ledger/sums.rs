//! The sums of days: the same as of their pieces whatever was committed, and never used for another
//! version than theirs.

use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_app::ports::{Applied, DayKey, LedgerCommit, LedgerView};
use dayline_domain::report::{Cut, by_app, by_day, by_domain, by_hour, cut_days, local_days};
use dayline_domain::{Bridge, DaySums, Interval, LedgerDay, LocalDate, Piece, UserId, UtcDay};

use crate::fakes::FixedZone;
use crate::suites::store::{DAY, NOW, StorePorts, commit, first, piece, record};
use crate::suites::{Fact, SpoiltSums};

use super::days::Dice;

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("sums_are_those_of_the_pieces_after_any_commits", |s| {
        Box::pin(sums_are_those_of_the_pieces_after_any_commits(s))
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
    let whole = store.reader.read(user, all, false).await.unwrap();
    let summed = store.reader.read_sums(user, all, cut.to_vec()).await.unwrap();
    assert_eq!((&summed.versions, &summed.outranked), (&whole.versions, &whole.outranked));
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
    let mut known = BTreeMap::<DayKey, LedgerDay>::new();
    for step in 0..60 {
        let key = DayKey { user: users[dice.below(2) as usize], day: UtcDay(DAY.0 + dice.below(3) as i32) };
        let day = known.entry(key).or_insert_with(|| LedgerDay::empty(key.day));
        if dice.below(3) == 0 {
            *day = store.day(key.user, key.day).await;
        }
        let pings: Vec<_> = (0..=dice.below(12)).map(|_| dice.ping(key.day)).collect();
        let change = day.record(&pings, Bridge(5_000));
        let changes = change.map(|change| (key.user, change)).into_iter().collect();
        let next = LedgerCommit { changes, ..commit(step, step + 1) };
        assert_eq!(store.writer.apply(Arc::new(next)).await, Ok(Applied::Done));
        if step % 5 == 0 {
            for user in users {
                assert_summed(&store, user, days(-1, 3), &[], &[]).await;
            }
        }
    }
}

/// A person who uses something at the beginning and the end of each of the days from [`DAY`] on.
async fn with_days(store: &StorePorts, count: i32) -> UserId {
    let user = store.register(1).await.id;
    let mut dice = Dice(count as u64);
    let change = |n| {
        let mut day = LedgerDay::empty(UtcDay(DAY.0 + n));
        let pings: Vec<_> = (0..9).map(|_| dice.ping(day.day())).collect();
        (user, day.record(&pings, Bridge(0)).unwrap())
    };
    let changes = (0..count).map(change).collect();
    assert_eq!(store.apply(changes).await, Ok(Applied::Done));
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
    let mut expected = store.reader.read(user, interval, false).await.unwrap();
    assert!(expected.counted.iter().any(|piece| piece.interval.start() < noon(1)));
    expected.counted.retain(|piece| [day(0), day(3)].contains(&piece.interval.start().day()));
    assert_eq!((&summed.counted, &summed.versions), (&expected.counted, &expected.versions));
    assert!(summed.sums.iter().map(DaySums::day).eq([day(1), day(2)]));
}

async fn a_day_without_sums_of_its_version_is_read_as_pieces(store: StorePorts) {
    for (n, how) in (1..).zip([SpoiltSums::Missing, SpoiltSums::Outdated, SpoiltSums::Unreadable]) {
        let user = store.register(n).await.id;
        let mut changes = vec![(user, first(&[piece("Code", 0, 60), piece("Mail", 30, 40)]))];
        let tomorrow =
            LedgerDay::empty(UtcDay(DAY.0 + 1)).record(&[Dice(n).ping(UtcDay(DAY.0 + 1))], Bridge(0));
        changes.extend(tomorrow.map(|change| (user, change)));
        assert_eq!(store.apply(changes).await, Ok(Applied::Done));
        store.spoil(user, DAY, how).await;
        let view = store.reader.read_sums(user, days(0, 1), Vec::new()).await.unwrap();
        assert!(!view.sums.iter().any(|sums| sums.day() == DAY), "{how:?}");
        let pieces: i64 =
            view.counted.iter().filter_map(|p| p.interval.clip(DAY.interval())).map(Interval::ms).sum();
        assert_eq!(pieces, 60_000, "{how:?}");
        // The next change brings sums again.
        let mut day = store.day(user, DAY).await;
        let change = record(&mut day, &[piece("Code", 100, 110)]);
        assert_eq!(store.apply(vec![(user, change)]).await, Ok(Applied::Done));
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
        let pieces = store.reader.read(user, window, false).await.unwrap().counted;
        let read = async |cut| -> LedgerView {
            store.reader.read_sums(user, window, cut_days(&zone, dates.clone(), cut)).await.unwrap()
        };
        let view = read(Cut::Whole).await;
        assert!(
            view.sums.len() > 350 && view.counted.len() < 60,
            "{} and {}",
            view.sums.len(),
            view.counted.len()
        );
        assert_eq!(by_app(view.as_counted(), window), by_app(&pieces, window), "{offset_s}");
        assert_eq!(by_domain(view.as_counted(), window), by_domain(&pieces, window), "{offset_s}");
        let (view, dates) = (read(Cut::Days).await, dates.clone());
        assert_eq!(by_day(view.as_counted(), &zone, dates.clone()), by_day(&pieces, &zone, dates.clone()));
        let view = read(Cut::Hours).await;
        assert_eq!(by_hour(view.as_counted(), &zone, dates.clone()), by_hour(&pieces, &zone, dates));
    }
}

async fn a_person_who_is_gone_has_no_sums(store: StorePorts) {
    let user = with_days(&store, 2).await;
    store.accounts.delete(user, NOW).await.unwrap().unwrap();
    let view = store.reader.read_sums(user, days(0, 1), vec![DAY]).await.unwrap();
    assert_eq!(view, LedgerView::default());
}
