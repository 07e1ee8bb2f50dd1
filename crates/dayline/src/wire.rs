//! The whole system, put together: which adapter stands behind which port, and what turns pings into timelines.
//! Deliberately absent: everything else. Who reads this file has seen all of Dayline once.

use std::sync::Arc;

use dayline_app::ports::{LedgerWriter, Partition, PingLog};
use dayline_app::worker::{Worker, WorkerPorts};
use dayline_app::{App, Rules};
use dayline_local::{
    Argon2Passwords, Argon2Settings, HmacRefreshTokens, JiffZones, JwtAccessTokens, KeyRing, LimitRates,
    LocalLimits, LocalLive, LocalPingQuota, LocalRevocations, RandomSecrets, Rate, SystemClock,
    SystemRandomness, UrlSiteNames, load_or_create_keys,
};
use dayline_sqlite::{FolderLock, SqlitePingLog, SqliteStore};

use crate::closed_log::ClosedLog;
use crate::config::{DataOptions, ServeOptions};
use crate::failure::Failure;

/// A system that is ready to run.
pub struct System {
    /// What requests work with.
    pub app: App,
    /// What turns accepted pings into timelines, one for each partition of the ping log.
    pub workers: Vec<Worker>,
    /// Where timelines are written.
    pub ledger: Arc<dyn LedgerWriter>,
}

/// Everything in this process, all data in one folder. `fatal` is called if the disk can't be trusted any more.
pub async fn embedded(
    options: &ServeOptions,
    fatal: impl Fn(&str) + Send + Sync + 'static,
) -> Result<System, Failure> {
    let folder = &options.storage.data;
    let lock = FolderLock::take(folder).map_err(Failure::because)?;
    let store = Arc::new(SqliteStore::open(lock).map_err(Failure::because)?);
    let consumed = store.position(Partition(0)).await.map_err(Failure::because)?;
    let log = SqlitePingLog::open(folder, &options.storage.ping_log(consumed)?, fatal);
    let log = Arc::new(log.map_err(Failure::because)?);
    let keys = load_or_create_keys(&options.storage.keys(), &SystemRandomness).map_err(Failure::because)?;

    let app = app(&store, log.clone(), &keys, &Settings::of(options))?;
    let ports = WorkerPorts {
        log,
        ledger: store.clone(),
        live: Arc::clone(&app.live),
        clock: Arc::clone(&app.clock),
    };
    let worker = Worker::new(ports, Partition(0), options.storage.worker(&options.pings));
    Ok(System { app, workers: vec![worker], ledger: store })
}

/// What an operator's command works with, beside a server or without one: the same data, but no ping log, which is
/// the server's alone.
pub fn beside(options: &DataOptions) -> Result<(App, Arc<dyn LedgerWriter>), Failure> {
    let store = Arc::new(SqliteStore::open_beside(&options.data).map_err(Failure::because)?);
    // No token is made or checked here, so these keys are nobody's.
    let keys = KeyRing::generate(&SystemRandomness);
    Ok((app(&store, Arc::new(ClosedLog), &keys, &Settings::unused())?, store))
}

/// An application that keeps everything but pings in one store.
fn app(
    store: &Arc<SqliteStore>,
    ping_log: Arc<dyn PingLog>,
    keys: &KeyRing,
    settings: &Settings,
) -> Result<App, Failure> {
    let (clock, randomness) = (Arc::new(SystemClock), Arc::new(SystemRandomness));
    let passwords = Argon2Passwords::new(settings.argon2, randomness.clone()).map_err(Failure::usage)?;
    Ok(App {
        zones: Arc::new(JiffZones::new()),
        site_names: Arc::new(UrlSiteNames),
        passwords: Arc::new(passwords),
        access_tokens: Arc::new(JwtAccessTokens::new(keys).map_err(Failure::because)?),
        refresh_tokens: Arc::new(HmacRefreshTokens::new(keys, randomness.clone())),
        secrets: Arc::new(RandomSecrets::new(randomness.clone())),
        limits: Arc::new(LocalLimits::new(&settings.rates)),
        ping_quota: Arc::new(LocalPingQuota::new(settings.pings)),
        ping_log,
        ledger: store.clone(),
        accounts: store.clone(),
        sessions: store.clone(),
        api_keys: store.clone(),
        device_logins: store.clone(),
        audit: store.clone(),
        revocations: Arc::new(LocalRevocations::new(clock.clone())),
        dead_letters: store.clone(),
        live: Arc::new(LocalLive::default()),
        rules: settings.rules,
        clock,
        randomness,
    })
}

/// What an operator may set about the application.
struct Settings {
    argon2: Argon2Settings,
    rates: LimitRates,
    pings: Rate,
    rules: Rules,
}

impl Settings {
    /// For commands that answer no requests.
    fn unused() -> Self {
        let argon2 = Argon2Settings { threads: 1, ..Argon2Settings::default() };
        Self { argon2, rates: LimitRates::default(), pings: LocalPingQuota::DEFAULT, rules: Rules::default() }
    }

    fn of(options: &ServeOptions) -> Self {
        Self {
            argon2: options.passwords.argon2(),
            rates: options.limits.rates(),
            pings: options.limits.pings(),
            rules: Rules { pings: options.pings.limits(), sessions: options.sessions.policy() },
        }
    }
}
