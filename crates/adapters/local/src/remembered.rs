//! What a store was asked for, remembered for a while: so that what comes with every request is not looked up each
//! time, and is still known while the store is away or slow.
//! Not here: refusing what was revoked meanwhile. Revocations are asked each time.

use std::hash::Hash;
use std::time::Duration;

use dayline_app::ports::{PortError, PortFuture};
use dayline_domain::UtcMs;
use quick_cache::sync::Cache;

/// How long a look-up may take where there is an answer in memory.
const PATIENCE: Duration = Duration::from_millis(500);

/// Answers of a store. Only what is there is remembered.
pub(crate) struct Remembered<Key, Value> {
    known: Cache<Key, Known<Value>>,
    fresh_ms: i64,
    kept_ms: i64,
}

/// What the store had.
#[derive(Clone)]
struct Known<Value> {
    value: Value,
    at: UtcMs,
    /// When the store was asked last. Others take the answer from memory meanwhile.
    asked: UtcMs,
}

impl<Key: Hash + Eq + Clone, Value: Clone> Remembered<Key, Value> {
    /// At most so many answers. One is given for `fresh_ms` milliseconds without asking again, and for `kept_ms`
    /// while the store does not answer.
    pub(crate) fn new(most: usize, fresh_ms: i64, kept_ms: i64) -> Self {
        Self { known: Cache::new(most), fresh_ms, kept_ms }
    }

    /// What is there by this key. The store is asked only if need be.
    ///
    /// # Errors
    /// The store's, if nothing is remembered.
    pub(crate) async fn find<'s>(
        &self,
        key: Key,
        now: UtcMs,
        store: impl FnOnce() -> PortFuture<'s, Option<Value>>,
    ) -> Result<Option<Value>, PortError> {
        let known = self.known.get(&key).filter(|known| now.since(known.at) < self.kept_ms);
        let Some(known) = known else { return self.ask(key, now, store).await };
        if now.since(known.asked) < self.fresh_ms {
            return Ok(Some(known.value));
        }
        self.known.insert(key.clone(), Known { asked: now, ..known.clone() });
        match tokio::time::timeout(PATIENCE, self.ask(key, now, store)).await {
            Err(_) | Ok(Err(PortError::Unavailable(_))) => Ok(Some(known.value)),
            Ok(answer) => answer,
        }
    }

    /// Asks again next time.
    pub(crate) fn forget(&self, key: &Key) {
        self.known.remove(key);
    }

    async fn ask<'s>(
        &self,
        key: Key,
        now: UtcMs,
        store: impl FnOnce() -> PortFuture<'s, Option<Value>>,
    ) -> Result<Option<Value>, PortError> {
        let found = store().await?;
        match &found {
            Some(value) => self.known.insert(key, Known { value: value.clone(), at: now, asked: now }),
            None => drop(self.known.remove(&key)),
        }
        Ok(found)
    }
}
