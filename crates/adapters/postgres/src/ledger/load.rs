//! Loading days with their state: all of them from one snapshot. In a first round trip what is
//! stored of the days, in a second one the names that it refers to by numbers. Not here: making sense
//! of it (see `stored`).

use std::collections::HashMap;

use dayline_app::ports::{DayKey, LoadedDay, PortError, StoredDay};
use dayline_domain::{Piece, UserId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::stored::{Numbered, StoredRows};
use crate::db::{ConnectionPool, Param, Statement, Transaction};
use crate::error::corrupt;
use crate::merges::MERGES;
use crate::names::{KnownPeople, Named, People, Person, SPELLED};
use crate::values::{Day, nth, uuid};

// Sub-selects are kept apart by `OFFSET 0`: each person and day is looked up by its key, and no
// table is read as a whole. $3 and $4 are the first and the last day that anything is looked for in.

const DAYS: &str = "SELECT wanted.number, person.id, person.names_epoch, person.beat_hold_minutes, person.audible_counts,
  stored.version, stored.edition, stored.beat_hold_minutes, stored.audible_counts,
  stored.tail_start, stored.tail_end, stored.tail_source, stored.recent, stored.merges, merged.devices, merged.ends,
  wanted.day < person.kept_from AS is_past
FROM unnest($1, $2) WITH ORDINALITY AS wanted (uuid, day, number)
LEFT JOIN LATERAL (
  SELECT id, names_epoch, beat_hold_minutes, audible_counts, kept_from FROM users WHERE uuid = wanted.uuid OFFSET 0
) AS person ON true
LEFT JOIN LATERAL (MERGES WHERE user_id = person.id OFFSET 0) AS merged ON true
LEFT JOIN LATERAL (
  SELECT * FROM ledger_days WHERE user_id = person.id AND day = wanted.day AND day >= $3 AND day <= $4 OFFSET 0
) AS stored ON true
ORDER BY number";

/// What else there is of each person and day.
const OF_DAYS: &str = "SELECT wanted.number, stored.*
FROM unnest($1, $2) WITH ORDINALITY AS wanted (uuid, day, number)
CROSS JOIN LATERAL (SELECT id FROM users WHERE uuid = wanted.uuid OFFSET 0) AS person
CROSS JOIN LATERAL (STORED) AS stored";

const PIECES: &str = "SELECT start_time, end_time, source FROM pieces
  WHERE user_id = person.id AND start_time >= wanted.day::timestamp AT TIME ZONE 'UTC'
    AND start_time < (wanted.day + 1)::timestamp AT TIME ZONE 'UTC'
    AND start_time >= $3::timestamp AT TIME ZONE 'UTC' AND start_time < ($4 + 1)::timestamp AT TIME ZONE 'UTC'
  OFFSET 0";

const OBSERVED: &str = "SELECT bytes FROM observations
  WHERE user_id = person.id AND day = wanted.day AND day >= $3 AND day <= $4
  OFFSET 0";

/// Pieces never cross midnight: what meets the window starts on the day before or later.
const FIRST: &str = "SELECT start_time, end_time, device_id, app_name, domain, NULL::text, NULL::text FROM TABLE
  WHERE user_id = person.id AND start_time >= (wanted.day - 1)::timestamp AT TIME ZONE 'UTC'
    AND start_time < (wanted.day + 2)::timestamp AT TIME ZONE 'UTC'
    AND start_time >= ($3 - 1)::timestamp AT TIME ZONE 'UTC' AND start_time < ($4 + 2)::timestamp AT TIME ZONE 'UTC'
  OFFSET 0";

/// What the neighbours of a day of the first edition observed, with the day that it is of.
const BESIDE: &str = "SELECT beside.* FROM ledger_days AS first
  CROSS JOIN LATERAL (
    SELECT day, bytes FROM observations
    WHERE user_id = first.user_id AND day >= first.day - 1 AND day <= first.day + 1
      AND day >= $3 - 1 AND day <= $4 + 1
    UNION ALL
    SELECT day, recent FROM ledger_days
    WHERE user_id = first.user_id AND day >= first.day - 1 AND day <= first.day + 1
      AND day >= $3 - 1 AND day <= $4 + 1 AND recent IS NOT NULL
  ) AS beside
  WHERE first.user_id = person.id AND first.day = wanted.day AND first.day >= $3 AND first.day <= $4
    AND first.edition = 1
  OFFSET 0";

const CORRECTIONS: &str =
    "SELECT id, version, start_time, end_time, device_id, app_name, domain, project, language
  FROM corrections
  WHERE user_id = person.id AND end_time > wanted.day::timestamp AT TIME ZONE 'UTC' - interval '2 hours'
    AND start_time < (wanted.day + 1)::timestamp AT TIME ZONE 'UTC' + interval '2 hours'
  OFFSET 0";

const NAMES: &str = "SELECT user_id, number, SPELLED FROM unnest($1, $2) AS wanted (person, nr)
CROSS JOIN LATERAL (SELECT * FROM names WHERE user_id = wanted.person AND number = wanted.nr OFFSET 0) AS name";

/// The days asked for, in the order asked for. Where something can't be read, halves are loaded, down
/// to the one day that it is about: that one is damaged, and holds up no other.
pub(crate) async fn load(
    pool: &ConnectionPool,
    known: &KnownPeople,
    keys: &[DayKey],
) -> Result<Vec<LoadedDay>, PortError> {
    let mut days = Vec::with_capacity(keys.len());
    let mut waiting = vec![keys];
    while let Some(keys) = waiting.pop() {
        match load_at_once(pool, known, keys).await {
            Ok(loaded) => days.extend(loaded),
            Err(PortError::Corrupt(_)) if keys.len() > 1 => {
                let (first, second) = keys.split_at(keys.len() / 2);
                waiting.extend([second, first]);
            }
            Err(PortError::Corrupt(why)) => days.push(LoadedDay::Damaged(why)),
            Err(error) => return Err(error),
        }
    }
    Ok(days)
}

/// The same for a report, which learns nothing for commits: a replica may be behind.
pub(super) async fn read(pool: &ConnectionPool, keys: &[DayKey]) -> Result<Vec<LoadedDay>, PortError> {
    load(pool, &KnownPeople::default(), keys).await
}

/// The days asked for, from one snapshot.
async fn load_at_once(
    pool: &ConnectionPool,
    known: &KnownPeople,
    keys: &[DayKey],
) -> Result<Vec<LoadedDay>, PortError> {
    let Some(wanted) = Wanted::of(keys) else { return Ok(Vec::new()) };
    let mut transaction = pool.begin_snapshot().await?;
    let answers = transaction.query_all(&wanted.statements()).await?;
    let days = sorted(keys, &answers)?;
    let numbers = Numbered::by(days.iter())?;
    let names = Named::of(&transaction.query_and_commit(&numbers.look_up(names_sql())).await?)?;
    known.learn(people(keys, &days, &names)?);
    Ok(days.into_iter().map(|day| day.restore(&names)).collect())
}

/// A day with all that an archive keeps of it.
pub(crate) struct WholeDay {
    pub(crate) day: StoredDay,
    /// What was outranked in a day of the first edition.
    pub(crate) outranked: Vec<Piece>,
}

/// Some days as a transaction sees them, for an archive.
///
/// # Errors
/// If the database is away, or one of the days is damaged.
pub(crate) async fn whole_days(
    transaction: &mut Transaction,
    keys: &[DayKey],
) -> Result<Vec<WholeDay>, PortError> {
    let Some(wanted) = Wanted::of(keys) else { return Ok(Vec::new()) };
    let answers = transaction.query_all(&wanted.statements()).await?;
    let days = sorted(keys, &answers)?;
    let numbers = Numbered::by(days.iter())?;
    let Statement { sql, params } = numbers.look_up(names_sql());
    let names = Named::of(&transaction.query(&sql, &params).await?)?;
    let mut whole = Vec::with_capacity(days.len());
    for rows in days {
        match rows.restore(&names) {
            LoadedDay::Day(day) => whole.push(WholeDay { outranked: rows.first_outranked()?, day: *day }),
            LoadedDay::NoSuchUser => return Err(corrupt("a stored day", "it is nobody's")),
            LoadedDay::Damaged(why) => return Err(PortError::Corrupt(why)),
        }
    }
    Ok(whole)
}

/// What is asked for.
struct Wanted {
    users: Vec<Uuid>,
    days: Vec<Day>,
    first: Day,
    last: Day,
}

impl Wanted {
    fn of(keys: &[DayKey]) -> Option<Self> {
        let days = || keys.iter().map(|key| key.day);
        Some(Self {
            users: keys.iter().map(|key| uuid(key.user)).collect(),
            days: days().map(Day).collect(),
            first: Day(days().min()?),
            last: Day(days().max()?),
        })
    }

    fn statements(&self) -> Vec<Statement<'_>> {
        let of_days = |stored: &str| OF_DAYS.replace("STORED", stored);
        let all = [
            DAYS.replace("MERGES", MERGES),
            of_days(PIECES),
            of_days(OBSERVED),
            of_days(&FIRST.replace("TABLE", "first_pieces")),
            of_days(&FIRST.replace("TABLE", "first_outranked")),
            of_days(BESIDE),
        ];
        let mut statements: Vec<_> =
            all.into_iter().map(|sql| Statement { sql: sql.into(), params: self.params() }).collect();
        let params = self.params().into_iter().take(2).collect();
        statements.push(Statement { sql: of_days(CORRECTIONS).into(), params });
        statements
    }

    fn params(&self) -> Vec<Param<'_>> {
        vec![
            (&self.users, Type::UUID_ARRAY),
            (&self.days, Type::DATE_ARRAY),
            (&self.first, Type::DATE),
            (&self.last, Type::DATE),
        ]
    }
}

