//! The whole system, put together: which adapter stands behind which port, and what turns pings into timelines.
//! Who reads this file has seen all of Dayline once.

mod gauges;
#[cfg(feature = "kafka")]
pub(crate) mod kafka;
#[cfg(not(feature = "kafka"))]
#[path = "wire/no_kafka.rs"]
pub(crate) mod kafka;
mod probes;
mod settings;
mod shared;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dayline_api::ClientForms;
use dayline_app::App;
use dayline_app::identity::key_agreement::KeyAgreement;
use dayline_app::ports::{
    Accounts, ApiKeys, AuditLog, Buckets, Clock, CorrectionNumbers, DeadLetters, DeviceBook, DeviceLogins,
    LabelBook, Leases, LedgerReader, LedgerWriter, Partition, PingLog, PortFuture, PreferenceStore,
    RawEvents, ReportJobs, ResetLinks, RetentionStore, Sessions, StoredTime, TrackerSettings,
};
use dayline_app::reporting::export::ExportPorts;
use dayline_app::reporting::report_worker::{ReportPorts, ReportWorker};
use dayline_app::tracking::retention::Archiving;
use dayline_app::tracking::worker::{WorkerLimits, WorkerPorts};
use dayline_domain::UtcMs;
use dayline_local::{
    Argon2Passwords, EveryPartition, FolderArchive, HmacRefreshTokens, JiffZones, JwtAccessTokens,
    KeyFileError, KeyRing, KeyWatch, LocalNameQuota, LocalPingQuota, RandomSecrets, RememberedApiKeys,
    RememberedBuckets, RememberedPreferences, SystemClock, SystemRandomness, UrlSiteNames, existing_keys,
    load_or_create_keys, read_keys,
};
use dayline_postgres::{PgConfig, PgRetentionTurns, PgStore};
use dayline_redis::{RedisConfig, RedisKeyMarks, RedisLeases, RedisPingLog, check_durability};
use dayline_sqlite::{FolderLock, SqlitePingLog, SqliteStore};

use crate::closed_log::ClosedLog;
use crate::config::{DataOptions, RetentionOptions, Role, ServeOptions};
use dayline_cli_kit::failure::Failure;
pub use gauges::Gauges;
pub use probes::Probe;
use settings::Settings;
use shared::Shared;

/// Connections of report jobs to each server of the database: one that reads and one that tells how far it has come.
const REPORT_CONNECTIONS: usize = 2;

/// Bytes of the log that a worker processes in one step where log and ledger share a disk. What a step changed is written and
/// synced in one go, beside which the fsync of new pings is slow; a quarter of the usual step keeps their p99 below 10 ms
/// while a backlog is worked off (docs/benchmarks.md).
const READ_BYTES_ON_ONE_DISK: usize = 256 << 10;

/// A system that is ready to run.
pub struct System {
    /// What requests work with.
    pub app: App,
    /// What turns accepted pings into timelines; `None` if other processes do.
    pub pool: Option<WorkerPool>,
    /// What makes long reports; `None` if other processes do.
    pub reports: Option<OpenReports>,
    /// What must work for this process to do its work, and what had better.
    pub probes: Vec<Probe>,
    /// What follows the key file.
    pub keys: KeyWatch,
    /// Whether the keys are those of the other nodes; `None` if there are none, or this one has no use for keys.
    pub agreement: Option<Arc<KeyAgreement>>,
    /// What the stores want prepared at the start and every hour.
    pub preparation: Preparation,
    /// What the stores show in the metrics.
    pub gauges: Gauges,
}

/// What workers need: one for each partition that this process has a lease on.
pub struct WorkerPool {
    /// Which partitions those are.
    pub leases: Arc<dyn Leases>,
    /// What a worker works with.
    pub ports: WorkerPorts,
    /// What bounds a worker.
    pub limits: WorkerLimits,
}

/// Makes the worker of report jobs, in the runtime and on the thread where it is to work. It has connections to the store
/// of its own, so that what it reads keeps nobody else waiting.
pub type OpenReports = Box<dyn FnOnce() -> Result<ReportWorker, Failure> + Send>;

/// Makes what the stores will need soon.
pub type Preparation = Box<dyn Fn(UtcMs) -> PortFuture<'static, ()> + Send + Sync>;

