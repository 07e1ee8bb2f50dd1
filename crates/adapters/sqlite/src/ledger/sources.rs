//! Sources by their numbers. A source's row stays as long as its person: what was observed once is
//! in some piece ever after. Not here: sources shared between people, since one may go and the
//! other stay.

use std::collections::HashMap;
use std::sync::Arc;

use dayline_domain::{Domain, Source};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::failure::Failure;

const FIND: &str = "
    SELECT number FROM sources WHERE user_number = ?1 AND device_id = ?2 AND app_name = ?3 AND domain = ?4";
const ADD: &str = "
    INSERT INTO sources (user_number, device_id, app_name, domain) VALUES (?1, ?2, ?3, ?4) RETURNING number";
const READ: &str = "SELECT device_id, app_name, domain FROM sources WHERE number = ?1";

/// The number of a person's source, if it was ever stored.
pub(super) fn find(tx: &Transaction<'_>, user: i64, source: &Source) -> rusqlite::Result<Option<i64>> {
    let (device, app, domain) = texts(source);
    tx.prepare_cached(FIND)?.query_row(params![user, device, app, domain], |row| row.get(0)).optional()
}

/// The number of a person's source, which is stored if it was not yet.
pub(super) fn find_or_add(tx: &Transaction<'_>, user: i64, source: &Source) -> rusqlite::Result<i64> {
    if let Some(number) = find(tx, user, source)? {
        return Ok(number);
    }
    let (device, app, domain) = texts(source);
    tx.prepare_cached(ADD)?.query_row(params![user, device, app, domain], |row| row.get(0))
}

fn texts(source: &Source) -> (&str, &str, &str) {
    let domain = source.activity.domain.as_ref().map_or("", Domain::as_str);
    (source.device.as_str(), source.activity.app.as_str(), domain)
}

/// The sources met while pieces are read: a year has many pieces and few sources.
#[derive(Default)]
pub(super) struct Met(HashMap<i64, Arc<Source>>);

impl Met {
    /// The source with this number.
    pub(super) fn get(&mut self, tx: &Transaction<'_>, number: i64) -> Result<Arc<Source>, Failure> {
        if let Some(source) = self.0.get(&number) {
            return Ok(Arc::clone(source));
        }
        let source = read(tx, number)?;
        self.0.insert(number, Arc::clone(&source));
        Ok(source)
    }
}

fn read(tx: &Transaction<'_>, number: i64) -> Result<Arc<Source>, Failure> {
    let mut statement = tx.prepare_cached(READ)?;
    let mut rows = statement.query([number])?;
    let Some(row) = rows.next()? else {
        return Err(Failure::Corrupt(format!("a piece has the source {number}, which is not there")));
    };
    let (device, app, domain) = (row.get_ref(0)?, row.get_ref(1)?, row.get_ref(2)?);
    let text = |value: rusqlite::types::ValueRef<'_>| {
        value.as_str().map(str::to_owned).map_err(|why| Failure::corrupt("a stored source", why))
    };
    let (device, app, domain) = (text(device)?, text(app)?, text(domain)?);
    let domain = Some(domain.as_str()).filter(|domain| !domain.is_empty());
    Source::new(&device, &app, domain).map_err(|why| Failure::corrupt("a stored source", why))
}
