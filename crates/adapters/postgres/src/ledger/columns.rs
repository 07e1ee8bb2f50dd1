//! A commit turned on its side: what happens to the days and pieces of all people in a month, as
//! arrays, so that one statement does one kind of thing for everybody.

use std::collections::BTreeMap;

use dayline_app::ports::{LedgerCommit, PortError};
use dayline_app::reporting::stored_sums;
use dayline_domain::{DayChange, Domain, Piece, PieceChanges, UserId};
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::Param;
use crate::months::Month;
use crate::values::{Day, Timestamp, bits, uuid};

/// Days whose versions grow, or that are new.
#[derive(Default)]
pub(super) struct DayColumns {
    users: Vec<Uuid>,
    days: Vec<Day>,
    from: Vec<i64>,
    to: Vec<i64>,
    sums: Vec<Vec<u8>>,
}

impl DayColumns {
    fn push(&mut self, user: UserId, change: &DayChange) {
        self.users.push(uuid(user));
        self.days.push(Day(change.day));
        self.from.push(bits(change.from_version));
        self.to.push(bits(change.to_version));
        self.sums.push(stored_sums::encode(&change.sums));
    }

    pub(super) fn len(&self) -> usize {
        self.users.len()
    }

    /// Users and days, the versions after and their sums.
    pub(super) fn created(&self) -> Vec<Param<'_>> {
        vec![
            (&self.users, Type::UUID_ARRAY),
            (&self.days, Type::DATE_ARRAY),
            (&self.to, Type::INT8_ARRAY),
            (&self.sums, Type::BYTEA_ARRAY),
        ]
    }

    /// The same and the versions before.
    pub(super) fn changed(&self) -> Vec<Param<'_>> {
        let mut params = self.created();
        params.push((&self.from, Type::INT8_ARRAY));
        params
    }
}

/// Pieces to which one thing happens.
#[derive(Default)]
pub(super) struct PieceColumns<'a> {
    users: Vec<Uuid>,
    starts: Vec<Timestamp>,
    ends: Vec<Timestamp>,
    devices: Vec<&'a str>,
    apps: Vec<&'a str>,
    domains: Vec<Option<&'a str>>,
    /// Filled for resized pieces only.
    new_ends: Vec<Timestamp>,
}

impl<'a> PieceColumns<'a> {
    fn push(&mut self, user: UserId, piece: &'a Piece) {
        let activity = &piece.source.activity;
        self.users.push(uuid(user));
        self.starts.push(Timestamp(piece.interval.start()));
        self.ends.push(Timestamp(piece.interval.end()));
        self.devices.push(piece.source.device.as_str());
        self.apps.push(activity.app.as_str());
        self.domains.push(activity.domain.as_ref().map(Domain::as_str));
    }

    pub(super) fn len(&self) -> usize {
        self.users.len()
    }

    /// The pieces.
    pub(super) fn pieces(&self) -> Vec<Param<'_>> {
        vec![
            (&self.users, Type::UUID_ARRAY),
            (&self.starts, Type::TIMESTAMPTZ_ARRAY),
            (&self.ends, Type::TIMESTAMPTZ_ARRAY),
            (&self.devices, Type::TEXT_ARRAY),
            (&self.apps, Type::TEXT_ARRAY),
            (&self.domains, Type::TEXT_ARRAY),
        ]
    }

    /// The pieces and their new ends.
    pub(super) fn resized(&self) -> Vec<Param<'_>> {
        let mut params = self.pieces();
        params.push((&self.new_ends, Type::TIMESTAMPTZ_ARRAY));
        params
    }
}

/// What happens to the pieces of one table.
#[derive(Default)]
pub(super) struct TableColumns<'a> {
    pub(super) removed: PieceColumns<'a>,
    pub(super) resized: PieceColumns<'a>,
    pub(super) added: PieceColumns<'a>,
}

impl<'a> TableColumns<'a> {
    fn push(&mut self, user: UserId, changes: &'a PieceChanges) {
        for piece in &changes.removed {
            self.removed.push(user, piece);
        }
        for resized in &changes.resized {
            self.resized.push(user, &resized.piece);
            self.resized.new_ends.push(Timestamp(resized.new_end));
        }
        for piece in &changes.added {
            self.added.push(user, piece);
        }
    }
}

/// What happens in one month.
#[derive(Default)]
pub(super) struct MonthColumns<'a> {
    pub(super) new_days: DayColumns,
    pub(super) changed_days: DayColumns,
    pub(super) counted: TableColumns<'a>,
    pub(super) outranked: TableColumns<'a>,
}

impl<'a> MonthColumns<'a> {
    fn push(&mut self, user: UserId, change: &'a DayChange) {
        let days = if change.from_version == 0 { &mut self.new_days } else { &mut self.changed_days };
        days.push(user, change);
        self.counted.push(user, &change.counted);
        self.outranked.push(user, &change.outranked);
    }
}

/// Everything a commit changes but its position.
#[derive(Default)]
pub(super) struct Columns<'a> {
    pub(super) months: BTreeMap<Month, MonthColumns<'a>>,
    pub(super) dead: DeadColumns<'a>,
}

/// Dead letters.
#[derive(Default)]
pub(super) struct DeadColumns<'a> {
    users: Vec<Option<Uuid>>,
    reasons: Vec<String>,
    records: Vec<&'a [u8]>,
}

impl DeadColumns<'_> {
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Whose, why, what.
    pub(super) fn letters(&self) -> Vec<Param<'_>> {
        vec![
            (&self.users, Type::UUID_ARRAY),
            (&self.reasons, Type::TEXT_ARRAY),
            (&self.records, Type::BYTEA_ARRAY),
        ]
    }
}

impl<'a> Columns<'a> {
    /// Refuses a day that no month has.
    pub(super) fn of(commit: &'a LedgerCommit) -> Result<Self, PortError> {
        let mut columns = Self::default();
        for (user, change) in &commit.changes {
            let month = Month::of(change.day)
                .ok_or_else(|| PortError::Rejected("a day outside the years 1 to 9999".into()))?;
            columns.months.entry(month).or_default().push(*user, change);
        }
        for dead in &commit.dead {
            columns.dead.users.push(dead.user.map(uuid));
            // The one character that a text can't hold in PostgreSQL.
            columns.dead.reasons.push(dead.reason.replace('\0', "\u{FFFD}"));
            columns.dead.records.push(&dead.record);
        }
        Ok(columns)
    }
}
