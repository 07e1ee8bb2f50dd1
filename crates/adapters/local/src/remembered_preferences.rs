//! Whether people keep foreign trackers' events, remembered for a while: each event asks for it, and is to be taken while the
//! store is away. All else about preferences is always asked for.

use std::sync::Arc;

use dayline_app::ports::{Clock, PortFuture, PreferenceStore};
use dayline_domain::{Preferences, UserId};

use crate::remembered::Remembered;

/// For so long it is not looked up again, in milliseconds. What another process sets is noticed later by that; who stores an
/// event looks itself.
const FRESH_MS: i64 = 60_000;
/// Most people of whom it is remembered.
const PEOPLE: usize = 50_000;

/// [`PreferenceStore`] of a store, with a memory.
pub struct RememberedPreferences {
    store: Arc<dyn PreferenceStore>,
    clock: Arc<dyn Clock>,
    keeps: Remembered<UserId, bool>,
}

impl RememberedPreferences {
    /// Nothing is remembered yet.
    pub fn of(store: Arc<dyn PreferenceStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, keeps: Remembered::new(PEOPLE, FRESH_MS, i64::MAX) }
    }
}

impl PreferenceStore for RememberedPreferences {
    fn preferences(&self, user: UserId) -> PortFuture<'_, Option<Preferences>> {
        self.store.preferences(user)
    }

    fn keeps_raw_events(&self, user: UserId) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let ask = || -> PortFuture<'_, Option<bool>> {
                Box::pin(async move { self.store.keeps_raw_events(user).await.map(Some) })
            };
            Ok(self.keeps.find(user, self.clock.now(), ask).await?.unwrap_or(false))
        })
    }

    fn set_preferences(&self, user: UserId, preferences: Preferences) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let set = self.store.set_preferences(user, preferences).await;
            self.keeps.forget(&user);
            set
        })
    }
}

#[cfg(test)]
mod tests {
    use dayline_app::identity::accounts::{self, Registration};
    use dayline_app::ports::PortError;
    use dayline_contract::fakes::FakeApp;
    use dayline_domain::{Email, FullName, NewPassword, RawEventDays};

    use super::*;

    async fn world() -> (FakeApp, UserId, RememberedPreferences) {
        let fake = FakeApp::default();
        let registration = Registration {
            email: Email::new("ada@example.org").unwrap(),
            password: NewPassword::new("a long enough secret").unwrap(),
            full_name: FullName::new("Ada").unwrap(),
            timezone: None,
            address: None,
        };
        let ada = accounts::register(&fake.app, registration).await.unwrap().id;
        let preferences = RememberedPreferences::of(fake.store.clone(), fake.clock.clone());
        (fake, ada, preferences)
    }

    fn keeping(days: u16) -> Preferences {
        Preferences { raw_event_days: RawEventDays::new(days).unwrap(), ..Preferences::default() }
    }

    #[tokio::test]
    async fn what_somebody_chose_is_known_while_the_store_is_away_however_long() {
        let (fake, ada, preferences) = world().await;
        let away = || Some(PortError::Unavailable("away".into()));
        fake.store.fail(away());
        assert!(preferences.keeps_raw_events(ada).await.is_err(), "nothing was asked for yet");
        fake.store.fail(None);
        assert_eq!(preferences.keeps_raw_events(ada).await, Ok(false));
        fake.store.fail(away());
        for ms in [0, 59_999, 60_000, 7 * 86_400_000] {
            fake.clock.advance(ms);
            assert_eq!(preferences.keeps_raw_events(ada).await, Ok(false), "{ms}");
        }
    }

    #[tokio::test]
    async fn what_this_process_sets_is_known_at_once_and_what_others_do_within_a_minute() {
        let (fake, ada, preferences) = world().await;
        assert_eq!(preferences.keeps_raw_events(ada).await, Ok(false));
        assert_eq!(preferences.set_preferences(ada, keeping(7)).await, Ok(true));
        assert_eq!(preferences.keeps_raw_events(ada).await, Ok(true));
        assert_eq!(preferences.preferences(ada).await, Ok(Some(keeping(7))));
        assert_eq!(fake.store.set_preferences(ada, keeping(0)).await, Ok(true));
        assert_eq!(preferences.preferences(ada).await, Ok(Some(keeping(0))));
        fake.clock.advance(60_000);
        assert_eq!(preferences.keeps_raw_events(ada).await, Ok(false));
    }
}
