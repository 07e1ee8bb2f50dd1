//! One commit as one transaction of two round trips, however many people it is about: everything
//! but the `COMMIT` travels at once, and is judged in order when the answers are there. Not here:
//! retries, but for a month without tables. The worker reads the position again and goes on.

use dayline_app::ports::{Applied, LedgerCommit, PortError};

use super::statements::{Short, Values};
use crate::error::{is_missing_table, port_error};
use crate::store::PgStore;

/// How often a month may be dropped between being found and being written to before the commit is
/// left to the worker.
const ATTEMPTS: usize = 3;

enum Outcome {
    Applied(Applied),
    MissingMonth,
}

/// Applies a commit; makes the months it needs first.
pub(super) async fn apply(store: &PgStore, commit: &LedgerCommit) -> Result<Applied, PortError> {
    if commit.to < commit.from {
        return Err(PortError::Rejected("a position would move back".into()));
    }
    let primary = store.primary().await?;
    let values = Values::of(commit)?;
    for _ in 0..ATTEMPTS {
        for month in values.months() {
            store.months().ensure(primary, month).await?;
        }
        match try_apply(store, &values).await? {
            Outcome::Applied(applied) => return Ok(applied),
            Outcome::MissingMonth => store.months().forget(),
        }
    }
    Err(PortError::Unavailable("a month's tables are dropped again and again".into()))
}

async fn try_apply(store: &PgStore, values: &Values<'_>) -> Result<Outcome, PortError> {
    let (expected, statements): (Vec<_>, Vec<_>) =
        values.parts().into_iter().map(|part| ((part.rows, part.short), part.statement)).unzip();
    let mut transaction = store.primary().await?.begin_by_key().await?;
    let changed = transaction.execute_all(&statements).await?;
    for (changed, (rows, short)) in changed.into_iter().zip(expected) {
        let outcome = match changed {
            Ok(changed) if changed == rows as u64 => continue,
            Ok(_) => match short {
                Short::Forgotten => continue,
                Short::Fenced => Ok(Outcome::Applied(Applied::Fenced)),
                Short::Stale => Ok(Outcome::Applied(Applied::Stale)),
                Short::Rejected => Err(PortError::Rejected("a change of a piece that is not there".into())),
            },
            Err(error) if is_missing_table(&error) => Ok(Outcome::MissingMonth),
            Err(error) => Err(port_error(&error)),
        };
        transaction.roll_back().await;
        return outcome;
    }
    transaction.commit().await?;
    Ok(Outcome::Applied(Applied::Done))
}
