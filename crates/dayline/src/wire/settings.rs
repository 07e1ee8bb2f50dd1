//! What an operator may set about the application, whatever it is made of.

use dayline_app::Rules;
use dayline_local::{Argon2Settings, LimitRates, LocalNameQuota, LocalPingQuota, Rate};

use crate::config::{Registration, ServeOptions};

/// What an operator may set.
pub(super) struct Settings {
    pub(super) argon2: Argon2Settings,
    pub(super) rates: LimitRates,
    pub(super) pings: Rate,
    pub(super) names: u32,
    pub(super) rules: Rules,
}

impl Settings {
    /// For commands that answer no requests.
    pub(super) fn unused() -> Self {
        let argon2 = Argon2Settings { threads: 1, ..Argon2Settings::default() };
        Self {
            argon2,
            rates: LimitRates::default(),
            pings: LocalPingQuota::DEFAULT,
            names: LocalNameQuota::DEFAULT,
            rules: Rules::default(),
        }
    }

    pub(super) fn of(options: &ServeOptions) -> Self {
        Self {
            argon2: options.passwords.argon2(),
            rates: options.limits.rates(),
            pings: options.limits.pings(),
            names: options.limits.names(),
            rules: Rules {
                pings: options.pings.limits(),
                sessions: options.sessions.policy(),
                jobs: options.reports.policy(),
                keep: options.retention.keep,
                registration_closed: options.registration() == Registration::Closed,
                maintenance: options.maintenance,
            },
        }
    }
}
