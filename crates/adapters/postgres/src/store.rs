//! The store: the primary, its replicas, and what this process knows of months and people.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dayline_app::ports::PortError;
use dayline_domain::UtcMs;

use crate::config::{ConfigError, PgConfig};
use crate::db::{ConnectionPool, PoolUsage};
use crate::error::corrupt;
use crate::migrations::{self, Migrated, MigrationState};
use crate::month_tables::KnownMonths;
use crate::months::Month;
use crate::names::KnownPeople;
use crate::replicas::{ReplicaUsage, Replicas};
use crate::rule_edition;
use crate::standing::Standing;
use crate::values::column;

/// How many months after the current one have their tables made ahead.
const MONTHS_AHEAD: usize = 2;

/// Dayline's data in PostgreSQL: [`LedgerWriter`], [`LedgerReader`], [`DeadLetters`],
/// [`PreferenceStore`], [`CorrectionNumbers`], [`Accounts`], [`Sessions`], [`ApiKeys`],
/// [`DeviceLogins`], [`AuditLog`] and [`ReportJobs`]. Each call is one transaction.
///
/// [`LedgerWriter`]: dayline_app::ports::LedgerWriter
/// [`LedgerReader`]: dayline_app::ports::LedgerReader
/// [`DeadLetters`]: dayline_app::ports::DeadLetters
/// [`PreferenceStore`]: dayline_app::ports::PreferenceStore
/// [`CorrectionNumbers`]: dayline_app::ports::CorrectionNumbers
/// [`Accounts`]: dayline_app::ports::Accounts
/// [`Sessions`]: dayline_app::ports::Sessions
/// [`ApiKeys`]: dayline_app::ports::ApiKeys
/// [`DeviceLogins`]: dayline_app::ports::DeviceLogins
/// [`AuditLog`]: dayline_app::ports::AuditLog
/// [`ReportJobs`]: dayline_app::ports::ReportJobs
pub struct PgStore {
    primary: ConnectionPool,
    replicas: Replicas,
    months: KnownMonths,
    people: KnownPeople,
    standing: Standing,
    statement_timeout: Duration,
    /// The server was found fit once; see [`PgStore::unfitness`].
    checked: AtomicBool,
}

impl PgStore {
    /// A store over these servers. Connects when first used, so that a server that is down now is
    /// only an error of the calls that need it. With replicas, call this inside a Tokio runtime:
    /// they are watched in the background until the store is dropped.
    pub fn open(config: &PgConfig) -> Result<Self, ConfigError> {
        let primary = ConnectionPool::new(&config.primary, config)?;
        Ok(Self {
            replicas: Replicas::watch(config)?,
            primary,
            months: KnownMonths::default(),
            people: KnownPeople::default(),
            standing: Standing::default(),
            statement_timeout: config.statement_timeout,
            checked: AtomicBool::new(false),
        })
    }

    /// Brings the schema up to this program's version. Safe when many processes do it at once, and
    /// while processes of earlier versions serve.
    pub async fn migrate(&self) -> Result<Migrated, PortError> {
        migrations::migrate(&self.patient()).await
    }

    /// Which steps of the schema were taken, and which are missing. Changes nothing.
    pub async fn migration_states(&self) -> Result<Vec<MigrationState>, PortError> {
        migrations::states(&self.primary).await
    }

    /// Why this program must not work with the database that answers, if so: its schema is missing,
    /// too old or too new, its days are settled by another edition of the rule, or a commit would not be durable when it is acknowledged. An error if
    /// none answers. Every other call asks this before its first statement.
    pub async fn unfitness(&self) -> Result<Option<PortError>, PortError> {
        if let Err(unfit) = migrations::judge(&migrations::history(&self.primary).await?) {
            return Ok(Some(unfit));
        }
        if let Err(unfit) = rule_edition::judge(&self.primary).await? {
            return Ok(Some(unfit));
        }
        let rows = self.primary.query("SELECT current_setting('synchronous_commit') AS value", &[]).await?;
        let [row] = rows.as_slice() else { return Err(corrupt("synchronous_commit", "no answer")) };
        Ok((column::<&str>(row, "value")? == "off").then(|| {
            PortError::Unavailable(
                "synchronous_commit is off: commits would be lost in a crash after the log was trimmed; turn it on \
                 for this database or role"
                    .into(),
            )
        }))
    }

    /// Whether a commit would be taken: the database is fit, and writes.
    pub(crate) async fn check_commits(&self) -> Result<(), PortError> {
        if let Some(unfit) = self.unfitness().await? {
            return Err(unfit);
        }
        // Asking for the transaction's number makes it one that writes.
        let sql = "SELECT pg_current_xact_id() IS NOT NULL AS numbered,
                     current_setting('transaction_read_only') = 'on' AS read_only";
        let rows = self.primary.query(sql, &[]).await?;
        let read_only = rows.first().map(|row| column::<bool>(row, "read_only")).transpose()?;
        if read_only != Some(false) {
            return Err(PortError::Unavailable("the database takes no writes: it is read-only".into()));
        }
        Ok(())
    }

    /// Makes the tables of the current month and the two after. Call it at the start and once a
    /// day; what is missing all the same is made when it is needed.
    pub async fn prepare_months(&self, now: UtcMs) -> Result<(), PortError> {
        let primary = self.primary().await?;
        let ahead = std::iter::successors(Month::at(now), |month| month.next());
        for month in ahead.take(MONTHS_AHEAD + 1) {
            self.months.ensure(primary, month).await?;
        }
        Ok(())
    }

    /// How the connections to the primary are used.
    pub fn usage(&self) -> PoolUsage {
        self.primary.usage()
    }

    /// How the replicas are used.
    pub fn replica_usage(&self) -> ReplicaUsage {
        self.replicas.usage()
    }

    /// The primary, once it was found fit.
    pub(crate) async fn primary(&self) -> Result<&ConnectionPool, PortError> {
        if !self.checked.load(Ordering::Relaxed) {
            if let Some(unfit) = self.unfitness().await? {
                return Err(unfit);
            }
            self.checked.store(true, Ordering::Relaxed);
        }
        Ok(&self.primary)
    }

    /// Why this program must not go on with the database, which was fit once and has refused a commit.
    pub(crate) async fn look_again(&self) -> PortError {
        self.checked.store(false, Ordering::Relaxed);
        match self.primary().await {
            Err(why) => why,
            Ok(_) => PortError::Unavailable("the database was changed by another program just now".into()),
        }
    }

    /// The primary for work that takes long: migrations, months, the erasure of a person.
    pub(crate) fn patient(&self) -> ConnectionPool {
        const LONGER: u32 = 60;
        self.primary.with_statement_timeout(self.statement_timeout.saturating_mul(LONGER))
    }

    pub(crate) fn replicas(&self) -> &Replicas {
        &self.replicas
    }

    pub(crate) fn people(&self) -> &KnownPeople {
        &self.people
    }

    pub(crate) fn standing(&self) -> &Standing {
        &self.standing
    }

    pub(crate) fn months(&self) -> &KnownMonths {
        &self.months
    }
}
