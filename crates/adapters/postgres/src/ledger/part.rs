//! One statement of a commit, and what it means if it does not change what it should.

use std::borrow::Cow;

use crate::db::{Param, Statement};

/// What it means if a statement changes another number of rows than it should.
#[derive(Debug, Clone, Copy)]
pub(super) enum Short {
    /// Days are settled by another edition of the rule than this program's.
    OtherRule,
    /// Somebody else has moved the position.
    Fenced,
    /// A day is not as the write wants it, or what was known of its person is out of date.
    Days,
    /// A name can't have its number.
    Names,
    /// A piece is not there, or the tail is not behind all others.
    Pieces,
    /// It may be any number: a person is gone, or there was nothing to change.
    Fine,
}

/// A statement and how many rows it should change or give.
pub(super) struct Part<'a> {
    pub(super) statement: Statement<'a>,
    pub(super) rows: usize,
    pub(super) short: Short,
}

pub(super) fn part(
    sql: impl Into<Cow<'static, str>>,
    params: Vec<Param<'_>>,
    rows: usize,
    short: Short,
) -> Part<'_> {
    Part { statement: Statement { sql: sql.into(), params }, rows, short }
}
