//! Names as the table has them.

use std::collections::HashMap;
use std::sync::Arc;

use dayline_app::ports::PortError;
use dayline_domain::{Source, Subject};
use tokio_postgres::Row;

use super::{Name, Spelled};
use crate::error::corrupt;
use crate::values::nth;

/// The columns of a spelled name.
pub(crate) const SPELLED: &str = "kind, device_id, app_name, domain, project, language";

/// The name in a row from a column on, where [`SPELLED`] begins.
fn spelled(row: &Row, from: usize) -> Result<Spelled<'_>, PortError> {
    Ok(Spelled {
        kind: nth(row, from)?,
        device: nth(row, from + 1)?,
        app: nth(row, from + 2)?,
        domain: nth(row, from + 3)?,
        project: nth(row, from + 4)?,
        language: nth(row, from + 5)?,
    })
}

/// A source in a row whose columns from `from` on are device, app, domain, project and language;
/// `None` if there is none.
pub(crate) fn spelled_source(row: &Row, from: usize) -> Result<Option<Spelled<'_>>, PortError> {
    let Some(device) = nth(row, from)? else { return Ok(None) };
    Ok(Some(Spelled {
        kind: super::kind::SOURCE,
        device,
        app: nth(row, from + 1)?,
        domain: nth(row, from + 2)?,
        project: nth(row, from + 3)?,
        language: nth(row, from + 4)?,
    }))
}

/// What numbers stand for, of some people by their `users.id`.
#[derive(Default)]
pub(crate) struct Named(HashMap<(i64, u32), Name>);

impl Named {
    /// Adds names from rows: person, number, and [`SPELLED`].
    pub(crate) fn of(rows: &[Row]) -> Result<Self, PortError> {
        let name = |row: &Row| Ok(((nth(row, 0)?, number(nth(row, 1)?)?), spelled(row, 2)?.to_name()?));
        rows.iter().map(name).collect::<Result<_, PortError>>().map(Self)
    }

    /// The subject with this number.
    pub(crate) fn subject(&self, person: i64, number: u32) -> Option<Arc<Subject>> {
        match self.0.get(&(person, number)) {
            Some(Name::Subject(subject)) => Some(Arc::clone(subject)),
            _ => None,
        }
    }

    /// The source with this number.
    pub(crate) fn source(&self, person: i64, number: u32) -> Result<Arc<Source>, PortError> {
        match self.0.get(&(person, number)) {
            Some(Name::Source(source)) => Ok(Arc::clone(source)),
            _ => Err(corrupt("a piece", format!("it is of the unknown source {number}"))),
        }
    }

    /// All names with whose they are.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, &Name, u32)> {
        self.0.iter().map(|((person, number), name)| (*person, name, *number))
    }
}

/// A number as the table has it.
pub(crate) fn number(stored: i32) -> Result<u32, PortError> {
    u32::try_from(stored).map_err(|error| corrupt("a number", error))
}
