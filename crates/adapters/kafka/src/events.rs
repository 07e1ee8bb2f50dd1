//! What librdkafka tells unasked: its log lines, errors of connections, and that a broker slows its
//! clients down.
//! Not here: what becomes of single records.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::{ClientContext, Statistics};

use crate::error::code_of;

/// How often it is heard whether brokers slow this process down.
pub(crate) const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// What was heard; all clones hear the same.
#[derive(Clone, Default)]
pub(crate) struct Events {
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    throttle: Throttle,
    /// The last thing that was wrong with all connections, in words that name no address.
    trouble: Mutex<Option<String>>,
}

impl Events {
    /// Whether brokers slow this process down on purpose, now: more was sent than a quota allows.
    pub(crate) fn is_throttled(&self) -> bool {
        self.heard.throttle.lasts_at(Instant::now())
    }

    /// For how long they have done so, in all.
    pub(crate) fn throttled(&self) -> Duration {
        self.heard.throttle.total()
    }

    /// What was last wrong with the connections.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.heard.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// When brokers slow this process down. Several connections tell of it, each for itself alone: that
/// one is not slowed down says nothing of others.
struct Throttle {
    began: Instant,
    /// Until when what was heard holds, in ms since then.
    until: AtomicU64,
    /// How long it was so in all, in ms.
    total: AtomicU64,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { began: Instant::now(), until: AtomicU64::new(0), total: AtomicU64::new(0) }
    }
}

impl Throttle {
    /// It holds at least until the next word may come.
    fn heard_at(&self, now: Instant, lasting: Duration) {
        let until = self.ms(now + lasting.max(LISTEN_AGAIN));
        let now = self.ms(now);
        let before = self.until.fetch_max(until, Ordering::Relaxed);
        self.total.fetch_add(until.saturating_sub(before.max(now)), Ordering::Relaxed);
    }

    fn lasts_at(&self, now: Instant) -> bool {
        self.ms(now) < self.until.load(Ordering::Relaxed)
    }

    fn total(&self) -> Duration {
        Duration::from_millis(self.total.load(Ordering::Relaxed))
    }

    fn ms(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.began).as_millis() as u64
    }
}

impl ClientContext for Events {
    /// They name addresses, so they are for those who look for a fault in the network.
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        tracing::debug!(?level, facility, line, "librdkafka");
    }

    fn stats(&self, statistics: Statistics) {
        // In ms; a broker says once how long it will take nothing.
        let throttles = statistics.brokers.values().filter_map(|broker| Some(broker.throttle.as_ref()?.max));
        if let Some(longest) = throttles.max().filter(|longest| *longest > 0) {
            self.heard.throttle.heard_at(Instant::now(), Duration::from_millis(longest as u64));
        }
    }

    fn error(&self, error: KafkaError, _: &str) {
        *self.heard.trouble.lock().unwrap_or_else(PoisonError::into_inner) =
            code_of(&error).map(|code| code.to_string());
    }
}

impl ConsumerContext for Events {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_times_count_once_and_silence_of_one_connection_ends_nothing() {
        let throttle = Throttle::default();
        let at = |ms| throttle.began + Duration::from_millis(ms);
        assert!(!throttle.lasts_at(at(0)));
        throttle.heard_at(at(100), Duration::from_millis(5));
        throttle.heard_at(at(400), Duration::from_millis(7));
        assert!(throttle.lasts_at(at(1_399)) && !throttle.lasts_at(at(1_400)));
        assert_eq!(throttle.total(), Duration::from_millis(1_300));
        throttle.heard_at(at(5_000), Duration::from_secs(3));
        throttle.heard_at(at(6_000), Duration::from_secs(1));
        assert!(throttle.lasts_at(at(7_999)) && !throttle.lasts_at(at(8_000)));
        assert_eq!(throttle.total(), Duration::from_millis(4_300));
    }
}
