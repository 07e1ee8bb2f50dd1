//! What people say about their devices.

use dayline_app::ports::{DeviceBook, Merging, PortError, PortFuture};
use dayline_domain::{DeviceId, DeviceName, Merge, Merges, UserId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::db::{Param, Transaction};
use crate::error::corrupt;
use crate::merges::{MERGES, device, stored_merges};
use crate::store::PgStore;
use crate::values::{column, nth, uuid};

impl DeviceBook for PgStore {
    fn device_names(&self, user: UserId) -> PortFuture<'_, Vec<(DeviceId, DeviceName)>> {
        Box::pin(async move {
            let sql = "SELECT device_id, name FROM device_names
                       WHERE user_id = (SELECT id FROM users WHERE uuid = $1) ORDER BY device_id";
            let rows = self.primary().await?.query(sql, &[(&uuid(user), Type::UUID)]).await?;
            rows.iter().map(named).collect()
        })
    }

    fn name_device(&self, user: UserId, device: DeviceId, name: DeviceName) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let sql = "INSERT INTO device_names (user_id, device_id, name)
                       SELECT id, $2, $3 FROM users WHERE uuid = $1 FOR KEY SHARE
                       ON CONFLICT (user_id, device_id) DO UPDATE SET name = excluded.name";
            let params: [Param<'_>; 3] =
                [(&uuid(user), Type::UUID), (&device.as_str(), Type::TEXT), (&name.as_str(), Type::TEXT)];
            Ok(self.primary().await?.execute(sql, &params).await? > 0)
        })
    }

    fn merges(&self, user: UserId) -> PortFuture<'_, Merges> {
        Box::pin(async move {
            let sql = format!("{MERGES} WHERE user_id = (SELECT id FROM users WHERE uuid = $1)");
            merges(&self.primary().await?.query(&sql, &[(&uuid(user), Type::UUID)]).await?)
        })
    }

    fn merge_device(&self, user: UserId, device: DeviceId, into: DeviceId) -> PortFuture<'_, Merging> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let merging = merge(&mut transaction, user, &device, &into).await;
            transaction.finish(merging).await
        })
    }
}

/// Judges a merge while no other one of the person can come in between.
async fn merge(
    transaction: &mut Transaction,
    user: UserId,
    device: &DeviceId,
    into: &DeviceId,
) -> Result<Merging, PortError> {
    let lock = "SELECT id FROM users WHERE uuid = $1 FOR NO KEY UPDATE";
    let rows = transaction.query(lock, &[(&uuid(user), Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(Merging::NoSuchUser) };
    let user: i64 = nth(row, 0)?;
    let made = format!("{MERGES} WHERE user_id = $1");
    let before = merges(&transaction.query(&made, &[(&user, Type::INT8)]).await?)?;
    let Merge { device, into } = match before.judge(device, into) {
        Ok(Some(merge)) => merge,
        Ok(None) => return Ok(Merging::Done),
        Err(why) => return Ok(Merging::Refused(why)),
    };
    let number = before.made().len() as i32 + 1;
    let sql = "INSERT INTO device_merges (user_id, number, device_id, into_id) VALUES ($1, $2, $3, $4)";
    let params: [Param<'_>; 4] = [
        (&user, Type::INT8),
        (&number, Type::INT4),
        (&device.as_str(), Type::TEXT),
        (&into.as_str(), Type::TEXT),
    ];
    transaction.execute(sql, &params).await?;
    Ok(Merging::Done)
}

/// Of a query for [`MERGES`], which has one row.
fn merges(rows: &[Row]) -> Result<Merges, PortError> {
    rows.first().map_or_else(|| Ok(Merges::default()), |row| stored_merges(row, 0))
}

fn named(row: &Row) -> Result<(DeviceId, DeviceName), PortError> {
    let device = device(column(row, "device_id")?)?;
    let name = DeviceName::new(column(row, "name")?).map_err(|error| corrupt("a device's name", error))?;
    Ok((device, name))
}
