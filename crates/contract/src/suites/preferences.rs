//! What every store of preferences keeps.

use dayline_app::ports::ProfileChange;
use dayline_domain::{BeatHold, Choices, DayStart, Preferences, RawEventDays, Weekday};

use super::Fact;
use super::store::{NOW, StorePorts, person};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("preferences_are_those_of_the_rule_until_they_are_set", |s| {
        Box::pin(preferences_are_those_of_the_rule_until_they_are_set(s))
    }),
    Fact::new("preferences_come_back_exactly", |s| Box::pin(preferences_come_back_exactly(s))),
    Fact::new("people_have_preferences_of_their_own", |s| Box::pin(people_have_preferences_of_their_own(s))),
    Fact::new("a_stranger_has_no_preferences", |s| Box::pin(a_stranger_has_no_preferences(s))),
    Fact::new("a_person_who_is_gone_has_no_preferences", |s| {
        Box::pin(a_person_who_is_gone_has_no_preferences(s))
    }),
    Fact::new("preferences_do_not_change_the_account", |s| {
        Box::pin(preferences_do_not_change_the_account(s))
    }),
];

/// With so many days of events as the day begins in minutes.
fn preferences(hold: u8, audible_counts: bool, week_start: Weekday, day_start: u16) -> Preferences {
    let beat_hold = BeatHold::from_minutes(hold).unwrap();
    let day_start = DayStart::from_minutes(day_start).unwrap();
    let raw_event_days = RawEventDays::new(day_start.minutes()).unwrap();
    Preferences {
        choices: Choices { beat_hold, audible_counts },
        week_start,
        day_start,
        raw_event_days,
        keep: None,
    }
}

async fn preferences_are_those_of_the_rule_until_they_are_set(store: StorePorts) {
    let user = store.register(1).await.id;
    assert_eq!(store.preferences.preferences(user).await, Ok(Some(Preferences::default())));
}

async fn preferences_come_back_exactly(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut all = vec![
        preferences(1, false, Weekday::Sunday, 0),
        preferences(60, true, Weekday::Monday, 720),
        preferences(15, false, Weekday::Monday, 1),
        Preferences::default(),
    ];
    let kept = |keep: &str| Preferences { keep: Some(keep.parse().unwrap()), ..Preferences::default() };
    all.extend(["1d", "36525d", "18mo", "100y"].map(kept));
    all.extend(Weekday::ALL.map(|day| preferences(59, true, day, 245)));
    for wanted in all {
        assert_eq!(store.preferences.set_preferences(user, wanted).await, Ok(true));
        assert_eq!(store.preferences.preferences(user).await, Ok(Some(wanted)));
        let keeps = wanted.raw_event_days.days() > 0;
        assert_eq!(store.preferences.keeps_raw_events(user).await, Ok(keeps));
        // What is so already may be set again.
        assert_eq!(store.preferences.set_preferences(user, wanted).await, Ok(true));
    }
}

async fn people_have_preferences_of_their_own(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    let hers = preferences(1, false, Weekday::Sunday, 60);
    assert_eq!(store.preferences.set_preferences(ada, hers).await, Ok(true));
    assert_eq!(store.preferences.preferences(bob).await, Ok(Some(Preferences::default())));
    assert_eq!(store.preferences.preferences(ada).await, Ok(Some(hers)));
}

async fn a_stranger_has_no_preferences(store: StorePorts) {
    let stranger = person(1).id;
    assert_eq!(store.preferences.preferences(stranger).await, Ok(None));
    assert_eq!(store.preferences.keeps_raw_events(stranger).await, Ok(false));
    assert_eq!(store.preferences.set_preferences(stranger, Preferences::default()).await, Ok(false));
    store.register(1).await;
    assert_eq!(store.preferences.preferences(stranger).await, Ok(Some(Preferences::default())));
}

async fn a_person_who_is_gone_has_no_preferences(store: StorePorts) {
    let user = store.register(1).await.id;
    let theirs = preferences(1, false, Weekday::Sunday, 60);
    assert_eq!(store.preferences.set_preferences(user, theirs).await, Ok(true));
    store.accounts.delete(user, NOW).await.unwrap().unwrap();
    assert_eq!(store.preferences.preferences(user).await, Ok(None));
    assert_eq!(store.preferences.set_preferences(user, theirs).await, Ok(false));
    // With the same identity even, which no real person ever gets again.
    store.register(1).await;
    assert_eq!(store.preferences.preferences(user).await, Ok(Some(Preferences::default())));
}

async fn preferences_do_not_change_the_account(store: StorePorts) {
    let user = store.register(1).await;
    let theirs = preferences(1, false, Weekday::Sunday, 60);
    assert_eq!(store.preferences.set_preferences(user.id, theirs).await, Ok(true));
    assert_eq!(store.accounts.find(user.id).await.unwrap(), Some(user.clone()));
    let moved = ProfileChange { timezone: Some("Asia/Kolkata".to_owned()), ..ProfileChange::default() };
    store.accounts.update_profile(user.id, moved, NOW.plus(5)).await.unwrap();
    assert_eq!(store.accounts.find(user.id).await.unwrap().unwrap().timezone, "Asia/Kolkata");
    assert_eq!(store.preferences.preferences(user.id).await, Ok(Some(theirs)));
}
