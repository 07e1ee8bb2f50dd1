//! What was observed, as a day's row and the rows of its hours hold it, and what the day sums up
//! to. Not here: the form of the bytes (`stored_state`, `stored_sums`).

use dayline_app::ports::{DayWrite, StateWrite};
use dayline_app::reporting::stored_sums;
use dayline_app::tracking::stored_state::{decode_observed, encode_observed};
use dayline_domain::{Observation, Subject, UtcDay};
use rusqlite::{Transaction, params};

use super::dictionary::Met;
use super::numbers::Numbers;
use crate::failure::Failure;

const WRITE_HOUR: &str = "
    INSERT INTO observations (user_number, day, hour, bytes) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (user_number, day, hour) DO UPDATE SET bytes = excluded.bytes";
const EMPTY_HOUR: &str = "DELETE FROM observations WHERE user_number = ?1 AND day = ?2 AND hour = ?3";
const WRITE_SUMS: &str = "
    INSERT INTO day_sums (user_number, day, version, bytes) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (user_number, day) DO UPDATE SET version = excluded.version, bytes = excluded.bytes";
pub(super) const HOURS: &str = "SELECT bytes FROM observations WHERE user_number = ?1 AND day = ?2";

/// Writes what of a day's state has rows of its own, and gives what its own row is to hold.
pub(super) fn write(
    tx: &Transaction<'_>,
    user: i64,
    write: &DayWrite,
    subjects: &mut Numbers<Subject>,
) -> Result<Option<Vec<u8>>, Failure> {
    match &write.state {
        StateWrite::Recent(recent) if recent.is_empty() => Ok(None),
        StateWrite::Recent(recent) => encode(tx, write.day, recent, subjects).map(Some),
        StateWrite::Folded { hours, sums } => {
            for (hour, observations) in hours {
                if observations.is_empty() {
                    tx.prepare_cached(EMPTY_HOUR)?.execute(params![user, write.day.0, hour])?;
                    continue;
                }
                let bytes = encode(tx, write.day, observations, subjects)?;
                tx.prepare_cached(WRITE_HOUR)?.execute(params![user, write.day.0, hour, bytes])?;
            }
            let row = params![user, write.day.0, write.to_version as i64, stored_sums::encode(sums)];
            tx.prepare_cached(WRITE_SUMS)?.execute(row)?;
            Ok(None)
        }
    }
}

fn encode(
    tx: &Transaction<'_>,
    day: UtcDay,
    observations: &[Observation],
    subjects: &mut Numbers<Subject>,
) -> Result<Vec<u8>, Failure> {
    let mut failed = None;
    let bytes = encode_observed(day, observations.iter().cloned(), |subject| {
        subjects.get(tx, subject).unwrap_or_else(|why| {
            failed.get_or_insert(why);
            0
        })
    });
    failed.map_or(Ok(bytes), Err)
}

/// What the rows of a day's hours hold.
pub(super) fn folded(
    tx: &Transaction<'_>,
    day: UtcDay,
    subjects: &mut Met<Subject>,
) -> Result<Vec<Observation>, Failure> {
    let mut observations = Vec::new();
    let mut statement = tx.prepare_cached(HOURS)?;
    let mut rows = statement.query(params![subjects.user(), day.0])?;
    while let Some(row) = rows.next()? {
        observations.extend(decode(tx, day, row.get_ref(0)?.as_blob()?, subjects)?);
    }
    Ok(observations)
}

/// What some bytes of a day's state hold.
pub(super) fn decode(
    tx: &Transaction<'_>,
    day: UtcDay,
    bytes: &[u8],
    subjects: &mut Met<Subject>,
) -> Result<Vec<Observation>, Failure> {
    let mut failed = None;
    let decoded = decode_observed(day, bytes, |number| {
        subjects.get(tx, number).map_err(|why| failed.get_or_insert(why)).ok()
    });
    match failed {
        Some(why) => Err(why),
        None => decoded.map_err(|why| Failure::corrupt("a stored day", why)),
    }
}