/// Everything in this process, all data in one folder. `fatal` is called if the disk can't be trusted any more.
pub async fn embedded(
    options: &ServeOptions,
    fatal: impl Fn(&str) + Send + Sync + 'static,
) -> Result<System, Failure> {
    let folder = &options.storage.data;
    let lock = FolderLock::acquire(folder).map_err(Failure::because)?;
    let store = Arc::new(SqliteStore::open(lock).map_err(Failure::because)?);
    let settled = store.position(Partition(0)).await.map_err(Failure::because)?;
    let log = SqlitePingLog::open(folder, &options.storage.ping_log(settled)?, fatal);
    let log: Arc<dyn PingLog> = Arc::new(log.map_err(Failure::because)?);
    let keys_file = options.storage.keys();
    let keys = own_keys(&keys_file, &store, folder).await?;
    let (tokens, settings) = (Tokens::new(&keys), Settings::of(options));

    let app = app(&store, Shared::alone(log.clone(), &settings), &tokens, &settings)?;
    let mut pool = pool(options, &app, store.clone(), Arc::new(EveryPartition::of(log.partitions())));
    pool.limits.read_bytes = READ_BYTES_ON_ONE_DISK;
    let reports = {
        let store = Arc::clone(&store);
        reports(&app, move || store.with_own_reader().map_err(Failure::because))
    };
    let hint = "is there space on the disk of the data folder, and is its file whole?";
    // Pings are taken while the ledger is not written.
    let ledger = if options.maintenance {
        probes::maintenance()
    } else {
        probes::commits("ledger", store, false, hint)
    };
    let probes = vec![probes::appends(&log, hint), ledger];
    let preparation: Preparation = Box::new(|_| Box::pin(async { Ok(()) }));
    let keys = tokens.follow(keys_file, &keys);
    let pool = options.works_as(Role::Worker).then_some(pool);
    let reports = options.works_as(Role::Report).then_some(reports);
    let gauges = gauges::of_folder();
    Ok(System { app, pool, reports, probes, keys, agreement: None, preparation, gauges })
}

/// The keys of a server that makes its own at the first start. Later that would sign everybody out without a word.
async fn own_keys(file: &Path, store: &SqliteStore, folder: &Path) -> Result<KeyRing, Failure> {
    if let Some(keys) = existing_keys(file).map_err(Failure::because)? {
        return Ok(keys);
    }
    if store.has_accounts().await.map_err(Failure::because)? {
        let lost = KeyFileError::Lost { path: file.to_owned(), store: folder.to_owned() };
        return Err(Failure::because(lost));
    }
    load_or_create_keys(file, &SystemRandomness, SystemClock.now()).map_err(Failure::because)
}

/// One process of many, over PostgreSQL and Redis. Must be called in the runtime that serves requests.
pub async fn clustered(
    options: &ServeOptions,
    database: &PgConfig,
    redis: &RedisConfig,
) -> Result<System, Failure> {
    let store = Arc::new(PgStore::open(database).map_err(Failure::usage)?);
    let keys_file = options.storage.shared_keys()?;
    let keys = read_keys(&keys_file).map_err(Failure::because)?;
    let (log, log_hint) = shared_log(options, redis, &store).await?;
    let (tokens, settings) = (Tokens::new(&keys), Settings::of(options));

    let shared = Shared::alone(log.clone(), &settings);
    let turns = Arc::new(PgRetentionTurns::new(store.clone(), &SystemRandomness));
    let shared = shared.with_others(redis, &keys, &settings, options.has(Role::Api), turns).await?;
    let app = app(&store, shared, &tokens, &settings)?;
    let pool = options.works_as(Role::Worker).then(|| {
        let leases = RedisLeases::join(redis, log.partitions(), &SystemRandomness);
        pool(options, &app, store.clone(), Arc::new(leases))
    });
    let reports = options.works_as(Role::Report).then(|| {
        let mut database = database.clone();
        database.max_connections = REPORT_CONNECTIONS;
        reports(&app, move || PgStore::open(&database).map_err(Failure::usage))
    });
    let mut probes = Vec::new();
    let agreement = options.has(Role::Api).then(|| {
        let marks = Arc::new(RedisKeyMarks::new(redis, &SystemRandomness));
        Arc::new(KeyAgreement::new(keys.marks(), marks, app.clock.clone()))
    });
    probes.extend(agreement.clone().map(probes::keys));
    if options.has(Role::Api) {
        probes.push(probes::appends(&log, log_hint));
    } else if options.has(Role::Worker) {
        probes.push(probes::reads(&log, log_hint));
    }
    if options.maintenance {
        // Whatever the database is meanwhile.
        probes.push(probes::maintenance());
    } else {
        probes.extend(of_database(&store, options.has(Role::Api)));
    }
    let gauges = gauges::of_cluster(store.clone(), redis.clone());
    let preparation: Preparation = Box::new(move |now| {
        let store = Arc::clone(&store);
        Box::pin(async move { store.prepare_months(now).await })
    });
    let keys = tokens.follow(keys_file, &keys);
    Ok(System { app, pool, reports, probes, keys, agreement, preparation, gauges })
}

