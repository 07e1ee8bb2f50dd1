//! What is past: found by the person, and removed from every table that has something of a day; and
//! which process removes it.

use std::sync::Arc;

use dayline_app::ports::{
    KeptPerson, Past, PortError, PortFuture, Randomness, RetentionStore, RetentionTurns, Turn,
};
use dayline_domain::timeline::window::Window;
use dayline_domain::{UserId, UtcDay};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Param, Statement, Transaction};
use crate::error::port_error;
use crate::ledger::forget_names;
use crate::preferences::{day_start, keep};
use crate::store::PgStore;
use crate::values::{Day, Timestamp, column, id_column, uuid};

const PEOPLE: &str = "SELECT uuid, timezone, day_start_minutes, keep, kept_from FROM users
WHERE ($1::uuid IS NULL OR uuid > $1) AND id IN (
  SELECT user_id FROM ledger_days WHERE day < $2
  UNION SELECT id FROM users WHERE keep IS NOT NULL OR kept_from IS NOT NULL
)
ORDER BY uuid LIMIT $3";

const MEASURE: &str = "SELECT
  (SELECT count(*) FROM ledger_days WHERE user_id = person.id AND day < $2) AS days,
  (SELECT count(*) FROM pieces WHERE user_id = person.id AND start_time < $3)
    + (SELECT count(tail_start) FROM ledger_days WHERE user_id = person.id AND day < $2)
    + (SELECT count(*) FROM first_pieces WHERE user_id = person.id AND start_time < $3) AS pieces,
  (SELECT coalesce(sum(octet_length(bytes)), 0) FROM observations WHERE user_id = person.id AND day < $2)
    + (SELECT coalesce(sum(coalesce(octet_length(recent), 0) + coalesce(octet_length(sums), 0)), 0)
       FROM ledger_days WHERE user_id = person.id AND day < $2) AS bytes
FROM users AS person WHERE uuid = $1";

const DAYS: &str = "SELECT day FROM ledger_days
WHERE user_id = (SELECT id FROM users WHERE uuid = $1) AND day < $2 ORDER BY day LIMIT $3";

/// Days first, as in every transaction.
const REMOVE_DAYS: &str = "DELETE FROM ledger_days WHERE user_id = $1 AND day < $2";
const REMOVE_OBSERVED: &str = "DELETE FROM observations WHERE user_id = $1 AND day < $2";
const REMOVE_BY_TIME: [&str; 3] = [
    "DELETE FROM pieces WHERE user_id = $1 AND start_time < $2",
    "DELETE FROM first_pieces WHERE user_id = $1 AND start_time < $2",
    "DELETE FROM first_outranked WHERE user_id = $1 AND start_time < $2",
];
/// Corrections that say nothing from an instant on, and that they were ever made.
const REMOVE_CORRECTIONS: &str = "WITH gone AS (
  DELETE FROM corrections WHERE user_id = $1 AND end_time <= $2 RETURNING id
)
DELETE FROM correction_numbers WHERE user_id = $1 AND id IN (SELECT id FROM gone)";
const REMOVE_DEAD: &str = "DELETE FROM dead_pings WHERE user_uuid = $1 AND at < $2";

impl RetentionStore for PgStore {
    fn people(
        &self,
        after: Option<UserId>,
        before: Option<UtcDay>,
        limit: usize,
    ) -> PortFuture<'_, Vec<KeptPerson>> {
        Box::pin(async move {
            self.primary().await?;
            let before = Day(before.unwrap_or(UtcDay(i32::MIN)));
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let params: [Param<'_>; 3] =
                [(&after.map(uuid), Type::UUID), (&before, Type::DATE), (&limit, Type::INT8)];
            self.patient().query(PEOPLE, &params).await?.iter().map(person).collect()
        })
    }

    fn keep_from(&self, user: UserId, from: Option<UtcDay>) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let sql = "UPDATE users SET kept_from = $2 WHERE uuid = $1";
            let params: [Param<'_>; 2] = [(&uuid(user), Type::UUID), (&from.map(Day), Type::DATE)];
            Ok(self.primary().await?.execute(sql, &params).await? > 0)
        })
    }

    fn measure(&self, user: UserId, before: UtcDay) -> PortFuture<'_, Past> {
        Box::pin(async move {
            self.primary().await?;
            let params: [Param<'_>; 3] = [
                (&uuid(user), Type::UUID),
                (&Day(before), Type::DATE),
                (&Timestamp(before.start()), Type::TIMESTAMPTZ),
            ];
            let rows = self.patient().query(MEASURE, &params).await?;
            let Some(row) = rows.first() else { return Ok(Past::default()) };
            let number = |name| column::<i64>(row, name).map(i64::cast_unsigned);
            Ok(Past { days: number("days")?, pieces: number("pieces")?, bytes: number("bytes")? })
        })
    }

    fn past_days(&self, user: UserId, before: UtcDay, limit: usize) -> PortFuture<'_, Vec<UtcDay>> {
        Box::pin(async move {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let params: [Param<'_>; 3] =
                [(&uuid(user), Type::UUID), (&Day(before), Type::DATE), (&limit, Type::INT8)];
            let rows = self.primary().await?.query(DAYS, &params).await?;
            rows.iter().map(|row| Ok(column::<Day>(row, "day")?.0)).collect()
        })
    }

    fn remove(&self, user: UserId, before: UtcDay) -> PortFuture<'_, u64> {
        Box::pin(async move {
            self.primary().await?;
            let mut transaction = self.patient().begin().await?;
            let outcome = remove(&mut transaction, user, before).await;
            transaction.finish(outcome).await
        })
    }

    fn forget_names(&self, user: UserId) -> PortFuture<'_, ()> {
        Box::pin(async move {
            self.primary().await?;
            let mut transaction = self.patient().begin().await?;
            let outcome = forget_names(&mut transaction, user).await;
            transaction.finish(outcome).await
        })
    }

    fn drop_empty(&self, before: UtcDay) -> PortFuture<'_, u64> {
        Box::pin(async move { self.month_admin().drop_empty(before).await })
    }
}

