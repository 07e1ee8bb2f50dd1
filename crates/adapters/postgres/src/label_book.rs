//! What people say about names, of each person as one text.

use dayline_app::ports::{LabelBook, LabelMark, LabelsSet, MarkedLabels, PortError, PortFuture};
use dayline_app::reporting::stored_labels::{decode, encode};
use dayline_domain::UserId;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::db::Param;
use crate::error::corrupt;
use crate::store::PgStore;
use crate::values::{column, uuid};

const FIND: &str = "SELECT mark, said FROM labels WHERE user_id = (SELECT id FROM users WHERE uuid = $1)";

/// Writes over the version marked `$2`; over none only where that is 0.
const SET: &str = "
    WITH person AS (SELECT id FROM users WHERE uuid = $1 FOR KEY SHARE),
    written AS (
        INSERT INTO labels (user_id, mark, said)
        SELECT id, $3, $4 FROM person
        WHERE $2 = 0 OR EXISTS (SELECT FROM labels WHERE user_id = person.id)
        ON CONFLICT (user_id) DO UPDATE SET mark = excluded.mark, said = excluded.said
        WHERE labels.mark = $2
        RETURNING user_id)
    SELECT EXISTS (SELECT FROM person) AS is_known, EXISTS (SELECT FROM written) AS is_written";

impl LabelBook for PgStore {
    fn labels(&self, user: UserId) -> PortFuture<'_, MarkedLabels> {
        Box::pin(async move {
            let rows = self.primary().await?.query(FIND, &[(&uuid(user), Type::UUID)]).await?;
            rows.first().map_or_else(|| Ok(MarkedLabels::default()), marked)
        })
    }

    fn set_labels(&self, user: UserId, from: LabelMark, to: MarkedLabels) -> PortFuture<'_, LabelsSet> {
        Box::pin(async move {
            let said = encode(&to.labels);
            let params: [Param<'_>; 4] = [
                (&uuid(user), Type::UUID),
                (&from.0.cast_signed(), Type::INT8),
                (&to.mark.0.cast_signed(), Type::INT8),
                (&said, Type::TEXT),
            ];
            let rows = self.primary().await?.query(SET, &params).await?;
            rows.first().map_or(Ok(LabelsSet::NoSuchUser), outcome)
        })
    }
}

fn outcome(row: &Row) -> Result<LabelsSet, PortError> {
    Ok(match (column(row, "is_known")?, column(row, "is_written")?) {
        (false, _) => LabelsSet::NoSuchUser,
        (true, false) => LabelsSet::Changed,
        (true, true) => LabelsSet::Done,
    })
}

fn marked(row: &Row) -> Result<MarkedLabels, PortError> {
    let labels = decode(column(row, "said")?).map_err(|why| corrupt("labels", why))?;
    Ok(MarkedLabels { mark: LabelMark(column::<i64>(row, "mark")?.cast_unsigned()), labels })
}
