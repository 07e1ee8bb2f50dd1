//! Days of the rule's first edition, of which only pieces were kept: they load as what was used, and
//! become days of the second edition with the first write.

use std::sync::Arc;

use dayline_app::ports::{DayKey, Edition, Settling, StateWrite};
use dayline_domain::timeline::window::Window;
use dayline_domain::{
    Activity, AppName, Choices, DaySums, DeviceId, Domain, Hours, Interval, LedgerDay, Observation, Piece,
    Preferences, Source, Terms, UserId, UtcDay,
};

use crate::suites::Fact;
use crate::suites::device_book::merge;
use crate::suites::store::{NOW, StorePorts, in_order};
use crate::suites::worked_day::{DAY, Form, WorkedDay, as_use, as_uses, piece, record, sorted};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_day_of_the_first_edition_loads_as_uses", |s| {
        Box::pin(a_day_of_the_first_edition_loads_as_uses(s))
    }),
    Fact::new("a_day_of_the_first_edition_is_read_as_it_was", |s| {
        Box::pin(a_day_of_the_first_edition_is_read_as_it_was(s))
    }),
    Fact::new("a_day_of_the_first_edition_comes_with_its_neighbours_within_two_hours", |s| {
        Box::pin(a_day_of_the_first_edition_comes_with_its_neighbours_within_two_hours(s))
    }),
    Fact::new("a_day_never_written_comes_with_its_neighbours_of_the_first_edition", |s| {
        Box::pin(a_day_never_written_comes_with_its_neighbours_of_the_first_edition(s))
    }),
    Fact::new("what_a_neighbour_knows_stays_known_when_it_has_changed_its_edition", |s| {
        Box::pin(what_a_neighbour_knows_stays_known_when_it_has_changed_its_edition(s))
    }),
    Fact::new("a_day_of_the_second_edition_has_its_own_state_alone", |s| {
        Box::pin(a_day_of_the_second_edition_has_its_own_state_alone(s))
    }),
    Fact::new("the_first_write_makes_a_day_one_of_the_second_edition", |s| {
        Box::pin(the_first_write_makes_a_day_one_of_the_second_edition(s))
    }),
    Fact::new("days_of_the_first_edition_are_not_left_to_settle", |s| {
        Box::pin(days_of_the_first_edition_are_not_left_to_settle(s))
    }),
    Fact::new("a_person_who_is_gone_has_no_days_of_the_first_edition", |s| {
        Box::pin(a_person_who_is_gone_has_no_days_of_the_first_edition(s))
    }),
];

fn day(n: i32) -> UtcDay {
    UtcDay(DAY.0 + n)
}

/// A piece of a phone's app with a domain, from an instant of a day on, in minutes.
fn phone(n: i32, start: i64, end: i64) -> Piece {
    let at = |minutes: i64| day(n).start().plus(minutes * 60_000);
    let activity = Activity {
        domain: Some(Domain::new("old.example").unwrap()),
        ..Activity::of(AppName::new("Web").unwrap())
    };
    let source = Source { device: DeviceId::new("phone").unwrap(), activity: Arc::new(activity) };
    Piece { source: Arc::new(source), interval: Interval::new(at(start), at(end)).unwrap() }
}

/// Pieces as the first edition made them: gaps between them, and outranked ones that overlap.
fn old_pieces() -> (Vec<Piece>, Vec<Piece>) {
    let counted = vec![piece("Code", 0, 10), piece("Mail", 10, 20), phone(0, 1, 2), piece("Code", 300, 400)];
    let outranked = vec![piece("Chat", 5, 15), piece("Code", 10, 20), piece("Mail", 12, 20)];
    (counted, outranked)
}

async fn planted(store: &StorePorts) -> UserId {
    let user = store.register(1).await.id;
    let (counted, outranked) = old_pieces();
    store.plant(DayKey { user, day: DAY }, &counted, &outranked).await;
    user
}

async fn a_day_of_the_first_edition_loads_as_uses(store: StorePorts) {
    let user = planted(&store).await;
    let (counted, outranked) = old_pieces();
    let stored = store.day(user, DAY).await;
    assert_eq!((stored.day, stored.edition, stored.has_tail), (DAY, Edition::First, false));
    assert!(stored.version > 0);
    assert_eq!(stored.counted, counted);
    assert_eq!(stored.observations, sorted(&as_uses(&[counted, outranked].concat())));
    assert_eq!((&stored.recent, &stored.corrections), (&vec![], &vec![]));
    assert_eq!(stored.settled_by, stored.terms);
    let read = store.reader.days(user, vec![DAY]).await.unwrap().remove(0);
    assert_eq!(in_order(read), stored);
}

