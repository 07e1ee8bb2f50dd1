//! Limits on attempts, counted over all nodes by the clock of Redis. Keys are hashed with a secret:
//! Redis holds no address, and none can be guessed from what it holds. Not here: the rates
//! (configuration), and counting while Redis is away (a local count, handed in).

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{Limit, PortError, PortFuture, RateLimits, TooMany};
use redis::Script;
use sha2::{Digest, Sha256};

use crate::config::RedisConfig;
use crate::link::{Link, Question};
use crate::script::LoadedScript;

static COUNT: LoadedScript = LoadedScript::new(|| Script::new(include_str!("lua/count.lua")));

/// How many attempts at once, and how fast they come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedRate {
    /// Attempts at once, at least 1.
    pub burst: u32,
    /// In what time one attempt comes back. Below a microsecond nothing is limited.
    pub each: Duration,
}

/// A [`RateLimits`] that all nodes share.
pub struct RedisLimits {
    link: Link,
    config: RedisConfig,
    rates: Box<dyn Fn(Limit) -> SharedRate + Send + Sync>,
    /// Has the secret in it already.
    hash: Sha256,
    away: Arc<dyn RateLimits>,
}

impl RedisLimits {
    /// Counts at these rates. `secret` must be the same on all nodes and known to nobody else;
    /// `away` counts while Redis is away, each node for itself, so that people can go on signing
    /// in.
    pub fn new(
        config: &RedisConfig,
        rates: impl Fn(Limit) -> SharedRate + Send + Sync + 'static,
        secret: &[u8; 32],
        away: Arc<dyn RateLimits>,
    ) -> Self {
        Self {
            link: Link::new(config.clone()),
            config: config.clone(),
            rates: Box::new(rates),
            hash: Sha256::new_with_prefix(secret),
            away,
        }
    }

    async fn count_shared(&self, limit: Limit, key: &str) -> Result<Result<(), TooMany>, PortError> {
        let rate = (self.rates)(limit);
        let (each_us, burst) = (rate.each.as_micros() as u64, rate.burst.max(1));
        if each_us == 0 {
            return Ok(Ok(()));
        }
        let mut call = COUNT.call(1);
        call.arg(self.key(limit, key)).arg(each_us).arg(burst);
        let wait_us: u64 = self.link.ask(Question::Script(&COUNT, &call)).await?;
        if wait_us == 0 {
            return Ok(Ok(()));
        }
        let window_us = each_us.saturating_mul(u64::from(burst));
        Ok(Err(TooMany {
            retry_after_s: whole_seconds(wait_us),
            quota: burst,
            window_s: whole_seconds(window_us),
        }))
    }

    fn key(&self, limit: Limit, key: &str) -> String {
        let name = match limit {
            Limit::LoginPerAccount => "login-account",
            Limit::LoginPerKnownDevice => "login-device",
            Limit::LoginPerAddress => "login-address",
            Limit::RegisterPerAddress => "register",
            Limit::RefreshPerAddress => "refresh",
            Limit::DeviceCodePerAddress => "device-code",
            Limit::ApprovePerUser => "approve",
            Limit::PollPerAddress => "poll",
            Limit::WrongKeyPerAddress => "wrong-key",
            Limit::AccountWritePerUser => "account-write",
        };
        let tag = self.hash.clone().chain_update(name).chain_update([0]).chain_update(key).finalize();
        // 128 bits are enough for no two keys ever to meet.
        let bits = tag.iter().take(16).fold(0_u128, |bits, &byte| bits << 8 | u128::from(byte));
        self.config.key(format_args!("limit:{name}:{bits:032x}"))
    }
}

/// At least 1, rounded up: who comes back then is not refused for coming too early.
fn whole_seconds(us: u64) -> u32 {
    u32::try_from(us.div_ceil(1_000_000)).unwrap_or(u32::MAX).max(1)
}

impl RateLimits for RedisLimits {
    fn count(&self, limit: Limit, key: String) -> PortFuture<'_, Result<(), TooMany>> {
        Box::pin(async move {
            match self.count_shared(limit, &key).await {
                Err(PortError::Unavailable(_)) => self.away.count(limit, key).await,
                outcome => outcome,
            }
        })
    }
}
