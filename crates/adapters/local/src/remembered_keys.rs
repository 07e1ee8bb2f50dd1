//! API keys remembered for a while, so that trackers with keys are let in while the store is away
//! or slow. Not here: refusing keys that were deleted. They are revoked, and revocations are asked
//! each time.

use std::sync::Arc;

use dayline_app::ports::REMEMBERED_MS;
use dayline_app::ports::{ApiKey, ApiKeys, CreateKey, PortFuture, Use};
use dayline_domain::identity::session::TokenHash;
use dayline_domain::{ApiKeyId, UserId, UtcMs};

use crate::remembered::Remembered;

/// For so long a key is not looked up again, in milliseconds: a key that was deleted without this
/// process being told is refused within two seconds all the same.
const FRESH_MS: i64 = 1_000;
/// Most keys that are remembered.
const KEYS: usize = 50_000;

/// [`ApiKeys`] of a store, with a memory.
pub struct RememberedApiKeys {
    store: Arc<dyn ApiKeys>,
    known: Remembered<TokenHash, ApiKey>,
}

impl RememberedApiKeys {
    /// Nothing is remembered yet.
    pub fn of(store: Arc<dyn ApiKeys>) -> Self {
        Self { store, known: Remembered::new(KEYS, FRESH_MS, REMEMBERED_MS) }
    }
}

impl ApiKeys for RememberedApiKeys {
    fn create(&self, key: ApiKey, max_per_user: usize) -> PortFuture<'_, CreateKey> {
        self.store.create(key, max_per_user)
    }

    fn list(&self, user: UserId) -> PortFuture<'_, Vec<ApiKey>> {
        self.store.list(user)
    }

    fn delete(&self, user: UserId, id: ApiKeyId) -> PortFuture<'_, bool> {
        self.store.delete(user, id)
    }

    fn find_used(&self, hash: TokenHash, now: UtcMs, used: Use) -> PortFuture<'_, Option<ApiKey>> {
        Box::pin(self.known.find(hash, now, move || self.store.find_used(hash, now, used)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Mutex, PoisonError};

    use dayline_app::ports::PortError;
    use dayline_domain::Scopes;
    use dayline_domain::identity::account::Label;

    use super::*;

    /// What the store says from now on.
    #[derive(Clone)]
    enum Mood {
        Has,
        HasNot,
        Away,
        Silent,
    }

    struct Moody {
        mood: Mutex<Mood>,
        asked: AtomicU32,
    }

    impl Moody {
        fn be(&self, mood: Mood) {
            *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
        }

        fn asked(&self) -> u32 {
            self.asked.swap(0, Ordering::Relaxed)
        }
    }

    fn key() -> ApiKey {
        ApiKey {
            id: ApiKeyId::from_bits(1),
            user: UserId::from_bits(2),
            name: Label::new("NAS").unwrap(),
            scopes: Scopes::NONE,
            hash: [3; 32],
            created_at: UtcMs(0),
            last_used_at: None,
            expires_at: None,
        }
    }

    impl ApiKeys for Moody {
        fn create(&self, _: ApiKey, _: usize) -> PortFuture<'_, CreateKey> {
            unreachable!("not asked for")
        }

        fn list(&self, _: UserId) -> PortFuture<'_, Vec<ApiKey>> {
            unreachable!("not asked for")
        }

        fn delete(&self, _: UserId, _: ApiKeyId) -> PortFuture<'_, bool> {
            unreachable!("not asked for")
        }

        fn find_used(&self, _: TokenHash, _: UtcMs, _: Use) -> PortFuture<'_, Option<ApiKey>> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let mood = self.mood.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Box::pin(async move {
                match mood {
                    Mood::Has => Ok(Some(key())),
                    Mood::HasNot => Ok(None),
                    Mood::Away => Err(PortError::Unavailable("away".into())),
                    Mood::Silent => std::future::pending().await,
                }
            })
        }
    }

    fn moody(mood: Mood) -> (Arc<Moody>, RememberedApiKeys) {
        let store = Arc::new(Moody { mood: Mutex::new(mood), asked: AtomicU32::new(0) });
        (store.clone(), RememberedApiKeys::of(store))
    }

    async fn at(keys: &RememberedApiKeys, ms: i64) -> Result<Option<ApiKey>, PortError> {
        keys.find_used([3; 32], UtcMs(ms), Use::Noted).await
    }

    #[tokio::test]
    async fn a_key_in_use_is_looked_up_once_a_second() {
        let (store, keys) = moody(Mood::Has);
        for ms in [0, 500, 999, 1_000, 1_500, 1_999, 2_000] {
            assert_eq!(at(&keys, ms).await, Ok(Some(key())));
        }
        assert_eq!(store.asked(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_was_used_before_lets_in_while_the_store_is_away_or_silent() {
        let (store, keys) = moody(Mood::Has);
        at(&keys, 0).await.unwrap();
        for mood in [Mood::Away, Mood::Silent] {
            store.be(mood);
            for ms in [1_000, 1_999, 5_000, REMEMBERED_MS - 1_000] {
                assert_eq!(at(&keys, ms).await, Ok(Some(key())), "{ms}");
            }
            store.be(Mood::Has);
            at(&keys, 0).await.unwrap();
        }
        store.be(Mood::Away);
        assert!(at(&keys, 2 * REMEMBERED_MS).await.is_err(), "its deletion may be forgotten by now");
    }

    #[tokio::test]
    async fn a_key_that_was_never_used_does_not() {
        let (store, keys) = moody(Mood::Away);
        assert!(at(&keys, 0).await.is_err());
        store.be(Mood::HasNot);
        assert_eq!(at(&keys, 1).await, Ok(None));
        store.be(Mood::Away);
        assert!(at(&keys, 2).await.is_err());
    }

    #[tokio::test]
    async fn a_key_that_is_gone_is_forgotten_at_the_next_look() {
        let (store, keys) = moody(Mood::Has);
        at(&keys, 0).await.unwrap();
        store.be(Mood::HasNot);
        assert_eq!(at(&keys, 1_000).await, Ok(None));
        store.be(Mood::Away);
        assert!(at(&keys, 1_001).await.is_err());
    }
}