async fn a_day_of_the_first_edition_is_read_as_it_was(store: StorePorts) {
    let user = planted(&store).await;
    store.plant(DayKey { user, day: day(1) }, &[phone(1, 0, 5)], &[]).await;
    let (counted, _) = old_pieces();
    let view = store.reader.read(user, DAY.interval()).await.unwrap();
    assert_eq!(view.counted, counted);
    let summed = store.reader.read_sums(user, DAY.interval(), Vec::new()).await.unwrap();
    let in_pieces = DaySums::of(DAY, &summed.counted);
    assert!(summed.sums.first().unwrap_or(&in_pieces) == &DaySums::of(DAY, &counted));
    assert_eq!(summed.marks, view.marks);
    let both = store.reader.marks(user, DAY.interval().hull(day(1).interval())).await.unwrap();
    assert_eq!(both.iter().map(|(day, _)| *day).collect::<Vec<_>>(), [DAY, day(1)]);
    assert_ne!(both[0].1, both[1].1);
    assert_eq!(store.reader.extent(user).await.unwrap(), Some((DAY, day(1))));
    let devices = store.reader.devices(user).await.unwrap();
    let last = devices.iter().map(|device| (device.id.as_str(), device.last_counted));
    let ends = [("laptop", counted[3].interval.end()), ("phone", phone(1, 0, 5).interval.end())];
    assert!(last.eq(ends.map(|(id, end)| (id, Some(end)))));
}

/// Pieces of the days before and after `n` that lie within two hours of it, over the border of that,
/// and beyond; each day with an outranked one.
fn neighbours(n: i32) -> [(UtcDay, Vec<Piece>, Vec<Piece>); 2] {
    let before = vec![phone(n - 1, 0, 60), phone(n - 1, 21 * 60, 23 * 60)];
    let before_outranked = vec![phone(n - 1, 22 * 60, 24 * 60)];
    let after = vec![phone(n + 1, 60, 180), phone(n + 1, 200, 300)];
    let after_outranked = vec![phone(n + 1, 0, 1), phone(n + 1, 120, 130)];
    [(day(n - 1), before, before_outranked), (day(n + 1), after, after_outranked)]
}

/// Which of [`neighbours`] lies in the window of `n`, cut to it.
fn near(n: i32) -> Vec<Observation> {
    let pieces = [
        phone(n - 1, 22 * 60, 23 * 60),
        phone(n - 1, 22 * 60, 24 * 60),
        phone(n + 1, 60, 120),
        phone(n + 1, 0, 1),
    ];
    as_uses(&pieces)
}

async fn a_day_of_the_first_edition_comes_with_its_neighbours_within_two_hours(store: StorePorts) {
    let user = planted(&store).await;
    let other = store.register(2).await.id;
    for (day, counted, outranked) in neighbours(0) {
        store.plant(DayKey { user, day }, &counted, &outranked).await;
        store.plant(DayKey { user: other, day }, &[phone(day.0 - DAY.0, 0, 1_440)], &[]).await;
    }
    // Days that are no neighbours do not matter.
    store.plant(DayKey { user, day: day(-2) }, &[phone(-2, 0, 1_440)], &[]).await;
    store.plant(DayKey { user, day: day(2) }, &[phone(2, 0, 1_440)], &[]).await;
    let (counted, outranked) = old_pieces();
    let own = as_uses(&[counted.clone(), outranked].concat());
    let stored = store.day(user, DAY).await;
    assert_eq!(stored.observations, sorted(&[own, near(0)].concat()));
    assert_eq!(stored.counted, counted);
}

async fn a_day_never_written_comes_with_its_neighbours_of_the_first_edition(store: StorePorts) {
    let user = store.register(1).await.id;
    for (day, counted, outranked) in neighbours(0) {
        store.plant(DayKey { user, day }, &counted, &outranked).await;
    }
    let stored = store.day(user, DAY).await;
    assert_eq!((stored.version, stored.edition), (0, Edition::Second));
    assert_eq!((stored.counted, stored.recent), (vec![], vec![]));
    assert_eq!(stored.observations, sorted(&near(0)));
    let read = store.reader.days(user, vec![DAY]).await.unwrap().remove(0);
    assert_eq!(in_order(read).observations, sorted(&near(0)));
}

