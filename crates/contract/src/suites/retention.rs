//! What every store keeps of what is past: who is looked at, what goes, and that nothing else does.

use dayline_app::ports::{DayKey, KeptPerson, LedgerView, LoadedDay, Past};
use dayline_domain::timeline::window::Window;
use dayline_domain::{DAY_MS, DayStart, Interval, Piece, Preferences, Retention, UserId, UtcDay, UtcMs};

use super::Fact;
use super::ledger::corrections::{entry, erasure};
use super::store::{NOW, StorePorts, dead_letter, person};
use super::worked_day::{DAY, WorkedDay, grow, piece, record};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("people_are_found_by_their_choice_their_border_or_an_old_day", |s| {
        Box::pin(people_are_found_by_their_choice_their_border_or_an_old_day(s))
    }),
    Fact::new("people_are_found_a_page_at_a_time", |s| Box::pin(people_are_found_a_page_at_a_time(s))),
    Fact::new("a_day_before_the_border_says_so_whether_or_not_it_is_stored", |s| {
        Box::pin(a_day_before_the_border_says_so_whether_or_not_it_is_stored(s))
    }),
    Fact::new("what_is_past_is_told_and_goes_and_nothing_else_does", |s| {
        Box::pin(what_is_past_is_told_and_goes_and_nothing_else_does(s))
    }),
    Fact::new("a_day_that_went_is_stale_for_who_has_it_in_memory", |s| {
        Box::pin(a_day_that_went_is_stale_for_who_has_it_in_memory(s))
    }),
    Fact::new("corrections_go_once_they_say_nothing_of_the_window_of_a_kept_day", |s| {
        Box::pin(corrections_go_once_they_say_nothing_of_the_window_of_a_kept_day(s))
    }),
    Fact::new("dead_letters_of_before_go", |s| Box::pin(dead_letters_of_before_go(s))),
    Fact::new("names_that_nothing_refers_to_any_more_go", |s| {
        Box::pin(names_that_nothing_refers_to_any_more_go(s))
    }),
];

fn day(n: i32) -> UtcDay {
    UtcDay(DAY.0 + n)
}

/// A piece of another day, as one of [`DAY`] would be.
fn on(n: i32, Piece { source, interval }: Piece) -> Piece {
    let moved = |at: UtcMs| at.plus(i64::from(n) * DAY_MS);
    Piece { source, interval: Interval::new(moved(interval.start()), moved(interval.end())).unwrap() }
}

/// Stores a day with two pieces, one of them the tail.
async fn store_day(store: &StorePorts, user: UserId, n: i32, app: &str) -> WorkedDay {
    let mut worked = WorkedDay::empty(day(n));
    let pings = [on(n, piece(app, 3_600, 3_660)), on(n, piece("Mail", 7_200, 7_260))];
    store.write(user, [grow(&mut worked, &pings)]).await;
    worked
}

async fn all(store: &StorePorts, user: UserId) -> LedgerView {
    let everything = Interval::new(day(-400).start(), day(400).start()).unwrap();
    store.reader.read(user, everything).await.unwrap()
}

async fn is_past(store: &StorePorts, user: UserId, n: i32) -> bool {
    match store.writer.load(vec![DayKey { user, day: day(n) }]).await.unwrap().pop() {
        Some(LoadedDay::Day(stored)) => stored.is_past,
        other => panic!("a day is {other:?}"),
    }
}

async fn choose(store: &StorePorts, user: UserId, keep: &str) -> Preferences {
    let keep: Retention = keep.parse().unwrap();
    let preferences = Preferences { keep: Some(keep), ..Preferences::default() };
    assert_eq!(store.preferences.set_preferences(user, preferences).await, Ok(true));
    preferences
}

