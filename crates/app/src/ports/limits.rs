//! Limits against guessing and floods.
//! Not here: the numbers (configuration of the adapters).

use dayline_domain::{UserId, UtcDay};

use super::future::PortFuture;

/// What is limited; each with a rate of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Sign-ins to one account. The key is the account's address.
    LoginPerAccount,
    /// Sign-ins to one account from one device that proves to be signed in, so that others can't lock
    /// it out. The key is its session.
    LoginPerKnownDevice,
    /// Sign-ins from one network address.
    LoginPerAddress,
    /// Registrations from one network address.
    RegisterPerAddress,
    /// Refreshes from one network address.
    RefreshPerAddress,
    /// Devices that ask to be signed in by a code, from one network address.
    DeviceCodePerAddress,
    /// Codes a signed-in person tries to approve; the key is the person.
    ApprovePerUser,
    /// Polls of devices that wait for approval, from one network address.
    PollPerAddress,
    /// What one person changes about their account: profile, password, keys, sessions, approved
    /// devices, preferences, corrections. The key is the person.
    AccountWritePerUser,
    /// Requests with an API key that is none, from one network address.
    WrongKeyPerAddress,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::LoginPerAccount,
        Self::LoginPerKnownDevice,
        Self::LoginPerAddress,
        Self::RegisterPerAddress,
        Self::RefreshPerAddress,
        Self::DeviceCodePerAddress,
        Self::ApprovePerUser,
        Self::PollPerAddress,
        Self::AccountWritePerUser,
        Self::WrongKeyPerAddress,
    ];
}

/// Over the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// Seconds after which the next attempt is allowed, at least 1.
    pub retry_after_s: u32,
    /// How many are allowed at once.
    pub quota: u32,
    /// Seconds in which a used-up quota is whole again.
    pub window_s: u32,
}

/// Counts attempts; atomic, so that many parallel attempts never get more than the limit.
pub trait RateLimits: Send + Sync {
    /// Counts one attempt against a key.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if attempts can't be counted now;
    /// [`TooMany`], inside, if the key is over its limit.
    fn count(&self, limit: Limit, key: String) -> PortFuture<'_, Result<(), TooMany>>;
}

/// How many pings one person may send. No I/O: this is asked for every request.
pub trait PingQuota: Send + Sync {
    /// Charges `pings` to a person's quota: all of them or, over the limit, none.
    ///
    /// # Errors
    ///
    /// [`TooMany`] if the person is over their limit.
    fn charge(&self, user: UserId, pings: u32) -> Result<(), TooMany>;
}

/// How many different names one person may bring in a UTC day: devices, apps, domains, projects and
/// languages. Every name
/// is kept for as long as its person has an account, so that they are limited apart from pings. No
/// I/O: asked while pings are taken in.
pub trait NameQuota: Send + Sync {
    /// Whether the names of a source may be taken in, each kind in its place. Those that the person
    /// did not bring before on this day are counted, all or none; what was counted is admitted for
    /// the rest of the day.
    fn admits(&self, user: UserId, names: [Option<&str>; 5], day: UtcDay) -> bool;
}
