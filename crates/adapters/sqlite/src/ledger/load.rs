//! Days with their state, as workers need them. Of a day that is damaged that alone is said: the
//! others asked for may be fine.

use dayline_app::ports::{DayKey, Edition, LoadedDay, StoredDay};
use dayline_domain::timeline::window::Window;
use dayline_domain::{Observation, Source, Subject, Terms, UserId, UtcDay};
use rusqlite::{Row, Transaction, params};

use super::dictionary::Met;
use super::{corrections, first_edition, pieces, state};
use crate::failure::Failure;
use crate::users::{self, Person};

pub(super) const DAY: &str = "
    SELECT version, beat_hold_minutes, audible_counts, merges, tail_source, tail_start_ms, tail_end_ms, recent
    FROM ledger_days WHERE day = ?1 AND user_number = ?2";

/// Days of anybody, in the order asked for.
pub(super) fn days(tx: &Transaction<'_>, keys: &[DayKey]) -> Result<Vec<LoadedDay>, Failure> {
    keys.iter().map(|&DayKey { user, day }| loaded(tx, user, day)).collect()
}

fn loaded(tx: &Transaction<'_>, user: UserId, day: UtcDay) -> Result<LoadedDay, Failure> {
    match find(tx, user, day) {
        // This day is no day, or lies on a page that can't be read.
        Err(Failure::Corrupt(why)) => Ok(LoadedDay::Damaged(why)),
        outcome => outcome,
    }
}

fn find(tx: &Transaction<'_>, user: UserId, day: UtcDay) -> Result<LoadedDay, Failure> {
    let Some(person) = users::person(tx, user)? else { return Ok(LoadedDay::NoSuchUser) };
    let mut names = Names::of(&person);
    let stored = match second_edition(tx, &person, day, &mut names)? {
        Some(stored) => stored,
        None => first_edition_or_none(tx, &person, day, &mut names)?,
    };
    Ok(LoadedDay::Day(Box::new(stored)))
}

/// What a person's numbers stand for.
struct Names {
    sources: Met<Source>,
    subjects: Met<Subject>,
}

impl Names {
    fn of(person: &Person) -> Self {
        Self { sources: Met::of(person.number), subjects: Met::of(person.number) }
    }
}

fn second_edition(
    tx: &Transaction<'_>,
    person: &Person,
    day: UtcDay,
    names: &mut Names,
) -> Result<Option<StoredDay>, Failure> {
    let mut statement = tx.prepare_cached(DAY)?;
    let mut rows = statement.query(params![day.0, person.number])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut counted = pieces::touching(tx, day.interval(), &mut names.sources)?;
    let tail = pieces::tail(tx, row, &mut names.sources)?;
    let has_tail = tail.is_some();
    counted.extend(tail);
    let recent = match row.get_ref("recent")?.as_blob_or_null()? {
        Some(bytes) => state::decode(tx, day, bytes, &mut names.subjects)?,
        None => Vec::new(),
    };
    let mut observations = state::folded(tx, day, &mut names.subjects)?;
    observations.extend(recent.iter().cloned());
    Ok(Some(StoredDay {
        day,
        version: row.get::<_, i64>("version")? as u64,
        is_past: person.is_past(day),
        edition: Edition::Second,
        settled_by: settled_by(row, person)?,
        terms: person.terms.clone(),
        observations,
        corrections: corrections::within(tx, Some(Window::of(day).interval()), &mut names.sources)?,
        counted,
        has_tail,
        recent,
    }))
}

/// The terms by which a stored day was settled: its choices, and so many of the person's merges.
fn settled_by(row: &Row<'_>, person: &Person) -> Result<Terms, Failure> {
    let merges = usize::try_from(row.get::<_, i64>("merges")?);
    let merges = merges.map_err(|why| Failure::corrupt("a stored number of merges", why))?;
    Ok(Terms { choices: users::choices(row)?, merges: person.terms.merges.first(merges) })
}

/// A day of the first edition, or one that was never written.
fn first_edition_or_none(
    tx: &Transaction<'_>,
    person: &Person,
    day: UtcDay,
    names: &mut Names,
) -> Result<StoredDay, Failure> {
    let version = first_edition::version(tx, person.number, day)?;
    let mut observations = first_edition::uses(tx, day, &mut names.sources)?;
    let mut counted = Vec::new();
    if version.is_some() {
        counted = pieces::touching(tx, day.interval(), &mut names.sources)?;
        observations.extend(of_neighbours(tx, day, &mut names.subjects)?);
    }
    Ok(StoredDay {
        day,
        version: version.unwrap_or(0),
        is_past: person.is_past(day),
        edition: if version.is_some() { Edition::First } else { Edition::Second },
        settled_by: person.terms.clone(),
        terms: person.terms.clone(),
        observations,
        corrections: corrections::within(tx, Some(Window::of(day).interval()), &mut names.sources)?,
        counted,
        has_tail: false,
        recent: Vec::new(),
    })
}

/// What neighbours of the second edition observed in the window of a day of the first, which was not
/// told then.
fn of_neighbours(
    tx: &Transaction<'_>,
    day: UtcDay,
    subjects: &mut Met<Subject>,
) -> Result<Vec<Observation>, Failure> {
    let window = Window::of(day).interval();
    let mut observations = Vec::new();
    for neighbour in [UtcDay(day.0 - 1), UtcDay(day.0 + 1)] {
        let mut statement = tx.prepare_cached(DAY)?;
        let mut rows = statement.query(params![neighbour.0, subjects.user()])?;
        let Some(row) = rows.next()? else { continue };
        let mut observed = state::folded(tx, neighbour, subjects)?;
        if let Some(bytes) = row.get_ref("recent")?.as_blob_or_null()? {
            observed.extend(state::decode(tx, neighbour, bytes, subjects)?);
        }
        observations.extend(observed.iter().filter_map(|observation| observation.clip(window)));
    }
    Ok(observations)
}
