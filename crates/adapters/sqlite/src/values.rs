//! How the domain's values look in a column: identities as the 16 bytes of a UUID, unsigned numbers
//! by their bits.

use dayline_app::ports::Position;
use dayline_domain::{Id, UtcMs};
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

/// An identity in a column.
pub(crate) struct IdBytes([u8; 16]);

impl<Kind> From<Id<Kind>> for IdBytes {
    fn from(id: Id<Kind>) -> Self {
        Self(id.bits().to_be_bytes())
    }
}

impl IdBytes {
    pub(crate) fn id<Kind>(&self) -> Id<Kind> {
        Id::from_bits(u128::from_be_bytes(self.0))
    }
}

impl ToSql for IdBytes {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0)))
    }
}

impl FromSql for IdBytes {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 16]>::column_result(value).map(Self)
    }
}

/// The instant in a column.
pub(crate) fn instant(row: &Row<'_>, column: &str) -> rusqlite::Result<UtcMs> {
    row.get(column).map(UtcMs)
}

/// A position as two columns. SQLite's integers are signed; the bits are kept, since nothing
/// compares by size there.
pub(crate) fn columns_of(position: Position) -> (i64, i64) {
    (position.major as i64, position.minor as i64)
}

/// The position in the columns `major` and `minor`.
pub(crate) fn position(row: &Row<'_>) -> rusqlite::Result<Position> {
    let [major, minor] = [row.get::<_, i64>("major")?, row.get::<_, i64>("minor")?];
    Ok(Position { major: major as u64, minor: minor as u64 })
}
