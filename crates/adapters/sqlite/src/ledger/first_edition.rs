//! Days of the first edition of the timeline rule, as the release before left them: what counted is
//! in `app_usage`, like that of all days, what was outranked in a table of its own. They stay so until
//! their first write.

use std::sync::Arc;

use dayline_app::ports::Mark;
use dayline_domain::timeline::window::Window;
use dayline_domain::{Activity, Observation, Piece, Seen, Source, Subject, UtcDay};
use rusqlite::{OptionalExtension, Transaction, params};

use super::dictionary::Met;
use super::pieces;
use crate::failure::Failure;

pub(super) const VERSION: &str = "SELECT version FROM first_days WHERE user_number = ?1 AND day = ?2";
pub(super) const DAYS: &str = "SELECT day FROM first_days WHERE user_number = ?1 AND day BETWEEN ?2 AND ?3";
pub(super) const REMOVE: &str = "DELETE FROM first_days WHERE user_number = ?1 AND day = ?2";
pub(super) const REMOVE_OUTRANKED: &str = "
    DELETE FROM first_outranked WHERE user_number = ?1 AND start_ms >= ?2 AND start_ms < ?3";
pub(super) const OUTRANKED: &str = "
    SELECT start_ms, end_ms, source_number FROM first_outranked
    WHERE user_number = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND end_ms > ?4 ORDER BY start_ms";
const SALT: &str = "SELECT salt FROM first_mark";

/// The version of such a day.
pub(super) fn version(tx: &Transaction<'_>, user: i64, day: UtcDay) -> rusqlite::Result<Option<u64>> {
    let found: Option<i64> =
        tx.prepare_cached(VERSION)?.query_row(params![user, day.0], |row| row.get(0)).optional()?;
    Ok(found.map(|version| version as u64))
}

/// Takes away what only the first edition keeps of a day.
pub(super) fn remove(tx: &Transaction<'_>, user: i64, day: UtcDay) -> rusqlite::Result<()> {
    let interval = day.interval();
    tx.prepare_cached(REMOVE)?.execute(params![user, day.0])?;
    tx.prepare_cached(REMOVE_OUTRANKED)?.execute(params![user, interval.start().0, interval.end().0])?;
    Ok(())
}

/// What days of the first edition counted and outranked in the window of a day, as uses.
pub(super) fn uses(
    tx: &Transaction<'_>,
    day: UtcDay,
    sources: &mut Met<Source>,
) -> Result<Vec<Observation>, Failure> {
    let mut statement = tx.prepare_cached(DAYS)?;
    let near = params![sources.user(), day.0 - 1, day.0 + 1];
    let near = statement.query_map(near, |row| row.get(0).map(UtcDay))?;
    let window = Window::of(day).interval();
    let mut uses = Vec::new();
    for first in near {
        let Some(part) = first?.interval().clip(window) else { continue };
        for statement in [pieces::TOUCHING, OUTRANKED] {
            let pieces = pieces::read(tx, statement, part, sources)?;
            uses.extend(pieces.into_iter().filter_map(|piece| used(piece).clip(window)));
        }
    }
    Ok(uses)
}

fn used(Piece { source, interval }: Piece) -> Observation {
    let Activity { app, domain, project, .. } = &*source.activity;
    let seen = Seen::Use { app: app.clone(), domain: domain.clone(), project: project.clone() };
    Observation::new(Arc::new(Subject { device: source.device.clone(), seen }), interval)
}

/// The mark of such a day: it never changes while the day is of the first edition, and the salt was
/// drawn when this database came to the second. So it need not be written into each row.
pub(super) fn mark(tx: &Transaction<'_>, user: i64, day: UtcDay, version: u64) -> Result<Mark, Failure> {
    let salt: Option<i64> = tx.prepare_cached(SALT)?.query_row([], |row| row.get(0)).optional()?;
    let salt = salt.ok_or_else(|| Failure::Corrupt("the salt of first marks is gone".to_owned()))?;
    let parts = [user as u64, u64::from(day.0.cast_unsigned()), version];
    Ok(Mark(parts.into_iter().fold(salt as u64, |mark, part| scramble(mark ^ scramble(part)))))
}

/// A permutation of all numbers under which near ones come to lie far from each other: the last step
/// of `SplitMix64`.
fn scramble(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}
