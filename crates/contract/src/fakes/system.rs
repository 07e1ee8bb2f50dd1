//! Clock, randomness, zones, site names, limits and revocations that a test steers.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use dayline_app::ports::{
    Clock, CredentialId, InvalidUrl, Limit, NameQuota, PingQuota, PortFuture, Randomness, RateLimits,
    Revocations, SiteNames, TimeZones, TooMany,
};
use dayline_domain::zone::{Zone, first_showing};
use dayline_domain::{Domain, LocalDate, UserId, UtcDay, UtcMs};

use super::store::locked;

/// A clock that moves only when told to. Starts at 2026-11-20T12:00:00Z.
pub struct FakeClock(AtomicI64);

impl Default for FakeClock {
    fn default() -> Self {
        Self(AtomicI64::new(1_795_176_000_000))
    }
}

impl FakeClock {
    /// Lets `ms` milliseconds pass.
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> UtcMs {
        UtcMs(self.0.load(Ordering::SeqCst))
    }
}

/// Bytes that look random and are the same in every run (`SplitMix64`).
#[derive(Default)]
pub struct FakeRandomness(AtomicU64);

impl Randomness for FakeRandomness {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_be_bytes()[..chunk.len()]);
        }
    }
}

/// A zone that is always the same number of seconds ahead of UTC.
#[derive(Debug, Clone, Copy)]
pub struct FixedZone {
    /// The name.
    pub name: &'static str,
    /// Seconds ahead of UTC.
    pub offset_s: i32,
}

impl Zone for FixedZone {
    fn name(&self) -> &str {
        self.name
    }

    fn offset_s_at(&self, _: UtcMs) -> i32 {
        self.offset_s
    }

    fn next_transition(&self, _: UtcMs) -> Option<UtcMs> {
        None
    }

    fn start_of(&self, date: LocalDate) -> UtcMs {
        UtcDay(date.0).start().plus(i64::from(self.offset_s) * -1_000)
    }
}

/// New York's zone in the summer and autumn of 2026: the clock is put back at two on 1 November.
struct AutumnInNewYork;

impl Zone for AutumnInNewYork {
    fn name(&self) -> &'static str {
        "America/New_York"
    }

    fn offset_s_at(&self, at: UtcMs) -> i32 {
        if at < PUT_BACK { -4 * 3_600 } else { -5 * 3_600 }
    }

    fn next_transition(&self, at: UtcMs) -> Option<UtcMs> {
        (at < PUT_BACK).then_some(PUT_BACK)
    }

    fn start_of(&self, date: LocalDate) -> UtcMs {
        let midnight = UtcDay(date.0).start();
        first_showing(self, midnight, midnight.0)
    }
}

/// 2026-11-01T06:00:00Z.
const PUT_BACK: UtcMs = UtcMs(1_793_512_800_000);

/// Knows `UTC`, `Etc/GMT+5` (five hours west), `Asia/Tokyo`, which has had no other offset since
/// 1951, and `America/New_York`, which changes its own.
pub struct FakeZones;

impl TimeZones for FakeZones {
    fn find(&self, name: &str) -> Option<Arc<dyn Zone>> {
        if AutumnInNewYork.name().eq_ignore_ascii_case(name) {
            return Some(Arc::new(AutumnInNewYork));
        }
        let name = if name.eq_ignore_ascii_case("Tokyo Standard Time") { "Asia/Tokyo" } else { name };
        let known = [("UTC", 0), ("Etc/GMT+5", -18_000), ("Asia/Tokyo", 32_400)];
        let (name, offset_s) = known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(Arc::new(FixedZone { name, offset_s }))
    }
}

/// Cuts the host out of plain URLs.
pub struct FakeSiteNames;

impl SiteNames for FakeSiteNames {
    fn domain_of<'a>(&self, url: &'a str) -> Result<Option<Cow<'a, str>>, InvalidUrl> {
        let (scheme, rest) = url.split_once("://").ok_or(InvalidUrl)?;
        if !matches!(scheme, "http" | "https") {
            return Ok(None);
        }
        let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
        let domain = Domain::new(&host.to_lowercase()).map_err(|_| InvalidUrl)?;
        Ok(Some(Cow::Owned(domain.as_str().to_owned())))
    }
}

/// Limits that a test sets; without that nothing is limited.
#[derive(Default)]
pub struct FakeLimits {
    left: Mutex<HashMap<Limit, u32>>,
    pings: Mutex<Option<u32>>,
}

impl FakeLimits {
    /// From now on only `attempts` of this kind are allowed, all keys together.
    pub fn allow(&self, limit: Limit, attempts: u32) {
        locked(&self.left).insert(limit, attempts);
    }

    /// From now on only so many pings are allowed, all people together.
    pub fn allow_pings(&self, pings: u32) {
        *locked(&self.pings) = Some(pings);
    }
}

const LATER: TooMany = TooMany { retry_after_s: 7, quota: 10, window_s: 600 };

impl RateLimits for FakeLimits {
    fn count(&self, limit: Limit, _: String) -> PortFuture<'_, Result<(), TooMany>> {
        Box::pin(async move {
            let mut left = locked(&self.left);
            let Some(left) = left.get_mut(&limit) else { return Ok(Ok(())) };
            Ok(left.checked_sub(1).map(|now| *left = now).ok_or(LATER))
        })
    }
}

impl PingQuota for FakeLimits {
    fn charge(&self, _: UserId, pings: u32) -> Result<(), TooMany> {
        let mut left = locked(&self.pings);
        let Some(left) = left.as_mut() else { return Ok(()) };
        left.checked_sub(pings).map(|now| *left = now).ok_or(LATER)
    }
}

/// Names counted exactly.
pub struct FakeNames {
    limit: usize,
    seen: Mutex<HashSet<(UserId, UtcDay, usize, String)>>,
}

impl FakeNames {
    /// As many names as that for each person and day.
    pub fn new(limit: usize) -> Self {
        Self { limit, seen: Mutex::default() }
    }
}

impl NameQuota for FakeNames {
    fn admits(&self, user: UserId, names: [Option<&str>; 5], day: UtcDay) -> bool {
        let mut seen = locked(&self.seen);
        let names = names.into_iter().enumerate();
        let brought = names.filter_map(|(kind, name)| Some((user, day, kind, name?.to_owned())));
        let new: Vec<_> = brought.filter(|name| !seen.contains(name)).collect();
        let before = seen.iter().filter(|name| (name.0, name.1) == (user, day)).count();
        let fits = new.is_empty() || before + new.len() <= self.limit;
        if fits {
            seen.extend(new);
        }
        fits
    }
}

/// Revocations that are never forgotten.
#[derive(Default)]
pub struct FakeRevocations(Mutex<HashSet<CredentialId>>);

impl Revocations for FakeRevocations {
    fn is_revoked(&self, credential: CredentialId) -> bool {
        locked(&self.0).contains(&credential)
    }

    fn revoke(&self, credentials: Vec<CredentialId>, _: UtcMs) -> PortFuture<'_, ()> {
        locked(&self.0).extend(credentials);
        Box::pin(async { Ok(()) })
    }
}
