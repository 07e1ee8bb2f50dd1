//! Limits on attempts, counted in this process. Not here: which attempts count against what (the
//! use cases), and a count that several nodes share.

use std::hash::{BuildHasher, RandomState};

use dayline_app::ports::{Limit, PortFuture, RateLimits, TooMany};
use governor::clock::{Clock, MonotonicClock};

use crate::keyed_rates::KeyedRates;
use crate::rate::{Per, Rate};

/// The rate of each limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitRates {
    /// Sign-ins to one account from devices that are not signed in to it, right or wrong ones.
    pub login_per_account: Rate,
    /// Sign-ins to one account from one device that is signed in to it, once the account's own
    /// limit is used up.
    pub login_per_known_device: Rate,
    /// Sign-ins from one network address, to whatever accounts.
    pub login_per_address: Rate,
    /// Registrations from one network address.
    pub register_per_address: Rate,
    /// Refreshes from one network address: behind one may be a whole office.
    pub refresh_per_address: Rate,
    /// Devices that ask to be signed in by a code, from one network address.
    pub device_code_per_address: Rate,
    /// Codes that one signed-in person tries to approve: guessing somebody else's must stay
    /// hopeless.
    pub approve_per_user: Rate,
    /// Polls of devices that wait for approval, from one network address: behind one may be a whole
    /// office.
    pub poll_per_address: Rate,
    /// What one person changes about their account.
    pub account_write_per_user: Rate,
    /// Requests with an API key that is none, from one network address.
    pub wrong_key_per_address: Rate,
}

impl LimitRates {
    /// The rate of a limit.
    pub const fn of(&self, limit: Limit) -> Rate {
        match limit {
            Limit::LoginPerAccount => self.login_per_account,
            Limit::LoginPerKnownDevice => self.login_per_known_device,
            Limit::LoginPerAddress => self.login_per_address,
            Limit::RegisterPerAddress => self.register_per_address,
            Limit::RefreshPerAddress => self.refresh_per_address,
            Limit::DeviceCodePerAddress => self.device_code_per_address,
            Limit::ApprovePerUser => self.approve_per_user,
            Limit::PollPerAddress => self.poll_per_address,
            Limit::AccountWritePerUser => self.account_write_per_user,
            Limit::WrongKeyPerAddress => self.wrong_key_per_address,
        }
    }
}

impl Default for LimitRates {
    fn default() -> Self {
        Self {
            login_per_account: Rate::new(10, 1, Per::Minute),
            login_per_known_device: Rate::new(20, 1, Per::Minute),
            login_per_address: Rate::new(60, 30, Per::Minute),
            register_per_address: Rate::new(30, 30, Per::Hour),
            refresh_per_address: Rate::new(600, 10, Per::Second),
            device_code_per_address: Rate::new(30, 10, Per::Minute),
            approve_per_user: Rate::new(10, 1, Per::Minute),
            poll_per_address: Rate::new(300, 5, Per::Second),
            account_write_per_user: Rate::new(100, 20, Per::Minute),
            wrong_key_per_address: Rate::new(60, 30, Per::Minute),
        }
    }
}

/// What a key is counted under: 128 bits of a hash that differs from process to process. So an
/// entry takes the same small space whatever a client sends, and no address stays in memory.
type HashedKey = (u64, u64);

/// Limits on attempts in this process, by monotonic time.
pub struct LocalLimits<C: Clock = MonotonicClock> {
    login_per_account: KeyedRates<HashedKey, C>,
    login_per_known_device: KeyedRates<HashedKey, C>,
    login_per_address: KeyedRates<HashedKey, C>,
    register_per_address: KeyedRates<HashedKey, C>,
    refresh_per_address: KeyedRates<HashedKey, C>,
    device_code_per_address: KeyedRates<HashedKey, C>,
    approve_per_user: KeyedRates<HashedKey, C>,
    poll_per_address: KeyedRates<HashedKey, C>,
    account_write_per_user: KeyedRates<HashedKey, C>,
    wrong_key_per_address: KeyedRates<HashedKey, C>,
    hashers: (RandomState, RandomState),
}

impl LocalLimits {
    /// Nothing is used up yet.
    pub fn new(rates: &LimitRates) -> Self {
        Self::with_clock(rates, &MonotonicClock)
    }
}

impl<C: Clock + Clone> LocalLimits<C> {
    /// The same by another clock.
    pub fn with_clock(rates: &LimitRates, clock: &C) -> Self {
        let keyed = |rate| KeyedRates::new(rate, clock.clone());
        Self {
            login_per_account: keyed(rates.login_per_account),
            login_per_known_device: keyed(rates.login_per_known_device),
            login_per_address: keyed(rates.login_per_address),
            register_per_address: keyed(rates.register_per_address),
            refresh_per_address: keyed(rates.refresh_per_address),
            device_code_per_address: keyed(rates.device_code_per_address),
            approve_per_user: keyed(rates.approve_per_user),
            poll_per_address: keyed(rates.poll_per_address),
            account_write_per_user: keyed(rates.account_write_per_user),
            wrong_key_per_address: keyed(rates.wrong_key_per_address),
            hashers: (RandomState::new(), RandomState::new()),
        }
    }

    fn count_now(&self, limit: Limit, key: &str) -> Result<(), TooMany> {
        let rates = match limit {
            Limit::LoginPerAccount => &self.login_per_account,
            Limit::LoginPerKnownDevice => &self.login_per_known_device,
            Limit::LoginPerAddress => &self.login_per_address,
            Limit::RegisterPerAddress => &self.register_per_address,
            Limit::RefreshPerAddress => &self.refresh_per_address,
            Limit::DeviceCodePerAddress => &self.device_code_per_address,
            Limit::ApprovePerUser => &self.approve_per_user,
            Limit::PollPerAddress => &self.poll_per_address,
            Limit::AccountWritePerUser => &self.account_write_per_user,
            Limit::WrongKeyPerAddress => &self.wrong_key_per_address,
        };
        rates.count(&(self.hashers.0.hash_one(key), self.hashers.1.hash_one(key)), 1)
    }
}

impl<C: Clock<Instant: Send + Sync> + Clone + Send + Sync> RateLimits for LocalLimits<C> {
    fn count(&self, limit: Limit, key: String) -> PortFuture<'_, Result<(), TooMany>> {
        let counted = self.count_now(limit, &key);
        Box::pin(std::future::ready(Ok(counted)))
    }
}
