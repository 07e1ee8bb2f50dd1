//! Names that an erasure leaves behind and that nothing refers to any more. They go in the erasure's
//! own commit; all that is stored of the person is read for that, which is worth it, since erasures
//! are few.

use std::collections::HashSet;

use dayline_app::ports::{LedgerCommit, PortError};
use dayline_app::tracking::stored_state;
use dayline_domain::{DeviceId, Says, Seen, Subject, UserId};
use std::sync::Arc;
use tokio_postgres::types::Type;

use crate::db::{Param, Transaction};
use crate::error::corrupt;
use crate::values::{Day, nth, uuid};

/// All parts of a person's state.
const STATE: &str = "SELECT day, bytes FROM observations WHERE user_id = $1
UNION ALL
SELECT day, recent FROM ledger_days WHERE user_id = $1 AND recent IS NOT NULL";

/// Takes out sources that no piece has, and subjects that no part of the state has.
const FORGET_NAMES: &str = "WITH gone AS (
  DELETE FROM names WHERE user_id = $1 AND CASE kind
    WHEN 0 THEN number NOT IN (
      SELECT source FROM pieces WHERE user_id = ANY (ARRAY[$1])
      UNION SELECT tail_source FROM ledger_days WHERE user_id = $1 AND tail_source IS NOT NULL
    )
    ELSE number NOT IN (SELECT unnest($2))
  END
  RETURNING 1
)
UPDATE users SET names_epoch = names_epoch + 1 WHERE id = $1 AND EXISTS (SELECT FROM gone)";

/// Sweeps after the erasures of a commit.
pub(super) async fn sweep(transaction: &mut Transaction, commit: &LedgerCommit) -> Result<(), PortError> {
    let erased: HashSet<UserId> = commit
        .corrections
        .iter()
        .filter(|(_, correction)| matches!(correction.says, Says::Erasure { .. }))
        .map(|(user, _)| *user)
        .collect();
    for user in erased {
        forget_names(transaction, user).await?;
    }
    Ok(())
}

/// Takes out the names of a person that nothing refers to.
pub(crate) async fn forget_names(transaction: &mut Transaction, user: UserId) -> Result<(), PortError> {
    let person =
        transaction.query("SELECT id FROM users WHERE uuid = $1", &[(&uuid(user), Type::UUID)]).await?;
    let Some(person) = person.first() else { return Ok(()) };
    let person: i64 = nth(person, 0)?;
    let subjects = subjects(transaction, person).await?;
    let params: [Param<'_>; 2] = [(&person, Type::INT8), (&subjects, Type::INT4_ARRAY)];
    transaction.execute(FORGET_NAMES, &params).await.map(drop)
}

/// The numbers of all subjects that a person's state refers to.
async fn subjects(transaction: &mut Transaction, person: i64) -> Result<Vec<i32>, PortError> {
    let device = DeviceId::new("-").map_err(|error| corrupt("a name", error))?;
    let any = Arc::new(Subject { device, seen: Seen::Away });
    let mut numbers = HashSet::new();
    for row in transaction.query(STATE, &[(&person, Type::INT8)]).await? {
        let number = |number: u32| {
            numbers.insert(number.cast_signed());
            Some(Arc::clone(&any))
        };
        // What is damaged refers to nothing that can be read.
        let _ = stored_state::decode_observed(nth::<Day>(&row, 0)?.0, nth(&row, 1)?, number);
    }
    Ok(numbers.into_iter().collect())
}
