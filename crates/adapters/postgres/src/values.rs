//! The domain's values as PostgreSQL has them: instants, days, identities, names.

use std::error::Error;

use dayline_app::ports::PortError;
use dayline_domain::{Id, Source, UtcDay, UtcMs};
use std::sync::Arc;
use tokio_postgres::Row;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};
use uuid::Uuid;

use crate::error::corrupt;
use crate::names::{Spelled, of_source};

/// 2000-01-01, where PostgreSQL's times begin, in Unix milliseconds and in days.
const EPOCH_MS: i64 = 946_684_800_000;
const EPOCH_DAYS: i32 = 10_957;
/// What `timestamptz` and `date` can hold (PostgreSQL's datatype/timestamp.h); beyond lies
/// infinity.
const TIMESTAMPS: std::ops::Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;
const DATES: std::ops::Range<i32> = -2_451_545..2_145_031_949;

type ToSqlResult = Result<IsNull, Box<dyn Error + Sync + Send>>;

/// An instant as a `timestamptz`. What the type can't hold becomes infinite, so that bounds of
/// reads stay bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timestamp(pub(crate) UtcMs);

impl ToSql for Timestamp {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> ToSqlResult {
        let micros = self.0.0.saturating_sub(EPOCH_MS).saturating_mul(1_000);
        let micros = match micros {
            _ if micros < TIMESTAMPS.start => i64::MIN,
            _ if micros >= TIMESTAMPS.end => i64::MAX,
            micros => micros,
        };
        out.extend_from_slice(&micros.to_be_bytes());
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TIMESTAMPTZ
    }

    tokio_postgres::types::to_sql_checked!();
}

impl<'a> FromSql<'a> for Timestamp {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match i64::from_be_bytes(raw.try_into()?) {
            infinite @ (i64::MIN | i64::MAX) => UtcMs(infinite),
            micros => UtcMs(micros.div_euclid(1_000) + EPOCH_MS),
        }))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TIMESTAMPTZ
    }
}

/// A day as a `date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day(pub(crate) UtcDay);

impl ToSql for Day {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> ToSqlResult {
        let days = match self.0.0.saturating_sub(EPOCH_DAYS) {
            days if days < DATES.start => i32::MIN,
            days if days >= DATES.end => i32::MAX,
            days => days,
        };
        out.extend_from_slice(&days.to_be_bytes());
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::DATE
    }

    tokio_postgres::types::to_sql_checked!();
}

impl<'a> FromSql<'a> for Day {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(UtcDay(i32::from_be_bytes(raw.try_into()?).saturating_add(EPOCH_DAYS))))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::DATE
    }
}

/// An identity as a `uuid`.
pub(crate) fn uuid<Kind>(id: Id<Kind>) -> Uuid {
    Uuid::from_u128(id.bits())
}

/// An unsigned number as a `bigint` of the same bits.
pub(crate) fn bits(number: u64) -> i64 {
    number.cast_signed()
}

/// A column of a row.
pub(crate) fn column<'a, T: FromSql<'a>>(row: &'a Row, name: &str) -> Result<T, PortError> {
    row.try_get(name).map_err(|error| corrupt(name, error))
}

/// A column of a row by its place: for rows by the thousand, where looking names up would cost more
/// than reading.
pub(crate) fn nth<'a, T: FromSql<'a>>(row: &'a Row, place: usize) -> Result<T, PortError> {
    row.try_get(place).map_err(|error| corrupt("a column", error))
}

/// A `uuid` column as an identity.
pub(crate) fn id_column<Kind>(row: &Row, name: &str) -> Result<Id<Kind>, PortError> {
    column::<Uuid>(row, name).map(|uuid| Id::from_bits(uuid.as_u128()))
}

/// A `timestamptz` column.
pub(crate) fn time_column(row: &Row, name: &str) -> Result<UtcMs, PortError> {
    column::<Timestamp>(row, name).map(|time| time.0)
}

/// A `timestamptz` column that may be null.
pub(crate) fn optional_time(row: &Row, name: &str) -> Result<Option<UtcMs>, PortError> {
    column::<Option<Timestamp>>(row, name).map(|time| time.map(|time| time.0))
}

/// A `bigint` column with the bits of an unsigned number.
pub(crate) fn bits_column(row: &Row, name: &str) -> Result<u64, PortError> {
    column::<i64>(row, name).map(i64::cast_unsigned)
}

/// A `bigint` column whose value a `u32` holds.
pub(crate) fn u32_column(row: &Row, name: &str) -> Result<u32, PortError> {
    u32::try_from(column::<i64>(row, name)?).map_err(|error| corrupt(name, error))
}

/// A `bytea` column with a token's hash.
pub(crate) fn hash_column(row: &Row, name: &str) -> Result<[u8; 32], PortError> {
    column::<&[u8]>(row, name)?.try_into().map_err(|error| corrupt(name, error))
}

/// The sources of many rows, each kept once.
#[derive(Default)]
pub(crate) struct Interned {
    /// Few sources follow each other again and again, so that a short list searched from its end
    /// finds most.
    recent: Vec<Arc<Source>>,
    all: std::collections::HashMap<Source, Arc<Source>>,
}

const RECENT: usize = 8;

impl Interned {
    /// The source that is spelled so.
    pub(crate) fn source(&mut self, spelled: Spelled<'_>) -> Result<Arc<Source>, PortError> {
        if let Some(source) = self.recent.iter().rev().find(|source| of_source(source) == spelled) {
            return Ok(Arc::clone(source));
        }
        let source = spelled.to_source()?;
        let source = Arc::clone(self.all.entry((*source).clone()).or_insert(source));
        if self.recent.len() == RECENT {
            self.recent.remove(0);
        }
        self.recent.push(Arc::clone(&source));
        Ok(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(ms: i64) -> i64 {
        let mut out = BytesMut::new();
        Timestamp(UtcMs(ms)).to_sql(&Type::TIMESTAMPTZ, &mut out).unwrap();
        Timestamp::from_sql(&Type::TIMESTAMPTZ, &out).unwrap().0.0
    }

    #[test]
    fn instants_keep_their_millisecond_also_before_the_epoch() {
        for ms in [0, -1, EPOCH_MS - 1, EPOCH_MS, 1_795_132_800_123, -62_135_596_800_001] {
            assert_eq!(round_trip(ms), ms);
        }
    }

    #[test]
    fn instants_that_postgres_cannot_hold_become_infinite() {
        assert_eq!(round_trip(i64::MAX - 1), i64::MAX);
        assert_eq!(round_trip(i64::MIN), i64::MIN);
        assert_eq!(round_trip(-300_000_000_000_000), i64::MIN);
    }

    #[test]
    fn a_source_is_kept_once_however_many_lie_between() {
        let mut interned = Interned::default();
        let mut source = |app: &str| {
            let source = Source::new("d", app, None).unwrap();
            interned.source(of_source(&source)).unwrap()
        };
        let first = source("a");
        for n in 0..20 {
            source(&format!("app {n}"));
        }
        assert!(Arc::ptr_eq(&first, &source("a")));
    }
}
