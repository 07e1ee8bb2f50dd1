//! One commit as one transaction of two round trips, however many people it is about: everything
//! but the `COMMIT` travels at once, and is judged in order when the answers are there. Where this
//! process does not know the people it asks before; where it was wrong about something (a month, a
//! name's number, a day of the first edition), it finds out and tries again. Not here: retries for
//! what others have done. The worker reads the position again and goes on.

use std::collections::HashSet;

use dayline_app::ports::{Applied, DayWrite, LedgerCommit, Partition, PortError, Position};
use dayline_domain::{UserId, UtcMs};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::adopt::{self, Adopted, Found};
use super::columns::Columns;
use super::part::Short;
use super::statements::{Moves, Values};
use super::sweep::sweep;
use crate::db::ConnectionPool;
use crate::error::{is_missing_table, port_error};
use crate::months::{Month, month_of};
use crate::names::{Chosen, NewNames, People, Person};
use crate::store::PgStore;
use crate::values::{id_column, nth, uuid};

/// How often a commit is tried in all. Wrong about a month, a number and an edition at once, it
/// would still succeed with the fourth.
const ATTEMPTS: usize = 5;

enum Outcome {
    Applied(Applied),
    OtherRule,
    MissingPartition,
    Days,
    Names(Chosen),
}

/// Applies a commit; makes the months it needs first.
pub(super) async fn apply(store: &PgStore, commit: &LedgerCommit) -> Result<Applied, PortError> {
    if commit.to < commit.from {
        return Err(PortError::Rejected("a position would move back".into()));
    }
    apply_to(store, store.primary().await?, commit, Moves::Position).await
}

/// What became of days that are written for an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// They are durable.
    Done,
    /// One has another version, or its person is gone. Nothing changed.
    Stale,
}

/// Writes days for an operator, beside what workers do: no position moves.
pub(crate) async fn write_days(
    store: &PgStore,
    pool: &ConnectionPool,
    days: Vec<(UserId, DayWrite)>,
    at: UtcMs,
) -> Result<Written, PortError> {
    let (from, to) = (Position::START, Position::START);
    let (corrections, dead) = (Vec::new(), Vec::new());
    let commit = LedgerCommit { partition: Partition(0), from, to, days, corrections, dead, at };
    match apply_to(store, pool, &commit, Moves::Nothing).await? {
        Applied::Done => Ok(Written::Done),
        Applied::Fenced | Applied::Stale => Ok(Written::Stale),
    }
}

async fn apply_to(
    store: &PgStore,
    primary: &ConnectionPool,
    commit: &LedgerCommit,
    moves: Moves,
) -> Result<Applied, PortError> {
    let (mut adopted, mut chosen) = (Adopted::default(), Chosen::default());
    for _ in 0..ATTEMPTS {
        for month in months_of(commit)? {
            store.months().ensure(primary, month).await?;
        }
        let mut people = store.people().take(commit.days.iter().map(|(user, _)| *user));
        find_missing(primary, commit, &mut people).await?;
        if commit.days.iter().any(|(user, _)| !people.contains_key(user)) {
            return Ok(Applied::Stale);
        }
        let mut names = NewNames::with(std::mem::take(&mut chosen));
        adopted.number(&mut people, &mut names);
        let columns = Columns::of(commit, &mut people, names, &adopted)?;
        match try_apply(primary, &Values::of(commit, moves), commit, &columns, &adopted).await? {
            Outcome::Applied(Applied::Done) => {
                store.people().learn(people);
                if matches!(moves, Moves::Position) {
                    store.standing().hear(commit.partition, commit.to);
                }
                return Ok(Applied::Done);
            }
            Outcome::Applied(applied) => {
                // The database may have gone back: nothing that is known need be so.
                store.people().forget();
                return Ok(applied);
            }
            Outcome::OtherRule => return Err(store.look_again().await),
            Outcome::MissingPartition => store.months().forget(),
            Outcome::Names(other) => chosen = other,
            Outcome::Days => match adopt::find(primary, commit).await? {
                Found::Stale => return Ok(Applied::Stale),
                Found::First(days) => adopted = days,
            },
        }
    }
    Err(PortError::Unavailable("a commit meets other changes again and again".into()))
}

fn months_of(commit: &LedgerCommit) -> Result<HashSet<Month>, PortError> {
    commit.days.iter().map(|(_, write)| month_of(write.day)).collect()
}

/// Looks up people who are not known. Who is gone stays missing.
async fn find_missing(
    pool: &ConnectionPool,
    commit: &LedgerCommit,
    people: &mut People,
) -> Result<(), PortError> {
    const SQL: &str = "SELECT uuid, id, names_epoch FROM users WHERE uuid = ANY ($1)";
    let users = commit.days.iter().map(|(user, _)| *user);
    let missing: Vec<Uuid> = users.filter(|user| !people.contains_key(user)).map(uuid).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for row in pool.query(SQL, &[(&missing, Type::UUID_ARRAY)]).await? {
        let person = Person { id: nth(&row, 1)?, epoch: nth(&row, 2)?, ..Person::default() };
        people.insert(id_column(&row, "uuid")?, person);
    }
    Ok(())
}

async fn try_apply(
    pool: &ConnectionPool,
    values: &Values<'_>,
    commit: &LedgerCommit,
    columns: &Columns,
    adopted: &Adopted,
) -> Result<Outcome, PortError> {
    let (expected, statements): (Vec<_>, Vec<_>) = values
        .parts(columns, adopted)
        .into_iter()
        .map(|part| ((part.rows, part.short), part.statement))
        .unzip();
    let mut transaction = pool.begin_by_key().await?;
    let changed = transaction.execute_all(&statements).await?;
    for (changed, (rows, short)) in changed.into_iter().zip(expected) {
        let outcome = match changed {
            Ok(changed) if changed == rows as u64 => continue,
            Ok(_) => match short {
                Short::Fine => continue,
                Short::OtherRule => Ok(Outcome::OtherRule),
                Short::Fenced => Ok(Outcome::Applied(Applied::Fenced)),
                Short::Days => Ok(Outcome::Days),
                Short::Names => Ok(Outcome::Names(columns.names.choose(pool).await?)),
                Short::Pieces => Err(PortError::Rejected(
                    "a change of a piece that is not there, or a tail that is not last".into(),
                )),
            },
            Err(error) if is_missing_table(&error) => Ok(Outcome::MissingPartition),
            Err(error) => Err(port_error(&error)),
        };
        transaction.roll_back().await;
        return outcome;
    }
    if !commit.corrections.is_empty() {
        let swept = sweep(&mut transaction, commit).await;
        return transaction.finish(swept).await.map(|()| Outcome::Applied(Applied::Done));
    }
    transaction.commit().await?;
    Ok(Outcome::Applied(Applied::Done))
}