/// What is asked of the database. Who takes pings does so without it.
fn of_database(store: &Arc<PgStore>, takes_pings: bool) -> impl Iterator<Item = Probe> {
    let schema = takes_pings.then(|| probes::schema(store.clone()));
    let hint = "can postgresql be reached, and has `dayline migrate` been run?";
    schema.into_iter().chain([probes::commits("database", store.clone(), !takes_pings, hint)])
}

/// The ping log that all processes share, in Kafka or in Redis, and what to look at if it does not work. Without pings in it
/// Redis may forget: what processes tell each other there is told again.
async fn shared_log(
    options: &ServeOptions,
    redis: &RedisConfig,
    ledger: &Arc<PgStore>,
) -> Result<(Arc<dyn PingLog>, &'static str), Failure> {
    let cluster = &options.cluster;
    let in_kafka = options.kafka.kafka_brokers.as_deref();
    let may_forget = cluster.accept_lossy_redis || in_kafka.is_some();
    let warnings = check_durability(redis, may_forget).await.map_err(Failure::because)?;
    for warning in &warnings {
        tracing::warn!(warning, "redis");
    }
    if let Some(brokers) = in_kafka {
        let log = kafka::open(brokers, options, ledger.clone()).await?;
        return Ok((Arc::new(log), "can kafka be reached, and have all partitions of the topic a leader?"));
    }
    let log = RedisPingLog::open(redis, &cluster.ping_log(&options.storage)?).await;
    Ok((Arc::new(log.map_err(Failure::because)?), "can redis be reached, and is there memory left?"))
}

/// Where what goes since it is past is kept first, if anywhere; the folder is made.
pub fn archiving(options: &RetentionOptions) -> Result<Option<Archiving>, Failure> {
    let Some(folder) = &options.keep_archive else { return Ok(None) };
    let archive = FolderArchive::open(folder)
        .map_err(|error| Failure::usage(format!("--keep-archive {}: {error}", folder.display())))?;
    Ok(Some(Archiving { archive: Arc::new(archive), forms: Arc::new(ClientForms) }))
}

/// What an operator's command works with, alongside servers or without one: the same data, but no ping log, which is
/// the servers' alone. What it ends or changes, servers find in the data within a second.
pub fn alongside(options: &DataOptions) -> Result<(App, Arc<dyn LedgerWriter>), Failure> {
    if let Some(config) = options.database.postgres()? {
        return alongside_store(Arc::new(PgStore::open(&config).map_err(Failure::usage)?));
    }
    alongside_store(Arc::new(SqliteStore::open_alongside(&options.data).map_err(Failure::because)?))
}

fn alongside_store(store: Arc<impl Store>) -> Result<(App, Arc<dyn LedgerWriter>), Failure> {
    // No token is made or checked here, so these keys are nobody's.
    let tokens = Tokens::new(&KeyRing::generate(&SystemRandomness, SystemClock.now()));
    let settings = Settings::unused();
    Ok((app(&store, Shared::alone(Arc::new(ClosedLog), &settings), &tokens, &settings)?, store))
}

/// What works with the server's keys.
struct Tokens {
    access: Arc<JwtAccessTokens>,
    refresh: Arc<HmacRefreshTokens>,
}

impl Tokens {
    fn new(keys: &KeyRing) -> Self {
        let refresh = HmacRefreshTokens::new(keys, Arc::new(SystemRandomness));
        Self { access: Arc::new(JwtAccessTokens::new(keys)), refresh: Arc::new(refresh) }
    }