async fn people_are_found_by_their_choice_their_border_or_an_old_day(store: StorePorts) {
    let [choosing, bordered, old, young] = [1, 2, 3, 4].map(|n| person(n).id);
    for n in 1..=4 {
        store.register(n).await;
    }
    let preferences = choose(&store, choosing, "18mo").await;
    assert_eq!(store.preferences.preferences(choosing).await, Ok(Some(preferences)));
    assert_eq!(store.retention.keep_from(bordered, Some(DAY)).await, Ok(true));
    store_day(&store, old, -1, "Code").await;
    store_day(&store, young, 0, "Code").await;
    let of = |user| KeptPerson {
        user,
        timezone: "Europe/Berlin".to_owned(),
        day_start: DayStart::default(),
        keep: None,
        kept_from: None,
    };
    let expected = [
        KeptPerson { keep: preferences.keep, ..of(choosing) },
        KeptPerson { kept_from: Some(DAY), ..of(bordered) },
    ];
    assert_eq!(store.retention.people(None, None, 9).await.as_deref(), Ok(&expected[..]));
    let with_old = [expected.as_slice(), &[of(old)]].concat();
    assert_eq!(store.retention.people(None, Some(DAY), 9).await, Ok(with_old));
    // Without a border one is not looked at any more.
    assert_eq!(store.retention.keep_from(bordered, None).await, Ok(true));
    assert_eq!(store.retention.people(None, None, 9).await.as_deref(), Ok(&expected[..1]));
    assert_eq!(store.retention.keep_from(person(9).id, Some(DAY)).await, Ok(false));
}

async fn people_are_found_a_page_at_a_time(store: StorePorts) {
    for n in 1..=5 {
        let user = store.register(n).await.id;
        choose(&store, user, "1d").await;
    }
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let page = store.retention.people(after, None, 2).await.unwrap();
        found.extend(page.iter().map(|person| person.user));
        after = page.last().map(|person| person.user);
        if page.len() < 2 {
            break;
        }
    }
    assert_eq!(found, (1..=5).map(|n| person(n).id).collect::<Vec<_>>());
}

async fn a_day_before_the_border_says_so_whether_or_not_it_is_stored(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    store_day(&store, user, -1, "Code").await;
    assert!(!is_past(&store, user, -1).await);
    assert_eq!(store.retention.keep_from(user, Some(DAY)).await, Ok(true));
    assert!(is_past(&store, user, -1).await && is_past(&store, user, -300).await);
    assert!(!is_past(&store, user, 0).await && !is_past(&store, other, -1).await);
    // A border may go back, or away.
    assert_eq!(store.retention.keep_from(user, Some(day(-1))).await, Ok(true));
    assert!(!is_past(&store, user, -1).await && is_past(&store, user, -2).await);
    assert_eq!(store.retention.keep_from(user, None).await, Ok(true));
    assert!(!is_past(&store, user, -300).await);
}

async fn what_is_past_is_told_and_goes_and_nothing_else_does(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    for n in [-40, -3, -1] {
        store_day(&store, user, n, "Old").await;
    }
    let mut kept = store_day(&store, user, 0, "Code").await;
    store_day(&store, other, -3, "Other").await;
    let (kept_before, others) = (store.day(user, DAY).await, all(&store, other).await);
    let past = store.retention.measure(user, DAY).await.unwrap();
    assert_eq!((past.days, past.pieces), (3, 6));
    assert!(past.bytes > 0);
    let first = store.retention.past_days(user, DAY, 2).await;
    assert_eq!(first, Ok(vec![day(-40), day(-3)]));

    assert_eq!(store.retention.remove(user, day(-2)).await, Ok(2));
    assert_eq!(store.retention.past_days(user, DAY, 9).await, Ok(vec![day(-1)]));
    assert_eq!(store.retention.remove(user, DAY).await, Ok(1));
    assert_eq!(store.retention.remove(user, DAY).await, Ok(0));
    assert_eq!(store.retention.measure(user, DAY).await, Ok(Past::default()));
    let view = all(&store, user).await;
    assert_eq!(view.marks.iter().map(|(day, _)| *day).collect::<Vec<_>>(), [DAY]);
    assert!(view.counted.iter().all(|piece| piece.interval.start() >= DAY.start()));
    assert_eq!(store.day(user, DAY).await, kept_before);
    assert_eq!(all(&store, other).await, others);
    assert_eq!(store.reader.extent(user).await, Ok(Some((DAY, DAY))));
    // A gone day is one that was never stored, and what is kept goes on as if nothing had been.
    let gone = store.day(user, day(-1)).await;
    assert_eq!((gone.version, gone.observations, gone.counted), (0, Vec::new(), Vec::new()));
    store.write(user, [record(&mut kept, &[piece("Code", 9_000, 9_060)])]).await;
    kept.assert_is(&store.day(user, DAY).await);
}

