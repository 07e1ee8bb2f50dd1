//! The merges by which days are settled, beside those that their person has made since.

use std::sync::Arc;

use dayline_app::ports::Settling;
use dayline_domain::{
    BeatHold, Choices, Correction, CorrectionId, Merges, Observation, Preferences, Says, Source, Subject,
    Terms, UserId, UtcDay,
};

use crate::suites::Fact;
use crate::suites::device_book::{device, merge};
use crate::suites::store::{NOW, StorePorts};
use crate::suites::worked_day::{DAY, Form, WorkedDay, as_use, piece, record, seconds};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_day_comes_with_its_merges_and_its_persons", |s| {
        Box::pin(a_day_comes_with_its_merges_and_its_persons(s))
    }),
    Fact::new("days_settled_by_fewer_merges_are_counted", |s| {
        Box::pin(days_settled_by_fewer_merges_are_counted(s))
    }),
    Fact::new("a_day_that_is_merged_comes_back_so_in_all_its_parts", |s| {
        Box::pin(a_day_that_is_merged_comes_back_so_in_all_its_parts(s))
    }),
    Fact::new("who_is_gone_has_made_no_merges", |s| Box::pin(who_is_gone_has_made_no_merges(s))),
];

async fn merges(store: &StorePorts, user: UserId) -> Merges {
    store.device_book.merges(user).await.unwrap()
}

async fn a_day_comes_with_its_merges_and_its_persons(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    let none = Terms::default();
    let mut day = WorkedDay::empty(DAY);
    store.write(user, [record(&mut day, &[piece("A", 0, 10)])]).await;
    let mut made = Vec::new();
    for (number, (from, into)) in [("old", "laptop"), ("a", "b"), ("b", "laptop")].into_iter().enumerate() {
        merge(&store, user, from, into).await;
        let terms = Terms { merges: merges(&store, user).await, ..Terms::default() };
        let stored = store.day(user, DAY).await;
        assert_eq!((&stored.settled_by, &stored.terms), (made.last().unwrap_or(&none), &terms));
        store.write(user, day.choose(terms.clone())).await;
        // They stay with every form of the day.
        for form in [Form::Growing, Form::Folded] {
            let at = (number * 2 + usize::from(form == Form::Folded)) as i64 * 100 + 100;
            store.write(user, day.record(form, &[as_use(&piece("B", at, at + 10))])).await;
            assert_eq!(store.day(user, DAY).await.settled_by, terms);
        }
        // Of a day that was never written: the person's.
        let never = store.day(user, UtcDay(DAY.0 + 1)).await;
        assert_eq!((&never.settled_by, &never.terms), (&terms, &terms));
        made.push(terms);
    }
    let read = store.day(other, DAY).await;
    assert_eq!((read.settled_by, read.terms), (none.clone(), none));
}

async fn days_settled_by_fewer_merges_are_counted(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    let settling = async |user| store.reader.settling(user).await.unwrap();
    let mut days = [0, 1].map(|n| WorkedDay::empty(UtcDay(DAY.0 + n)));
    for (day, n) in days.iter_mut().zip(0..) {
        let seen = as_use(&piece("A", n * 86_400, n * 86_400 + 10));
        store.write(user, day.record(Form::Growing, &[seen])).await;
    }
    store.write(other, [record(&mut WorkedDay::empty(DAY), &[piece("A", 0, 10)])]).await;
    assert_eq!(settling(user).await, Settling { days: 2, left: 0 });
    merge(&store, user, "old", "laptop").await;
    for left in (0..2).rev() {
        assert_eq!(settling(user).await, Settling { days: 2, left: left + 1 });
        let terms = Terms { merges: merges(&store, user).await, ..Terms::default() };
        store.write(user, days[left as usize].choose(terms)).await;
    }
    assert_eq!(settling(user).await, Settling { days: 2, left: 0 });
    // A day that waits for merges and choices is one.
    merge(&store, user, "older", "laptop").await;
    let choices = Choices { beat_hold: BeatHold::from_minutes(9).unwrap(), ..Choices::default() };
    let preferences = Preferences { choices, ..Preferences::default() };
    assert_eq!(store.preferences.set_preferences(user, preferences).await, Ok(true));
    assert_eq!(settling(user).await, Settling { days: 2, left: 2 });
    let terms = Terms { choices, merges: merges(&store, user).await };
    store.write(user, days[0].choose(terms)).await;
    assert_eq!(settling(user).await, Settling { days: 2, left: 1 });
    assert_eq!(settling(other).await, Settling { days: 1, left: 0 });
}

/// What the laptop's uses are on another device.
fn on(name: &str, seen: &Observation) -> Observation {
    let subject = Subject { device: device(name), seen: seen.subject().seen.clone() };
    Observation::new(Arc::new(subject), seen.interval())
}

async fn a_day_that_is_merged_comes_back_so_in_all_its_parts(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut day = WorkedDay::empty(DAY);
    let seen = [as_use(&piece("A", 0, 10)), on("phone", &as_use(&piece("A", 20, 300)))];
    store.write(user, day.record(Form::Folded, &seen)).await;
    let says =
        Says::Entry { interval: seconds(400, 500), source: Source::new("phone", "Call", None).unwrap() };
    let entry = Correction { id: CorrectionId::from_bits(1), version: 1, says };
    store.keep(user, [entry.clone()]).await;
    store.write(user, day.correct(&[entry])).await;
    // Some of it recent, and a tail.
    let late = on("phone", &as_use(&piece("B", 600, 700)));
    store.write(user, day.record(Form::Growing, &[late])).await;
    day.assert_is(&store.day(user, DAY).await);
    merge(&store, user, "phone", "laptop").await;
    let terms = Terms { merges: merges(&store, user).await, ..Terms::default() };
    store.write(user, day.choose(terms)).await;
    let stored = store.day(user, DAY).await;
    day.assert_is(&stored);
    assert!(stored.counted.iter().all(|piece| piece.source.device == device("laptop")));
    assert!(stored.observations.iter().all(|seen| seen.subject().device == device("laptop")));
    // What both showed is one piece now.
    assert_eq!(stored.counted.len(), 3);
    // And what comes late on the old device.
    let late = on("phone", &as_use(&piece("B", 710, 720)));
    store.write(user, day.record(Form::Growing, &[late])).await;
    day.assert_is(&store.day(user, DAY).await);
}

async fn who_is_gone_has_made_no_merges(store: StorePorts) {
    let user = store.register(1).await.id;
    merge(&store, user, "old", "laptop").await;
    store.write(user, [record(&mut WorkedDay::empty(DAY), &[piece("A", 0, 10)])]).await;
    store.accounts.delete(user, NOW).await.unwrap().unwrap();
    assert_eq!(store.reader.settling(user).await.unwrap(), Settling::default());
    // With the same identity even, which no real person ever gets again.
    store.register(1).await;
    assert_eq!(store.day(user, DAY).await.terms, Terms::default());
}
