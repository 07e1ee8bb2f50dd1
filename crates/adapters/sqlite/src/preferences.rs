//! Preferences: columns of the person's row.

use dayline_app::ports::{PortFuture, PreferenceStore};
use dayline_domain::{DayStart, Preferences, RawEventDays, Retention, UserId, Weekday};
use rusqlite::{Row, Transaction, params};

use crate::failure::Failure;
use crate::store::SqliteStore;
use crate::users;
use crate::values::IdBytes;

const FIND: &str = "
    SELECT beat_hold_minutes, audible_counts, week_start, day_start_minutes, raw_event_days, keep
    FROM users WHERE id = ?1";
const SET: &str = "
    UPDATE users SET beat_hold_minutes = ?2, audible_counts = ?3, week_start = ?4, day_start_minutes = ?5,
        raw_event_days = ?6, keep = ?7
    WHERE id = ?1";

impl PreferenceStore for SqliteStore {
    fn preferences(&self, user: UserId) -> PortFuture<'_, Option<Preferences>> {
        self.db.read(move |tx| find(tx, user))
    }

    fn set_preferences(&self, user: UserId, preferences: Preferences) -> PortFuture<'_, bool> {
        self.db.write(move |tx| {
            let Preferences { choices, week_start, day_start, raw_event_days, keep } = preferences;
            let set = tx.prepare_cached(SET)?.execute(params![
                IdBytes::from(user),
                choices.beat_hold.minutes(),
                choices.audible_counts,
                week_start.name(),
                day_start.minutes(),
                raw_event_days.days(),
                keep.map(|keep| keep.to_string()),
            ])?;
            Ok(set == 1)
        })
    }
}

fn find(tx: &Transaction<'_>, user: UserId) -> Result<Option<Preferences>, Failure> {
    let mut statement = tx.prepare_cached(FIND)?;
    let mut rows = statement.query([IdBytes::from(user)])?;
    rows.next()?.map(parse).transpose()
}

fn parse(row: &Row<'_>) -> Result<Preferences, Failure> {
    Ok(Preferences {
        choices: users::choices(row)?,
        week_start: week_start(row)?,
        day_start: day_start(row)?,
        raw_event_days: raw_event_days(row)?,
        keep: keep(row)?,
    })
}

/// How long a timeline is kept, in the column `keep`.
pub(crate) fn keep(row: &Row<'_>) -> Result<Option<Retention>, Failure> {
    let keep = row.get_ref("keep")?.as_str_or_null()?.map(str::parse).transpose();
    keep.map_err(|why| Failure::corrupt("a stored retention", why))
}

/// For how many days events are kept, in the column `raw_event_days`.
pub(crate) fn raw_event_days(row: &Row<'_>) -> Result<RawEventDays, Failure> {
    let days = RawEventDays::new(row.get("raw_event_days")?);
    days.map_err(|why| Failure::corrupt("a stored number of days", why))
}

/// The first day of weeks in the column `week_start`.
pub(crate) fn week_start(row: &Row<'_>) -> Result<Weekday, Failure> {
    let week_start = Weekday::from_name(row.get_ref("week_start")?.as_str()?);
    week_start.ok_or_else(|| Failure::Corrupt("a week starts with no weekday".to_owned()))
}

/// The start of days in the column `day_start_minutes`.
pub(crate) fn day_start(row: &Row<'_>) -> Result<DayStart, Failure> {
    let day_start = DayStart::from_minutes(row.get("day_start_minutes")?);
    day_start.map_err(|why| Failure::corrupt("a stored start of days", why))
}
