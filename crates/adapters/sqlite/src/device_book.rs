//! What people say about their devices.

use dayline_app::ports::{DeviceBook, PortFuture};
use dayline_domain::{DeviceId, DeviceName, UserId};
use rusqlite::{Transaction, params};

use crate::failure::Failure;
use crate::store::SqliteStore;
use crate::users;

const NAMES: &str = "SELECT device_id, name FROM device_names WHERE user_number = ?1 ORDER BY device_id";
const NAME: &str = "INSERT OR REPLACE INTO device_names (user_number, device_id, name) VALUES (?1, ?2, ?3)";

impl DeviceBook for SqliteStore {
    fn device_names(&self, user: UserId) -> PortFuture<'_, Vec<(DeviceId, DeviceName)>> {
        self.db.read(move |tx| match users::number_of(tx, user)? {
            Some(user) => names(tx, user),
            None => Ok(Vec::new()),
        })
    }

    fn name_device(&self, user: UserId, device: DeviceId, name: DeviceName) -> PortFuture<'_, bool> {
        self.db.write(move |tx| {
            let Some(user) = users::number_of(tx, user)? else { return Ok(false) };
            tx.prepare_cached(NAME)?.execute(params![user, device.as_str(), name.as_str()])?;
            Ok(true)
        })
    }
}

fn names(tx: &Transaction<'_>, user: i64) -> Result<Vec<(DeviceId, DeviceName)>, Failure> {
    let mut statement = tx.prepare_cached(NAMES)?;
    let mut rows = statement.query([user])?;
    let mut names = Vec::new();
    while let Some(row) = rows.next()? {
        let device = DeviceId::new(row.get_ref(0)?.as_str()?);
        let name = DeviceName::new(row.get_ref(1)?.as_str()?);
        names.push((
            device.map_err(|why| Failure::corrupt("a stored device", why))?,
            name.map_err(|why| Failure::corrupt("a stored name of a device", why))?,
        ));
    }
    Ok(names)
}
