//! What people say about names, of each person as one text.

use dayline_app::ports::{LabelBook, LabelMark, LabelsSet, MarkedLabels, PortFuture};
use dayline_app::reporting::stored_labels::{decode, encode};
use dayline_domain::UserId;
use rusqlite::{Transaction, params};

use crate::failure::Failure;
use crate::store::SqliteStore;
use crate::users;

const FIND: &str = "SELECT mark, said FROM labels WHERE user_number = ?1";
const SET: &str = "INSERT OR REPLACE INTO labels (user_number, mark, said) VALUES (?1, ?2, ?3)";

impl LabelBook for SqliteStore {
    fn labels(&self, user: UserId) -> PortFuture<'_, MarkedLabels> {
        self.db.read(move |tx| match users::number_of(tx, user)? {
            Some(user) => find(tx, user),
            None => Ok(MarkedLabels::default()),
        })
    }

    fn set_labels(&self, user: UserId, from: LabelMark, to: MarkedLabels) -> PortFuture<'_, LabelsSet> {
        self.db.write(move |tx| {
            let Some(user) = users::number_of(tx, user)? else { return Ok(LabelsSet::NoSuchUser) };
            if mark(tx, user)? != from {
                return Ok(LabelsSet::Changed);
            }
            let said = encode(&to.labels);
            tx.prepare_cached(SET)?.execute(params![user, to.mark.0.cast_signed(), said])?;
            Ok(LabelsSet::Done)
        })
    }
}

fn find(tx: &Transaction<'_>, user: i64) -> Result<MarkedLabels, Failure> {
    let mut statement = tx.prepare_cached(FIND)?;
    let mut rows = statement.query([user])?;
    let Some(row) = rows.next()? else { return Ok(MarkedLabels::default()) };
    let mark = LabelMark(row.get::<_, i64>(0)?.cast_unsigned());
    let labels = decode(row.get_ref(1)?.as_str()?).map_err(|why| Failure::corrupt("stored labels", why))?;
    Ok(MarkedLabels { mark, labels })
}

/// The mark alone, so that labels which can't be read can be replaced.
fn mark(tx: &Transaction<'_>, user: i64) -> Result<LabelMark, Failure> {
    let mut statement = tx.prepare_cached("SELECT mark FROM labels WHERE user_number = ?1")?;
    let mut rows = statement.query([user])?;
    let Some(row) = rows.next()? else { return Ok(LabelMark::default()) };
    Ok(LabelMark(row.get::<_, i64>(0)?.cast_unsigned()))
}