    /// These keys are from that file; they are to be what it says from now on.
    fn follow(self, file: PathBuf, keys: &KeyRing) -> KeyWatch {
        KeyWatch::new(file, keys, self.access, self.refresh)
    }
}

/// What keeps everything but pings.
trait Store:
    Accounts
    + ApiKeys
    + AuditLog
    + Buckets
    + CorrectionNumbers
    + DeadLetters
    + DeviceBook
    + DeviceLogins
    + LabelBook
    + LedgerReader
    + LedgerWriter
    + PreferenceStore
    + RawEvents
    + ReportJobs
    + ResetLinks
    + RetentionStore
    + Sessions
    + StoredTime
    + TrackerSettings
    + 'static
{
}

impl Store for SqliteStore {}
impl Store for PgStore {}

fn app(
    store: &Arc<impl Store>,
    shared: Shared,
    tokens: &Tokens,
    settings: &Settings,
) -> Result<App, Failure> {
    let (clock, randomness) = (Arc::new(SystemClock), Arc::new(SystemRandomness));
    let passwords = Argon2Passwords::new(settings.argon2, randomness.clone()).map_err(Failure::usage)?;
    Ok(App {
        zones: Arc::new(JiffZones::new()),
        site_names: Arc::new(UrlSiteNames),
        passwords: Arc::new(passwords),
        access_tokens: tokens.access.clone(),
        refresh_tokens: tokens.refresh.clone(),
        secrets: Arc::new(RandomSecrets::new(randomness.clone())),
        limits: shared.limits,
        ping_quota: Arc::new(LocalPingQuota::new(settings.pings)),
        name_quota: Arc::new(LocalNameQuota::new(settings.names)),
        ping_log: shared.ping_log,
        ledger: store.clone(),
        correction_numbers: store.clone(),
        preferences: Arc::new(RememberedPreferences::of(store.clone(), clock.clone())),
        report_jobs: store.clone(),
        accounts: store.clone(),
        sessions: store.clone(),
        api_keys: Arc::new(RememberedApiKeys::of(store.clone())),
        device_book: store.clone(),
        reset_links: store.clone(),
        label_book: store.clone(),
        buckets: Arc::new(RememberedBuckets::of(store.clone(), clock.clone())),
        raw_events: store.clone(),
        tracker_settings: store.clone(),
        device_logins: store.clone(),
        audit: store.clone(),
        revocations: shared.revocations,
        dead_letters: store.clone(),
        recent_polls: Arc::default(),
        stored_time: store.clone(),
        clock_check: Arc::default(),
        live: shared.live,
        retention: store.clone(),
        retention_turns: shared.retention_turns,
        rules: settings.rules,
        clock,
        randomness,
    })
}

fn pool(
    options: &ServeOptions,
    app: &App,
    ledger: Arc<dyn LedgerWriter>,
    leases: Arc<dyn Leases>,
) -> WorkerPool {
    let limits = options.storage.worker(app.ping_log.partitions());
    let (log, live) = (app.ping_log.clone(), app.live.clone());
    let (clock, randomness) = (app.clock.clone(), app.randomness.clone());
    WorkerPool { leases, ports: WorkerPorts { log, ledger, live, clock, randomness }, limits }
}

/// Of the application's ports the worker has only what is no store.
fn reports<S: Store>(app: &App, open: impl FnOnce() -> Result<S, Failure> + Send + 'static) -> OpenReports {
    let (zones, clock, policy) = (app.zones.clone(), app.clock.clone(), app.rules.jobs);
    Box::new(move || {
        let store = Arc::new(open()?);
        let data = ExportPorts {
            accounts: store.clone(),
            sessions: store.clone(),
            api_keys: store.clone(),
            device_book: store.clone(),
            label_book: store.clone(),
            buckets: store.clone(),
            raw_events: store.clone(),
            tracker_settings: store.clone(),
            audit: store.clone(),
            dead_letters: store.clone(),
            ledger: store.clone(),
        };
        let ports = ReportPorts { jobs: store, data, zones, clock, forms: Arc::new(ClientForms) };
        Ok(ReportWorker::new(ports, policy))
    })
}

#[cfg(test)]
mod tests;
