//! Loading days for the worker: all of them from one snapshot, in one round trip.

use std::borrow::Cow;

use dayline_app::ports::{DayKey, LoadedDay, PortError};
use dayline_domain::{Interval, LedgerDay, Piece};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{ConnectionPool, Param, Statement};
use crate::error::corrupt;
use crate::values::{Day, Interned, Timestamp, bits_column, column, nth, uuid};

// Sub-selects are kept apart by `OFFSET 0`: each person and day is looked up by its key, and no
// table is read as a whole.

const DAYS: &str = "SELECT person.id IS NOT NULL AS known, coalesce(stored.version, 0) AS version
FROM unnest($1, $2) WITH ORDINALITY AS wanted (uuid, day, number)
LEFT JOIN LATERAL (SELECT id FROM users WHERE uuid = wanted.uuid OFFSET 0) AS person ON true
LEFT JOIN LATERAL (
  SELECT version FROM ledger_days
  WHERE user_id = person.id AND day = wanted.day AND day >= $3 AND day <= $4
  OFFSET 0
) AS stored ON true
ORDER BY number";

const PIECES: &str = "SELECT piece.*, wanted.number
FROM unnest($1, $2, $3) WITH ORDINALITY AS wanted (uuid, day_start, day_end, number)
CROSS JOIN LATERAL (SELECT id FROM users WHERE uuid = wanted.uuid OFFSET 0) AS person
CROSS JOIN LATERAL (
  SELECT start_time, end_time, device_id, app_name, domain FROM TABLE
  WHERE user_id = person.id AND start_time >= wanted.day_start AND start_time < wanted.day_end
    AND start_time >= $4 AND start_time < $5
  OFFSET 0
) AS piece";

/// The days asked for, in the order asked for. Where something can't be read, halves are loaded, down
/// to the one day that it is about: that one is damaged, and holds up no other.
pub(super) async fn load(pool: &ConnectionPool, keys: &[DayKey]) -> Result<Vec<LoadedDay>, PortError> {
    let mut days = Vec::with_capacity(keys.len());
    let mut waiting = vec![keys];
    while let Some(keys) = waiting.pop() {
        match load_at_once(pool, keys).await {
            Ok(loaded) => days.extend(loaded),
            Err(PortError::Corrupt(_)) if keys.len() > 1 => {
                let (first, second) = keys.split_at(keys.len() / 2);
                waiting.extend([second, first]);
            }
            Err(PortError::Corrupt(why)) => days.push(LoadedDay::Damaged(why)),
            Err(error) => return Err(error),
        }
    }
    Ok(days)
}

/// The days asked for, from one snapshot.
async fn load_at_once(pool: &ConnectionPool, keys: &[DayKey]) -> Result<Vec<LoadedDay>, PortError> {
    let (Some(first), Some(last)) =
        (keys.iter().map(|key| key.day).min(), keys.iter().map(|key| key.day).max())
    else {
        return Ok(Vec::new());
    };
    let users: Vec<Uuid> = keys.iter().map(|key| uuid(key.user)).collect();
    let days: Vec<Day> = keys.iter().map(|key| Day(key.day)).collect();
    let starts: Vec<Timestamp> = keys.iter().map(|key| Timestamp(key.day.start())).collect();
    let ends: Vec<Timestamp> = keys.iter().map(|key| Timestamp(key.day.interval().end())).collect();
    let bounds = (Day(first), Day(last));
    let times = (Timestamp(first.start()), Timestamp(last.interval().end()));
    let of_pieces = || -> Vec<Param<'_>> {
        vec![
            (&users, Type::UUID_ARRAY),
            (&starts, Type::TIMESTAMPTZ_ARRAY),
            (&ends, Type::TIMESTAMPTZ_ARRAY),
            (&times.0, Type::TIMESTAMPTZ),
            (&times.1, Type::TIMESTAMPTZ),
        ]
    };
    let statements = [
        Statement {
            sql: DAYS.into(),
            params: vec![
                (&users, Type::UUID_ARRAY),
                (&days, Type::DATE_ARRAY),
                (&bounds.0, Type::DATE),
                (&bounds.1, Type::DATE),
            ],
        },
        Statement { sql: pieces_of("app_usage"), params: of_pieces() },
        Statement { sql: pieces_of("outranked_usage"), params: of_pieces() },
    ];
    let answers = pool.snapshot(&statements).await?;
    let [versions, counted, outranked] = answers.as_slice() else {
        return Err(corrupt("load", "not three answers"));
    };
    let mut interned = Interned::default();
    let counted = by_day(keys.len(), counted, &mut interned)?;
    let outranked = by_day(keys.len(), outranked, &mut interned)?;
    let pieces = counted.into_iter().zip(outranked);
    keys.iter().zip(versions).zip(pieces).map(|((key, row), pieces)| restore(*key, row, pieces)).collect()
}

fn pieces_of(table: &str) -> Cow<'static, str> {
    PIECES.replace("TABLE", table).into()
}

fn by_day(days: usize, rows: &[Row], interned: &mut Interned) -> Result<Vec<Vec<Piece>>, PortError> {
    let mut pieces = vec![Vec::new(); days];
    for row in rows {
        let number = usize::try_from(nth::<i64>(row, 5)? - 1).ok();
        let day = number.and_then(|number| pieces.get_mut(number));
        day.ok_or_else(|| corrupt("load", "a day not asked for"))?.push(piece(row, interned)?);
    }
    Ok(pieces)
}

/// The piece in a row whose first columns are start, end, device, app and domain.
pub(super) fn piece(row: &Row, interned: &mut Interned) -> Result<Piece, PortError> {
    let (start, end): (Timestamp, Timestamp) = (nth(row, 0)?, nth(row, 1)?);
    let interval =
        Interval::new(start.0, end.0).ok_or_else(|| corrupt("a piece", "it ends before it starts"))?;
    let source = interned.source(nth(row, 2)?, nth(row, 3)?, nth(row, 4)?)?;
    Ok(Piece { source, interval })
}

fn restore(
    key: DayKey,
    row: &Row,
    (counted, outranked): (Vec<Piece>, Vec<Piece>),
) -> Result<LoadedDay, PortError> {
    if !column::<bool>(row, "known")? {
        return Ok(LoadedDay::NoSuchUser);
    }
    let day = LedgerDay::restore(key.day, bits_column(row, "version")?, counted, outranked);
    Ok(match day {
        Ok(day) => LoadedDay::Day(Box::new(day)),
        // This day is no day; the others asked for may be.
        Err(why) => LoadedDay::Damaged(format!("a stored day: {why}")),
    })
}