fn person(row: &Row) -> Result<KeptPerson, PortError> {
    Ok(KeptPerson {
        user: id_column(row, "uuid")?,
        timezone: column(row, "timezone")?,
        day_start: day_start(row)?,
        keep: keep(row)?,
        kept_from: column::<Option<Day>>(row, "kept_from")?.map(|day| day.0),
    })
}

/// Removes all of a person's days before a day; gives how many there were. As when a person is deleted,
/// the lock on their row comes first, then their days: a commit that is under way is waited for there.
async fn remove(transaction: &mut Transaction, user: UserId, before: UtcDay) -> Result<u64, PortError> {
    let person = [(&uuid(user) as _, Type::UUID)];
    let found = transaction.query("SELECT id FROM users WHERE uuid = $1 FOR NO KEY UPDATE", &person).await?;
    let Some(row) = found.first() else { return Ok(0) };
    let (id, user): (i64, Uuid) = (column(row, "id")?, uuid(user));
    let (day, start) = (Day(before), Timestamp(before.start()));
    let window = Timestamp(Window::of(before).interval().start());
    let by_day: [Param<'_>; 2] = [(&id, Type::INT8), (&day, Type::DATE)];
    let by_time: [Param<'_>; 2] = [(&id, Type::INT8), (&start, Type::TIMESTAMPTZ)];
    let days = transaction.execute(REMOVE_DAYS, &by_day).await?;
    let mut others = vec![Statement { sql: REMOVE_OBSERVED.into(), params: by_day.to_vec() }];
    others.extend(REMOVE_BY_TIME.map(|sql| Statement { sql: sql.into(), params: by_time.to_vec() }));
    let params = vec![(&id as _, Type::INT8), (&window as _, Type::TIMESTAMPTZ)];
    others.push(Statement { sql: REMOVE_CORRECTIONS.into(), params });
    let params = vec![(&user as _, Type::UUID), (&start as _, Type::TIMESTAMPTZ)];
    others.push(Statement { sql: REMOVE_DEAD.into(), params });
    for outcome in transaction.execute_all(&others).await? {
        outcome.map_err(|error| port_error(&error))?;
    }
    Ok(days)
}

/// One process among those that tell each other in the database for how long they keep timelines. The
/// first of them by its random identity removes what is past; when it is silent, the next one does.
pub struct PgRetentionTurns {
    store: Arc<PgStore>,
    node: Uuid,
}

/// What processes told within the time that it holds, each by the database's clock.
const TELL: &str = "WITH told AS (
  INSERT INTO retention_nodes (node, keep, told_at) VALUES ($1, $2, now())
  ON CONFLICT (node) DO UPDATE SET keep = EXCLUDED.keep, told_at = EXCLUDED.told_at
), silent AS (
  DELETE FROM retention_nodes WHERE node <> $1 AND told_at < now() - interval '10 minutes'
)
SELECT node, keep FROM retention_nodes
WHERE node <> $1 AND told_at >= now() - interval '10 minutes' ORDER BY node";

impl PgRetentionTurns {
    /// A process of its own.
    pub fn new(store: Arc<PgStore>, randomness: &dyn Randomness) -> Self {
        let mut node = [0; 16];
        randomness.fill(&mut node);
        Self { store, node: Uuid::from_bytes(node) }
    }
}

impl RetentionTurns for PgRetentionTurns {
    fn take(&self, told: String) -> PortFuture<'_, Turn> {
        Box::pin(async move {
            let params: [Param<'_>; 2] = [(&self.node, Type::UUID), (&told, Type::TEXT)];
            let mut is_first = true;
            for row in self.store.primary().await?.query(TELL, &params).await? {
                let theirs: &str = column(&row, "keep")?;
                if theirs != told {
                    return Ok(Turn::Differs(theirs.to_owned()));
                }
                is_first &= self.node < column::<Uuid>(&row, "node")?;
            }
            Ok(if is_first { Turn::Ours } else { Turn::Others })
        })
    }
}