fn names_sql() -> String {
    NAMES.replace("SPELLED", SPELLED)
}

/// One of the kinds of rows that a day has several of.
type Part<'a> = for<'b> fn(&'b mut StoredRows<'a>) -> &'b mut Vec<&'a Row>;

/// What was answered, by day.
fn sorted<'a>(keys: &[DayKey], answers: &'a [Vec<Row>]) -> Result<Vec<StoredRows<'a>>, PortError> {
    let [days, pieces, observed, first, outranked, beside, corrections] = answers else {
        return Err(corrupt("load", "not all answers"));
    };
    let mut stored: Vec<StoredRows<'_>> =
        keys.iter().zip(days).map(|(key, row)| StoredRows::of(key.day, row)).collect();
    let parts: [(&[Row], Part<'a>); 6] = [
        (pieces, |day| &mut day.pieces),
        (observed, |day| &mut day.observed),
        (first, |day| &mut day.first),
        (outranked, |day| &mut day.outranked),
        (beside, |day| &mut day.beside),
        (corrections, |day| &mut day.corrections),
    ];
    for (rows, part) in parts {
        for row in rows {
            let number = usize::try_from(nth::<i64>(row, 0)? - 1).ok();
            let day = number.and_then(|number| stored.get_mut(number));
            part(day.ok_or_else(|| corrupt("load", "a day not asked for"))?).push(row);
        }
    }
    Ok(stored)
}

/// The people of some days with their names, as this process may remember them.
fn people(keys: &[DayKey], days: &[StoredRows<'_>], names: &Named) -> Result<People, PortError> {
    let mut people = People::new();
    let mut users = HashMap::<i64, UserId>::new();
    for (key, day) in keys.iter().zip(days) {
        let Some((id, epoch)) = day.person()? else { continue };
        people.insert(key.user, Person { id, epoch, ..Person::default() });
        users.insert(id, key.user);
    }
    for (id, name, number) in names.iter() {
        let person = users.get(&id).and_then(|user| people.get_mut(user));
        if let Some(person) = person {
            person.numbers.insert(name.clone(), number);
        }
    }
    Ok(people)
}
