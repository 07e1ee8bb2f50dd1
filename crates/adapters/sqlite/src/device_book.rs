//! What people say about their devices.

use dayline_app::ports::{DeviceBook, Merging, PortFuture};
use dayline_domain::{DeviceId, DeviceName, Merge, Merges, UserId};
use rusqlite::{Transaction, params};

use crate::failure::Failure;
use crate::store::SqliteStore;
use crate::{merges, users};

const NAMES: &str = "SELECT device_id, name FROM device_names WHERE user_number = ?1 ORDER BY device_id";
const NAME: &str = "INSERT OR REPLACE INTO device_names (user_number, device_id, name) VALUES (?1, ?2, ?3)";
const MERGE: &str = "
    INSERT INTO device_merges (user_number, number, device_id, into_id) VALUES (?1, ?2, ?3, ?4)";

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

    fn merges(&self, user: UserId) -> PortFuture<'_, Merges> {
        self.db.read(move |tx| match users::number_of(tx, user)? {
            Some(user) => merges::of(tx, user),
            None => Ok(Merges::default()),
        })
    }

    fn merge_device(&self, user: UserId, device: DeviceId, into: DeviceId) -> PortFuture<'_, Merging> {
        self.db.write(move |tx| {
            let Some(user) = users::number_of(tx, user)? else { return Ok(Merging::NoSuchUser) };
            let before = merges::of(tx, user)?;
            let Merge { device, into } = match before.judge(&device, &into) {
                Ok(Some(merge)) => merge,
                Ok(None) => return Ok(Merging::Done),
                Err(why) => return Ok(Merging::Refused(why)),
            };
            let number = before.made().len() as i64 + 1;
            tx.prepare_cached(MERGE)?.execute(params![user, number, device.as_str(), into.as_str()])?;
            Ok(Merging::Done)
        })
    }
}

fn names(tx: &Transaction<'_>, user: i64) -> Result<Vec<(DeviceId, DeviceName)>, Failure> {
    let mut statement = tx.prepare_cached(NAMES)?;
    let mut rows = statement.query([user])?;
    let mut names = Vec::new();
    while let Some(row) = rows.next()? {
        let name = DeviceName::new(row.get_ref(1)?.as_str()?);
        names.push((
            merges::device(row.get_ref(0)?)?,
            name.map_err(|why| Failure::corrupt("a stored name of a device", why))?,
        ));
    }
    Ok(names)
}
