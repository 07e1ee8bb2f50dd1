//! What people say about their devices.

use dayline_app::ports::{DeviceBook, PortError, PortFuture};
use dayline_domain::{DeviceId, DeviceName, UserId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::db::Param;
use crate::error::corrupt;
use crate::store::PgStore;
use crate::values::{column, uuid};

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
}

fn named(row: &Row) -> Result<(DeviceId, DeviceName), PortError> {
    let device = DeviceId::new(column(row, "device_id")?).map_err(|error| corrupt("a device", error))?;
    let name = DeviceName::new(column(row, "name")?).map_err(|error| corrupt("a device's name", error))?;
    Ok((device, name))
}
