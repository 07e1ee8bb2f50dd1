//! Which devices count as others, as it is stored. Not here: making a merge (see `device_book`).

use dayline_domain::{DeviceId, Merge, Merges};
use rusqlite::Transaction;
use rusqlite::types::ValueRef;

use crate::failure::Failure;

const MERGES: &str = "SELECT device_id, into_id FROM device_merges WHERE user_number = ?1 ORDER BY number";

/// The merges of a person.
pub(crate) fn of(tx: &Transaction<'_>, user: i64) -> Result<Merges, Failure> {
    let mut statement = tx.prepare_cached(MERGES)?;
    let mut rows = statement.query([user])?;
    let mut made = Vec::new();
    while let Some(row) = rows.next()? {
        made.push(Merge { device: device(row.get_ref(0)?)?, into: device(row.get_ref(1)?)? });
    }
    Ok(if made.is_empty() { Merges::default() } else { Merges::of(made) })
}

/// A device's name as it is stored.
pub(crate) fn device(stored: ValueRef<'_>) -> Result<DeviceId, Failure> {
    DeviceId::new(stored.as_str()?).map_err(|why| Failure::corrupt("a stored device", why))
}