async fn a_day_that_went_is_stale_for_who_has_it_in_memory(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut hot = store_day(&store, user, -1, "Code").await;
    assert_eq!(store.retention.remove(user, DAY).await, Ok(1));
    let late = record(&mut hot, &[on(-1, piece("Code", 9_000, 9_060))]);
    assert_eq!(store.apply(vec![(user, late)]).await, Ok(dayline_app::ports::Applied::Stale));
    // If it comes to be kept again, it begins anew.
    store_day(&store, user, -1, "Again").await;
    assert_eq!(store.day(user, day(-1)).await.version, 1);
}

async fn corrections_go_once_they_say_nothing_of_the_window_of_a_kept_day(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    let border = Window::of(DAY).interval().start();
    let before = |from: i64, to: i64| Interval::new(border.plus(from), border.plus(to)).unwrap();
    let gone = [entry(1, 10, "Walk", before(-90_000, -60_000)), erasure(2, 11, before(-60_000, 0))];
    let kept = [entry(3, 12, "Talk", before(-60_000, 1)), erasure(4, 13, before(0, 60_000))];
    store.keep(user, gone.iter().chain(&kept).cloned()).await;
    store.keep(other, gone.clone()).await;
    store.retention.remove(user, DAY).await.unwrap();
    assert_eq!(store.reader.corrections(user, None).await.as_deref(), Ok(&kept[..]));
    assert_eq!(store.reader.corrections(other, None).await.as_deref(), Ok(&gone[..]));
    store.retention.forget_names(user).await.unwrap();
    assert_eq!(store.reader.corrections(user, None).await.as_deref(), Ok(&kept[..]));
}

async fn dead_letters_of_before_go(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    store.bury(vec![dead_letter(Some(user), "hers"), dead_letter(Some(other), "his")]).await;
    let after_now = UtcDay(NOW.day().0 + 1);
    store.retention.remove(user, NOW.day()).await.unwrap();
    assert_eq!(store.dead_letters.count().await, Ok(2));
    store.retention.remove(user, after_now).await.unwrap();
    let left = store.dead_letters.list(0, 9).await.unwrap();
    assert_eq!(left.iter().map(|stored| stored.letter.user).collect::<Vec<_>>(), [Some(other)]);
}

async fn names_that_nothing_refers_to_any_more_go(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut old = WorkedDay::empty(day(-1));
    let mut secret = on(-1, piece("Secret", 60, 120));
    secret.source = dayline_domain::Source::new("old phone", "Secret", None).unwrap();
    store.write(user, [grow(&mut old, &[secret])]).await;
    let mut kept = store_day(&store, user, 0, "Code").await;
    store.retention.remove(user, DAY).await.unwrap();
    store.retention.forget_names(user).await.unwrap();
    let devices = store.reader.devices(user).await.unwrap();
    assert_eq!(devices.iter().map(|device| device.id.as_str()).collect::<Vec<_>>(), ["laptop"]);
    // Names that are still there, and new ones, have their numbers.
    store.write(user, [record(&mut kept, &[piece("Code", 9_000, 9_060), piece("New", 9_100, 9_160)])]).await;
    kept.assert_is(&store.day(user, DAY).await);
}
