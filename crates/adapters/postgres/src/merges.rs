//! Which devices count as others, as it is stored. Not here: making a merge (see `device_book`).

use dayline_app::ports::PortError;
use dayline_domain::{DeviceId, Merge, Merges};
use tokio_postgres::Row;

use crate::error::corrupt;
use crate::values::nth;

/// The merges of whom a condition that follows says, in their order: one row of two lists.
pub(crate) const MERGES: &str = "SELECT array_agg(device_id ORDER BY number) AS devices,
  array_agg(into_id ORDER BY number) AS ends FROM device_merges";

/// The merges in two columns as [`MERGES`] gives them, the first of which is `at`.
pub(crate) fn stored_merges(row: &Row, at: usize) -> Result<Merges, PortError> {
    let (devices, ends) = (nth::<Option<Vec<&str>>>(row, at)?, nth::<Option<Vec<&str>>>(row, at + 1)?);
    let (Some(devices), Some(ends)) = (devices, ends) else { return Ok(Merges::default()) };
    let merge = |(from, into)| Ok(Merge { device: device(from)?, into: device(into)? });
    let made = devices.into_iter().zip(ends).map(merge).collect::<Result<Vec<_>, PortError>>()?;
    Ok(Merges::of(made))
}

/// A device's name as it is stored.
pub(crate) fn device(stored: &str) -> Result<DeviceId, PortError> {
    DeviceId::new(stored).map_err(|error| corrupt("a device", error))
}
