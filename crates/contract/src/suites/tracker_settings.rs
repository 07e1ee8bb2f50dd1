//! What every store of foreign trackers' settings keeps.

use dayline_app::ports::SetSetting;
use dayline_domain::UserId;
use dayline_domain::tracker_setting::{MAX_VALUE, SettingName, SettingValue};

use super::Fact;
use super::store::{NOW, StorePorts, person};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_setting_comes_back_exactly", |s| Box::pin(a_setting_comes_back_exactly(s))),
    Fact::new("people_have_settings_of_their_own", |s| Box::pin(people_have_settings_of_their_own(s))),
    Fact::new("settings_are_bounded_in_number_and_known_ones_change_all_the_same", |s| {
        Box::pin(settings_are_bounded_in_number_and_known_ones_change_all_the_same(s))
    }),
    Fact::new("a_stranger_has_no_settings", |s| Box::pin(a_stranger_has_no_settings(s))),
];

fn name(text: &str) -> SettingName {
    SettingName::new(text).unwrap()
}

fn value(text: &str) -> SettingValue {
    SettingValue::new(text).unwrap()
}

async fn set(store: &StorePorts, user: UserId, of: &str, to: &str) -> SetSetting {
    store.tracker_settings.set_tracker_setting(user, name(of), value(to), 3).await.unwrap()
}

async fn a_setting_comes_back_exactly(store: StorePorts) {
    let user = store.register(1).await.id;
    let (longest_name, longest) = ("💻".repeat(127), "x".repeat(MAX_VALUE));
    let mut all = [(longest_name.as_str(), "\"\\u0000\""), ("'; --", longest.as_str()), (" a ", "null")];
    for (of, to) in all {
        assert_eq!(set(&store, user, of, "1").await, SetSetting::Set);
        assert_eq!(set(&store, user, of, to).await, SetSetting::Set);
        assert_eq!(store.tracker_settings.tracker_setting(user, name(of)).await, Ok(Some(value(to))));
    }
    all.sort_unstable();
    let expected: Vec<_> = all.iter().map(|(of, to)| (name(of), value(to))).collect();
    assert_eq!(store.tracker_settings.tracker_settings(user).await, Ok(expected));
    assert_eq!(store.tracker_settings.tracker_setting(user, name("a")).await, Ok(None));
}

async fn people_have_settings_of_their_own(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    set(&store, ada, "theme", "\"dark\"").await;
    assert_eq!(store.tracker_settings.tracker_setting(bob, name("theme")).await, Ok(None));
    assert_eq!(store.tracker_settings.tracker_settings(bob).await, Ok(vec![]));
    assert_eq!(store.tracker_settings.delete_tracker_setting(bob, name("theme")).await, Ok(false));
    assert_eq!(store.tracker_settings.delete_tracker_setting(ada, name("theme")).await, Ok(true));
    assert_eq!(store.tracker_settings.delete_tracker_setting(ada, name("theme")).await, Ok(false));
}

async fn settings_are_bounded_in_number_and_known_ones_change_all_the_same(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    for (of, became) in [
        ("a", SetSetting::Set),
        ("b", SetSetting::Set),
        ("c", SetSetting::Set),
        ("d", SetSetting::TooMany),
        ("a", SetSetting::Set),
    ] {
        assert_eq!(set(&store, ada, of, "1").await, became, "{of}");
    }
    assert_eq!(set(&store, bob, "d", "1").await, SetSetting::Set);
}

async fn a_stranger_has_no_settings(store: StorePorts) {
    let stranger = person(1).id;
    assert_eq!(set(&store, stranger, "a", "1").await, SetSetting::NoSuchUser);
    assert_eq!(store.tracker_settings.tracker_settings(stranger).await, Ok(vec![]));
    store.register(1).await;
    assert_eq!(set(&store, stranger, "a", "1").await, SetSetting::Set);
    store.accounts.delete(stranger, NOW).await.unwrap().unwrap();
    // With the same identity even, which no real person ever gets again.
    store.register(1).await;
    assert_eq!(store.tracker_settings.tracker_settings(stranger).await, Ok(vec![]));
}
