//! What processes that serve the same people have in common beside the store: alone, in memory; with others, over Redis.

use std::sync::Arc;

use dayline_app::ports::{LiveEvents, PingLog, RateLimits, RetentionTurns, Revocations};
use dayline_cli_kit::failure::Failure;
use dayline_local::{
    KeyRing, LocalLimits, LocalLive, LocalRevocations, OnlyProcess, SystemClock, SystemRandomness,
};
use dayline_redis::{RedisConfig, RedisLimits, RedisLive, RedisRevocations, SharedRate};

use super::settings::Settings;

/// What they have in common.
pub(super) struct Shared {
    pub(super) ping_log: Arc<dyn PingLog>,
    pub(super) limits: Arc<dyn RateLimits>,
    pub(super) revocations: Arc<dyn Revocations>,
    pub(super) live: Arc<dyn LiveEvents>,
    pub(super) retention_turns: Arc<dyn RetentionTurns>,
}

impl Shared {
    pub(super) fn alone(ping_log: Arc<dyn PingLog>, settings: &Settings) -> Self {
        Self {
            ping_log,
            limits: Arc::new(LocalLimits::new(&settings.rates)),
            revocations: Arc::new(LocalRevocations::new(Arc::new(SystemClock))),
            live: Arc::new(LocalLive::default()),
            retention_turns: Arc::new(OnlyProcess),
        }
    }

    /// The same, kept true over Redis, with turns that the database knows of. Only who answers requests needs to subscribe to live events.
    pub(super) async fn with_others(
        self,
        redis: &RedisConfig,
        keys: &KeyRing,
        settings: &Settings,
        subscribes: bool,
        retention_turns: Arc<dyn RetentionTurns>,
    ) -> Result<Self, Failure> {
        let Self { ping_log, limits, revocations, live, .. } = self;
        let rates = settings.rates;
        let rate_of = move |limit| {
            let rate = rates.of(limit);
            SharedRate { burst: rate.burst(), each: rate.each() }
        };
        let clock = Arc::new(SystemClock);
        let revocations = RedisRevocations::start(redis, revocations, clock).await;
        let start_live = if subscribes { RedisLive::start } else { RedisLive::start_publisher };
        Ok(Self {
            ping_log,
            limits: Arc::new(RedisLimits::new(redis, rate_of, &keys.secret_for("limits"), limits)),
            revocations: Arc::new(revocations.map_err(Failure::because)?),
            live: Arc::new(start_live(redis, live, &SystemRandomness)),
            retention_turns,
        })
    }
}
