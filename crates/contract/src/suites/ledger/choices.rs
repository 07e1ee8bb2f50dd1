//! The choices by which days are settled, beside those that their person has made since.

use dayline_app::ports::{DayWrite, Settling};
use dayline_domain::{BeatHold, Choices, Preferences, UserId, UtcDay, Weekday};

use crate::suites::Fact;
use crate::suites::store::{NOW, StorePorts, person};
use crate::suites::worked_day::{DAY, Form, WorkedDay, added, as_use, by_hand, grow, piece, record};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_day_comes_with_its_choices_and_its_persons", |s| {
        Box::pin(a_day_comes_with_its_choices_and_its_persons(s))
    }),
    Fact::new("days_settled_by_other_choices_are_counted", |s| {
        Box::pin(days_settled_by_other_choices_are_counted(s))
    }),
    Fact::new("nothing_of_a_stranger_is_left_to_settle", |s| {
        Box::pin(nothing_of_a_stranger_is_left_to_settle(s))
    }),
];

fn choices(minutes: u8, audible_counts: bool) -> Choices {
    Choices { beat_hold: BeatHold::from_minutes(minutes).unwrap(), audible_counts }
}

async fn prefer(store: &StorePorts, user: UserId, choices: Choices) {
    let preferences = Preferences { choices, ..Preferences::default() };
    assert_eq!(store.preferences.set_preferences(user, preferences).await, Ok(true));
}

async fn a_day_comes_with_its_choices_and_its_persons(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    let of = async |user| {
        let day = store.day(user, DAY).await;
        (day.settled_by.choices, day.terms.choices)
    };
    assert_eq!(of(user).await, (Choices::default(), Choices::default()));
    let mine = choices(1, false);
    prefer(&store, user, mine).await;
    // Of a day that was never written: the person's.
    assert_eq!(of(user).await, (mine, mine));
    let mut day = WorkedDay::empty(DAY);
    store.write(user, [record(&mut day, &[piece("A", 0, 10)])]).await;
    assert_eq!(of(user).await, (Choices::default(), mine));
    for next in [choices(60, true), choices(60, false), choices(2, true)] {
        store.write(user, day.choose(next)).await;
        assert_eq!(of(user).await, (next, mine));
        // They stay with every form of the day.
        let end = i64::try_from(day.version).unwrap() * 100;
        store.write(user, day.record(Form::Growing, &[as_use(&piece("B", end, end + 10))])).await;
        assert_eq!(of(user).await, (next, mine));
    }
    assert_eq!(of(other).await, (Choices::default(), Choices::default()));
}

async fn days_settled_by_other_choices_are_counted(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    let settling = async |user| store.reader.settling(user).await.unwrap();
    assert_eq!(settling(user).await, Settling::default());
    let mut days = [0, 1, 400].map(|n| WorkedDay::empty(UtcDay(DAY.0 + n)));
    for day in &mut days {
        // Days on which nothing counts are days too, and so are those that still grow.
        let write = DayWrite { day: day.day.day(), ..by_hand(0, added([]), None) };
        store.write(user, [write]).await;
        *day = WorkedDay::of(&store.day(user, day.day.day()).await);
    }
    store.write(user, [grow(&mut days[0], &[piece("A", 0, 10)])]).await;
    store.write(other, [record(&mut WorkedDay::empty(DAY), &[piece("A", 0, 10)])]).await;
    assert_eq!(settling(user).await, Settling { days: 3, left: 0 });
    let wanted = choices(7, true);
    prefer(&store, user, wanted).await;
    for left in (0..3).rev() {
        assert_eq!(settling(user).await, Settling { days: 3, left: left + 1 });
        store.write(user, days[left as usize].choose(wanted)).await;
    }
    assert_eq!(settling(user).await, Settling { days: 3, left: 0 });
    // Each of the two choices counts; what reports alone depend on does not.
    prefer(&store, user, choices(7, false)).await;
    assert_eq!(settling(user).await.left, 3);
    let preferences = Preferences { choices: wanted, week_start: Weekday::Sunday, ..Preferences::default() };
    assert_eq!(store.preferences.set_preferences(user, preferences).await, Ok(true));
    assert_eq!(settling(user).await.left, 0);
    assert_eq!(settling(other).await, Settling { days: 1, left: 0 });
}

async fn nothing_of_a_stranger_is_left_to_settle(store: StorePorts) {
    assert_eq!(store.reader.settling(person(1).id).await.unwrap(), Settling::default());
    let user = store.register(1).await.id;
    store.write(user, [record(&mut WorkedDay::empty(DAY), &[piece("A", 0, 10)])]).await;
    prefer(&store, user, choices(9, true)).await;
    assert_eq!(store.reader.settling(user).await.unwrap(), Settling { days: 1, left: 1 });
    store.accounts.delete(user, NOW).await.unwrap().unwrap();
    assert_eq!(store.reader.settling(user).await.unwrap(), Settling::default());
    // With the same identity even, which no real person ever gets again.
    store.register(1).await;
    assert_eq!(store.day(user, DAY).await.terms, Choices::default().into());
    assert_eq!(store.reader.settling(user).await.unwrap(), Settling::default());
}
