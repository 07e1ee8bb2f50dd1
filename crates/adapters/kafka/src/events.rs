//! What librdkafka tells unasked: its log lines, errors of connections, and that a broker slows its
//! clients down.
//! Not here: what becomes of single records.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::{ClientContext, Statistics};

use crate::error::code_of;

/// What was heard; all clones hear the same.
#[derive(Clone, Default)]
pub(crate) struct Events {
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    throttled: AtomicBool,
    /// The last thing that was wrong with all connections, in words that name no address.
    trouble: Mutex<Option<String>>,
}

impl Events {
    /// Whether brokers answered late on purpose, in the last second: more was sent than a quota
    /// allows.
    pub(crate) fn throttled(&self) -> bool {
        self.heard.throttled.load(Ordering::Relaxed)
    }

    /// What was last wrong with the connections.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.heard.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ClientContext for Events {
    /// They name addresses, so they are for those who look for a fault in the network.
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        tracing::debug!(?level, facility, line, "librdkafka");
    }

    fn stats(&self, statistics: Statistics) {
        let throttled = |broker: &rdkafka::statistics::Broker| {
            broker.throttle.as_ref().is_some_and(|throttle| throttle.max > 0)
        };
        self.heard.throttled.store(statistics.brokers.values().any(throttled), Ordering::Relaxed);
    }

    fn error(&self, error: KafkaError, _: &str) {
        *self.heard.trouble.lock().unwrap_or_else(PoisonError::into_inner) =
            code_of(&error).map(|code| code.to_string());
    }
}

impl ConsumerContext for Events {}
