//! Days of the rule's first edition that come back as they were, since nothing has come later.

use std::collections::BTreeMap;

use dayline_app::ports::{Mark, PortError};
use dayline_domain::{Correction, Domain, Interval, Piece, Says};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::archived::{ArchivedDay, Kept};
use crate::db::{ConnectionPool, Param, Transaction};
use crate::ledger::Written;
use crate::month_tables;
use crate::month_tables::sql::{DAYS, FIRST_OUTRANKED, FIRST_PIECES, Parent};
use crate::months::Month;
use crate::store::PgStore;
use crate::values::{Day, Timestamp, bits, uuid};

/// What is left of a day's pieces after what was erased since; `None` if nothing is.
pub(super) fn plan(
    counted: &[Piece],
    outranked: &[Piece],
    corrections: &[Correction],
) -> Option<(Vec<Piece>, Vec<Piece>)> {
    let counted = without_erased(counted, corrections);
    (!counted.is_empty()).then(|| (counted, without_erased(outranked, corrections)))
}

fn without_erased(pieces: &[Piece], corrections: &[Correction]) -> Vec<Piece> {
    let mut left = pieces.to_vec();
    for correction in corrections {
        let Says::Erasure { interval: erased } = &correction.says else { continue };
        left = left.into_iter().flat_map(|piece| cut_out(piece, *erased)).collect();
    }
    left
}

/// The parts of a piece before and after what is erased.
fn cut_out(piece: Piece, erased: Interval) -> impl Iterator<Item = Piece> {
    let Piece { source, interval } = piece;
    let before = Interval::new(interval.start(), interval.end().min(erased.start()));
    let after = Interval::new(interval.start().max(erased.end()), interval.end());
    [before, after].into_iter().flatten().map(move |interval| Piece { source: source.clone(), interval })
}

/// Days and their pieces in one month.
#[derive(Default)]
struct MonthRows {
    users: Vec<Uuid>,
    days: Vec<Day>,
    versions: Vec<i64>,
    marks: Vec<i64>,
    counted: PieceRows,
    outranked: PieceRows,
}

#[derive(Default)]
struct PieceRows {
    users: Vec<Uuid>,
    starts: Vec<Timestamp>,
    ends: Vec<Timestamp>,
    devices: Vec<String>,
    apps: Vec<String>,
    domains: Vec<Option<String>>,
}

/// Puts days back in one transaction; stale if one of them is there meanwhile, or its person is gone.
pub(super) async fn insert(
    store: &PgStore,
    pool: &ConnectionPool,
    days: &[(ArchivedDay, Mark)],
) -> Result<Written, PortError> {
    let mut months = BTreeMap::<Month, MonthRows>::new();
    for (day, mark) in days {
        let Some(month) = Month::of(day.day) else { continue };
        months.entry(month).or_default().push(day, *mark);
    }
    for &month in months.keys() {
        store.months().ensure(pool, month).await?;
        month_tables::create_first(pool, month).await?;
    }
    let mut transaction = pool.begin().await?;
    for (month, rows) in &months {
        match rows.insert(&mut transaction, *month).await {
            Ok(Written::Done) => {}
            outcome => {
                transaction.roll_back().await;
                return outcome;
            }
        }
    }
    transaction.commit().await?;
    Ok(Written::Done)
}

impl MonthRows {
    fn push(&mut self, day: &ArchivedDay, mark: Mark) {
        let Kept::First { counted, outranked } = &day.kept else { return };
        let user = uuid(day.user);
        self.users.push(user);
        self.days.push(Day(day.day));
        self.versions.push(bits(day.version.max(1)));
        self.marks.push(bits(mark.0));
        for piece in counted {
            self.counted.push(user, piece);
        }
        for piece in outranked {
            self.outranked.push(user, piece);
        }
    }

    async fn insert(&self, transaction: &mut Transaction, month: Month) -> Result<Written, PortError> {
        let sql = format!(
            "INSERT INTO {} (user_id, day, version, changed_at, mark, edition)
SELECT users.id, new.day, new.version, now(), new.mark, 1
FROM unnest($1, $2, $3, $4) AS new (uuid, day, version, mark) JOIN users USING (uuid)
FOR KEY SHARE OF users
ON CONFLICT (user_id, day) DO NOTHING",
            month.table(DAYS.name)
        );
        let params: [Param<'_>; 4] = [
            (&self.users, Type::UUID_ARRAY),
            (&self.days, Type::DATE_ARRAY),
            (&self.versions, Type::INT8_ARRAY),
            (&self.marks, Type::INT8_ARRAY),
        ];
        if transaction.execute(&sql, &params).await? != self.users.len() as u64 {
            return Ok(Written::Stale);
        }
        self.counted.insert(transaction, month, FIRST_PIECES).await?;
        self.outranked.insert(transaction, month, FIRST_OUTRANKED).await?;
        Ok(Written::Done)
    }
}

impl PieceRows {
    fn push(&mut self, user: Uuid, piece: &Piece) {
        let activity = &piece.source.activity;
        self.users.push(user);
        self.starts.push(Timestamp(piece.interval.start()));
        self.ends.push(Timestamp(piece.interval.end()));
        self.devices.push(piece.source.device.as_str().to_owned());
        self.apps.push(activity.app.as_str().to_owned());
        self.domains.push(activity.domain.as_ref().map(Domain::as_str).map(str::to_owned));
    }

    async fn insert(
        &self,
        transaction: &mut Transaction,
        month: Month,
        parent: Parent,
    ) -> Result<(), PortError> {
        let sql = format!(
            "INSERT INTO {} (user_id, start_time, end_time, device_id, app_name, domain)
SELECT users.id, start_time, end_time, device_id, app_name, domain
FROM unnest($1, $2, $3, $4, $5, $6) AS new (uuid, start_time, end_time, device_id, app_name, domain)
  JOIN users USING (uuid)",
            month.table(parent.name)
        );
        let params: [Param<'_>; 6] = [
            (&self.users, Type::UUID_ARRAY),
            (&self.starts, Type::TIMESTAMPTZ_ARRAY),
            (&self.ends, Type::TIMESTAMPTZ_ARRAY),
            (&self.devices, Type::TEXT_ARRAY),
            (&self.apps, Type::TEXT_ARRAY),
            (&self.domains, Type::TEXT_ARRAY),
        ];
        transaction.execute(&sql, &params).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use dayline_domain::{CorrectionId, Source, UtcMs};

    use super::*;

    fn interval(start: i64, end: i64) -> Interval {
        Interval::new(UtcMs(start), UtcMs(end)).unwrap()
    }

    #[test]
    fn what_was_erased_is_cut_out_of_pieces() {
        let piece = |start, end| Piece {
            source: Source::new("laptop", "Code", None).unwrap(),
            interval: interval(start, end),
        };
        let erasure = |start, end| Correction {
            id: CorrectionId::from_bits(1),
            version: 1,
            says: Says::Erasure { interval: interval(start, end) },
        };
        let all = [piece(0, 10), piece(10, 20), piece(30, 40)];
        let erased = [erasure(5, 12), erasure(30, 40), erasure(15, 16)];
        assert_eq!(without_erased(&all, &erased), [piece(0, 5), piece(12, 15), piece(16, 20)]);
        assert_eq!(plan(&all[2..], &all[..1], &erased), None);
        assert_eq!(plan(&all, &[], &[]), Some((all.to_vec(), vec![])));
    }
}
