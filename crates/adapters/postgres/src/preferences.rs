//! What people prefer: columns of `users`.

use dayline_app::ports::{PortError, PortFuture, PreferenceStore};
use dayline_domain::{DayStart, Preferences, RawEventDays, Retention, UserId, Weekday};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::db::Param;
use crate::error::corrupt;
use crate::ledger::choices;
use crate::store::PgStore;
use crate::values::{column, uuid};

impl PreferenceStore for PgStore {
    fn preferences(&self, user: UserId) -> PortFuture<'_, Option<Preferences>> {
        Box::pin(async move {
            let sql = "SELECT beat_hold_minutes, audible_counts, week_start, day_start_minutes, raw_event_days, keep
                       FROM users WHERE uuid = $1";
            let rows = self.primary().await?.query(sql, &[(&uuid(user), Type::UUID)]).await?;
            rows.first().map(preferences).transpose()
        })
    }

    fn set_preferences(&self, user: UserId, preferences: Preferences) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let sql = "UPDATE users SET beat_hold_minutes = $2, audible_counts = $3, week_start = $4,
                         day_start_minutes = $5, raw_event_days = $6, keep = $7 WHERE uuid = $1";
            let Preferences { choices, week_start, day_start, raw_event_days, keep } = preferences;
            let params: [Param<'_>; 7] = [
                (&uuid(user), Type::UUID),
                (&i16::from(choices.beat_hold.minutes()), Type::INT2),
                (&choices.audible_counts, Type::BOOL),
                (&week_start.name(), Type::TEXT),
                (&day_start.minutes().cast_signed(), Type::INT2),
                (&i32::from(raw_event_days.days()), Type::INT4),
                (&keep.map(|keep| keep.to_string()), Type::TEXT),
            ];
            Ok(self.primary().await?.execute(sql, &params).await? > 0)
        })
    }
}

fn preferences(row: &Row) -> Result<Preferences, PortError> {
    let choices = choices(column(row, "beat_hold_minutes")?, column(row, "audible_counts")?)?;
    let (week_start, day_start, keep) = (week_start(row)?, day_start(row)?, keep(row)?);
    Ok(Preferences { choices, week_start, day_start, raw_event_days: raw_event_days(row)?, keep })
}

/// How long a timeline is kept, in the column `keep`.
pub(crate) fn keep(row: &Row) -> Result<Option<Retention>, PortError> {
    let keep = column::<Option<&str>>(row, "keep")?.map(str::parse).transpose();
    keep.map_err(|error| corrupt("keep", error))
}

/// For how many days events are kept, in the column `raw_event_days`.
pub(crate) fn raw_event_days(row: &Row) -> Result<RawEventDays, PortError> {
    let days = u16::try_from(column::<i32>(row, "raw_event_days")?);
    let days = days.map_err(|error| corrupt("raw_event_days", error))?;
    RawEventDays::new(days).map_err(|error| corrupt("raw_event_days", error))
}

/// The first day of weeks in the column `week_start`.
pub(crate) fn week_start(row: &Row) -> Result<Weekday, PortError> {
    let week_start = Weekday::from_name(column(row, "week_start")?);
    week_start.ok_or_else(|| corrupt("week_start", "not the name of a day"))
}

/// The start of days in the column `day_start_minutes`.
pub(crate) fn day_start(row: &Row) -> Result<DayStart, PortError> {
    let minutes = column::<i16>(row, "day_start_minutes")?.cast_unsigned();
    DayStart::from_minutes(minutes).map_err(|error| corrupt("day_start_minutes", error))
}