/// What a day of the first edition shares with a neighbour is still known after the neighbour has
/// taken it over into a state of its own.
async fn what_a_neighbour_knows_stays_known_when_it_has_changed_its_edition(store: StorePorts) {
    let user = planted(&store).await;
    for (day, counted, outranked) in neighbours(0) {
        store.plant(DayKey { user, day }, &counted, &outranked).await;
    }
    let mut known = store.day(user, DAY).await.observations;
    for (n, form, minute) in [(-1, Form::Growing, 23 * 60 + 30), (1, Form::Folded, 90)] {
        let mut neighbour = WorkedDay::of(&store.day(user, day(n)).await);
        let noon = as_use(&phone(n, 720, 721));
        store.write(user, neighbour.record(Form::Folded, &[noon])).await;
        // And something new near the day, of one neighbour among what is recent.
        let late = as_use(&phone(n, minute, 24 * 60));
        store.write(user, neighbour.record(form, std::slice::from_ref(&late))).await;
        known.extend(late.clip(Window::of(DAY).interval()));
    }
    let stored = store.day(user, DAY).await;
    assert_eq!(stored.edition, Edition::First);
    // Parts of it may have been united; what is known in all is the same.
    assert_eq!(united(&stored.observations), united(&known));
}

fn united(observations: &[Observation]) -> Vec<Observation> {
    let day = LedgerDay::restore(DAY, 0, Choices::default(), observations.iter().cloned(), []);
    sorted(&day.observations().collect::<Vec<_>>())
}

async fn a_day_of_the_second_edition_has_its_own_state_alone(store: StorePorts) {
    let user = store.register(1).await.id;
    store.write(user, [record(&mut WorkedDay::empty(DAY), &[piece("Code", 0, 10)])]).await;
    for (day, counted, outranked) in neighbours(0) {
        store.plant(DayKey { user, day }, &counted, &outranked).await;
    }
    let stored = store.day(user, DAY).await;
    assert_eq!(stored.edition, Edition::Second);
    assert_eq!(stored.observations, as_uses(&[piece("Code", 0, 10)]));
}

async fn the_first_write_makes_a_day_one_of_the_second_edition(store: StorePorts) {
    let user = planted(&store).await;
    let (_, outranked) = old_pieces();
    let before = store.reader.marks(user, DAY.interval()).await.unwrap();
    let mut day = WorkedDay::of(&store.day(user, DAY).await);
    let write = record(&mut day, &[piece("Zoom", 500, 510)]);
    let marked = write.mark;
    store.write(user, [write]).await;
    let stored = store.day(user, DAY).await;
    assert_eq!(stored.edition, Edition::Second);
    day.assert_is(&stored);
    assert_eq!(store.reader.marks(user, DAY.interval()).await.unwrap(), [(DAY, marked)]);
    assert_ne!(before, [(DAY, marked)]);
    let summed = store.reader.read_sums(user, DAY.interval(), Vec::new()).await.unwrap();
    assert_eq!((summed.sums, summed.counted), (vec![day.day.sums()], vec![]));
    // Nothing is left of what was outranked: when the state that had taken it in goes, all goes.
    let mut emptied = day.fold();
    let hours = (0..Hours::IN_WINDOW).map(|hour| (hour, Vec::new())).collect();
    emptied.state = StateWrite::Folded { hours, sums: day.day.sums() };
    store.write(user, [emptied]).await;
    assert_eq!(store.day(user, DAY).await.observations, []);
    assert!(!outranked.is_empty());
    // From now on it may be written in any form.
    let mut day = WorkedDay::of(&store.day(user, DAY).await);
    let grown = day.record(Form::Growing, &[as_use(&piece("Zoom", 600, 610))]);
    store.write(user, grown).await;
    day.assert_is(&store.day(user, DAY).await);
}

async fn days_of_the_first_edition_are_not_left_to_settle(store: StorePorts) {
    let user = planted(&store).await;
    let choices = Choices { audible_counts: false, ..Choices::default() };
    let preferences = Preferences { choices, ..Preferences::default() };
    assert!(store.preferences.set_preferences(user, preferences).await.unwrap());
    merge(&store, user, "phone", "laptop").await;
    let terms = Terms { choices, merges: store.device_book.merges(user).await.unwrap() };
    let day = store.day(user, DAY).await;
    assert_eq!((&day.terms, &day.settled_by), (&terms, &terms));
    assert_eq!(store.reader.settling(user).await.unwrap(), Settling { days: 1, left: 0 });
}

async fn a_person_who_is_gone_has_no_days_of_the_first_edition(store: StorePorts) {
    let user = planted(&store).await;
    store.accounts.delete(user, NOW).await.unwrap().unwrap();
    // With the same identity even, which no real person ever gets again.
    store.register(1).await;
    for n in [-1, 0, 1] {
        let stored = store.day(user, day(n)).await;
        assert_eq!((stored.version, stored.observations, stored.counted), (0, vec![], vec![]));
    }
    assert_eq!(store.reader.extent(user).await.unwrap(), None);
}
