//! What foreign trackers' pages remember.

use dayline_app::ports::{PortError, PortFuture, SetSetting, TrackerSettings};
use dayline_domain::UserId;
use dayline_domain::tracker_setting::{SettingName, SettingValue};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::db::{Param, Transaction};
use crate::error::corrupt;
use crate::store::PgStore;
use crate::values::{column, uuid};

const SETTINGS: &str = "SELECT name, value FROM tracker_settings
    WHERE user_id = (SELECT id FROM users WHERE uuid = $1)";

impl TrackerSettings for PgStore {
    fn tracker_settings(&self, user: UserId) -> PortFuture<'_, Vec<(SettingName, SettingValue)>> {
        Box::pin(async move {
            let sql = format!("{SETTINGS} ORDER BY name");
            let rows = self.primary().await?.query(&sql, &[(&uuid(user), Type::UUID)]).await?;
            rows.iter().map(setting).collect()
        })
    }

    fn tracker_setting(&self, user: UserId, name: SettingName) -> PortFuture<'_, Option<SettingValue>> {
        Box::pin(async move {
            let sql = format!("{SETTINGS} AND name = $2");
            let params: [Param<'_>; 2] = [(&uuid(user), Type::UUID), (&name.as_str(), Type::TEXT)];
            let rows = self.primary().await?.query(&sql, &params).await?;
            Ok(rows.first().map(setting).transpose()?.map(|(_, value)| value))
        })
    }

    fn set_tracker_setting(
        &self,
        user: UserId,
        name: SettingName,
        value: SettingValue,
        max_per_user: usize,
    ) -> PortFuture<'_, SetSetting> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let outcome = set(&mut transaction, user, &name, &value, max_per_user).await;
            transaction.finish(outcome).await
        })
    }

    fn delete_tracker_setting(&self, user: UserId, name: SettingName) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let sql = "DELETE FROM tracker_settings
                       WHERE user_id = (SELECT id FROM users WHERE uuid = $1) AND name = $2";
            let params: [Param<'_>; 2] = [(&uuid(user), Type::UUID), (&name.as_str(), Type::TEXT)];
            Ok(self.primary().await?.execute(sql, &params).await? > 0)
        })
    }
}

/// Sets a setting while nobody else can set one of the person's.
async fn set(
    transaction: &mut Transaction,
    user: UserId,
    name: &SettingName,
    value: &SettingValue,
    max_per_user: usize,
) -> Result<SetSetting, PortError> {
    let lock = "SELECT id FROM users WHERE uuid = $1 FOR NO KEY UPDATE";
    let rows = transaction.query(lock, &[(&uuid(user), Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(SetSetting::NoSuchUser) };
    let user: i64 = column(row, "id")?;
    let (name, value) = (name.as_str(), value.as_str());
    let params: [Param<'_>; 3] = [(&user, Type::INT8), (&name, Type::TEXT), (&value, Type::TEXT)];
    let change = "UPDATE tracker_settings SET value = $3 WHERE user_id = $1 AND name = $2";
    if transaction.execute(change, &params).await? > 0 {
        return Ok(SetSetting::Set);
    }
    let count = "SELECT count(*) AS settings FROM tracker_settings WHERE user_id = $1";
    let rows = transaction.query(count, &params[..1]).await?;
    let count = rows.first().map_or(Ok(0), |row| column::<i64>(row, "settings"))?;
    if usize::try_from(count).unwrap_or(usize::MAX) >= max_per_user {
        return Ok(SetSetting::TooMany);
    }
    let insert = "INSERT INTO tracker_settings (user_id, name, value) VALUES ($1, $2, $3)";
    transaction.execute(insert, &params).await?;
    Ok(SetSetting::Set)
}

fn setting(row: &Row) -> Result<(SettingName, SettingValue), PortError> {
    let name = SettingName::new(column(row, "name")?).map_err(|error| corrupt("a setting", error))?;
    let value = SettingValue::new(column::<&str>(row, "value")?);
    Ok((name, value.ok_or_else(|| corrupt("a setting", "it is too long"))?))
}
