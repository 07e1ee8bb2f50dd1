//! Options about limits: as `10+1/m`, ten at once and one more a minute.

use clap::Args;
use clap::builder::BoolishValueParser;
use dayline_local::{LimitRates, LocalNameQuota, Rate};

/// How much one may ask for. A limit is written as 10+1/m: ten at once, and one more a minute (s, m or h); or off.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits, as 10+1/m: ten at once and one more a minute (s, m, h); or off")]
pub struct LimitOptions {
    /// Sign-ins to one account from devices that it does not know
    #[arg(long, env = "DAYLINE_LOGIN_LIMIT", default_value_t = defaults().login_per_account, value_name = "RATE")]
    pub(crate) login_limit: Rate,
    /// Sign-ins to one account from one device that it knows
    #[arg(long, env = "DAYLINE_LOGIN_DEVICE_LIMIT", default_value_t = defaults().login_per_known_device, value_name = "RATE")]
    pub(crate) login_device_limit: Rate,
    /// Sign-ins from one network address
    #[arg(long, env = "DAYLINE_LOGIN_ADDRESS_LIMIT", default_value_t = defaults().login_per_address, value_name = "RATE")]
    pub(crate) login_address_limit: Rate,
    /// New accounts from one network address
    #[arg(long, env = "DAYLINE_REGISTER_LIMIT", default_value_t = defaults().register_per_address, value_name = "RATE")]
    pub(crate) register_limit: Rate,
    /// Refreshed tokens from one network address
    #[arg(long, env = "DAYLINE_REFRESH_LIMIT", default_value_t = defaults().refresh_per_address, value_name = "RATE")]
    pub(crate) refresh_limit: Rate,
    /// Sign-ins by code begun from one network address
    #[arg(long, env = "DAYLINE_DEVICE_CODE_LIMIT", default_value_t = defaults().device_code_per_address, value_name = "RATE")]
    pub(crate) device_code_limit: Rate,
    /// Codes that one person may try to approve
    #[arg(long, env = "DAYLINE_APPROVE_LIMIT", default_value_t = defaults().approve_per_user, value_name = "RATE")]
    pub(crate) approve_limit: Rate,
    /// Polls of devices that wait for approval, from one network address
    #[arg(long, env = "DAYLINE_POLL_LIMIT", default_value_t = defaults().poll_per_address, value_name = "RATE")]
    pub(crate) poll_limit: Rate,
    /// What one person changes about their account: profile, password, keys, sessions, approved devices,
    /// preferences, corrections
    #[arg(long, env = "DAYLINE_ACCOUNT_WRITE_LIMIT", default_value_t = defaults().account_write_per_user, value_name = "RATE")]
    pub(crate) account_write_limit: Rate,
    /// Requests with an API key that is none, from one network address
    #[arg(long, env = "DAYLINE_WRONG_KEY_LIMIT", default_value_t = defaults().wrong_key_per_address, value_name = "RATE")]
    pub(crate) wrong_key_limit: Rate,
    /// Pings of one person
    #[arg(long, env = "DAYLINE_PING_LIMIT", default_value_t = dayline_local::LocalPingQuota::DEFAULT, value_name = "RATE")]
    pub(crate) ping_limit: Rate,
    /// Switch all of these off, as for a benchmark
    #[arg(long, env = "DAYLINE_UNLIMITED", value_parser = BoolishValueParser::new())]
    pub(crate) unlimited: bool,
}

fn defaults() -> LimitRates {
    LimitRates::default()
}

impl LimitOptions {
    /// The limits on attempts.
    pub(crate) fn rates(&self) -> LimitRates {
        LimitRates {
            login_per_account: self.or_off(self.login_limit),
            login_per_known_device: self.or_off(self.login_device_limit),
            login_per_address: self.or_off(self.login_address_limit),
            register_per_address: self.or_off(self.register_limit),
            refresh_per_address: self.or_off(self.refresh_limit),
            device_code_per_address: self.or_off(self.device_code_limit),
            approve_per_user: self.or_off(self.approve_limit),
            poll_per_address: self.or_off(self.poll_limit),
            account_write_per_user: self.or_off(self.account_write_limit),
            wrong_key_per_address: self.or_off(self.wrong_key_limit),
        }
    }

    /// The limit on one person's pings.
    pub(crate) fn pings(&self) -> Rate {
        self.or_off(self.ping_limit)
    }

    /// The limit on one person's names of a day.
    pub(crate) fn names(&self) -> u32 {
        if self.unlimited { u32::MAX } else { LocalNameQuota::DEFAULT }
    }

    fn or_off(&self, rate: Rate) -> Rate {
        if self.unlimited { Rate::OFF } else { rate }
    }
}
