//! What foreign trackers' pages remember.

use dayline_app::ports::{PortFuture, SetSetting, TrackerSettings};
use dayline_domain::UserId;
use dayline_domain::tracker_setting::{SettingName, SettingValue};
use rusqlite::{OptionalExtension, Row, params};

use crate::failure::Failure;
use crate::store::SqliteStore;
use crate::users;
use crate::values::IdBytes;

const LIST: &str = "
    SELECT name, value FROM tracker_settings WHERE user_number = (SELECT number FROM users WHERE id = ?1)
    ORDER BY name";
const FIND: &str = "
    SELECT name, value FROM tracker_settings
    WHERE user_number = (SELECT number FROM users WHERE id = ?1) AND name = ?2";
const CHANGE: &str = "UPDATE tracker_settings SET value = ?3 WHERE user_number = ?1 AND name = ?2";
const COUNT: &str = "SELECT count(*) FROM tracker_settings WHERE user_number = ?1";
const INSERT: &str = "INSERT INTO tracker_settings (user_number, name, value) VALUES (?1, ?2, ?3)";
const DELETE: &str = "
    DELETE FROM tracker_settings WHERE user_number = (SELECT number FROM users WHERE id = ?1) AND name = ?2";

impl TrackerSettings for SqliteStore {
    fn tracker_settings(&self, user: UserId) -> PortFuture<'_, Vec<(SettingName, SettingValue)>> {
        self.db.read(move |tx| {
            let mut statement = tx.prepare_cached(LIST)?;
            let rows = statement.query_map([IdBytes::from(user)], |row| Ok(parse(row)))?;
            rows.map(|setting| setting?).collect()
        })
    }

    fn tracker_setting(&self, user: UserId, name: SettingName) -> PortFuture<'_, Option<SettingValue>> {
        self.db.read(move |tx| {
            let key = params![IdBytes::from(user), name.as_str()];
            let found = tx.prepare_cached(FIND)?.query_row(key, |row| Ok(parse(row))).optional()?;
            Ok(found.transpose()?.map(|(_, value)| value))
        })
    }

    fn set_tracker_setting(
        &self,
        user: UserId,
        name: SettingName,
        value: SettingValue,
        max_per_user: usize,
    ) -> PortFuture<'_, SetSetting> {
        self.db.write(move |tx| {
            let Some(user) = users::number_of(tx, user)? else { return Ok(SetSetting::NoSuchUser) };
            let row = params![user, name.as_str(), value.as_str()];
            if tx.prepare_cached(CHANGE)?.execute(row)? == 1 {
                return Ok(SetSetting::Set);
            }
            let count: i64 = tx.prepare_cached(COUNT)?.query_row([user], |row| row.get(0))?;
            if usize::try_from(count).is_ok_and(|count| count >= max_per_user) {
                return Ok(SetSetting::TooMany);
            }
            tx.prepare_cached(INSERT)?.execute(row)?;
            Ok(SetSetting::Set)
        })
    }

    fn delete_tracker_setting(&self, user: UserId, name: SettingName) -> PortFuture<'_, bool> {
        self.db.write(move |tx| {
            Ok(tx.prepare_cached(DELETE)?.execute(params![IdBytes::from(user), name.as_str()])? == 1)
        })
    }
}

fn parse(row: &Row<'_>) -> Result<(SettingName, SettingValue), Failure> {
    let name = SettingName::new(row.get_ref("name")?.as_str()?);
    let name = name.map_err(|why| Failure::corrupt("a stored name of a setting", why))?;
    let value = SettingValue::new(row.get_ref("value")?.as_str()?);
    let value = value.ok_or_else(|| Failure::Corrupt("a stored setting is too long".to_owned()))?;
    Ok((name, value))
}
