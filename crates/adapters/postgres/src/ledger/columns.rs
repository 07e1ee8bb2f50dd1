//! A commit turned on its side: what happens to the days, pieces and observations of all people in
//! a month, as arrays, so that one statement does one kind of thing for everybody.

use std::collections::BTreeMap;

use dayline_app::ports::{DayWrite, LedgerCommit, PortError, StateWrite};
use dayline_app::reporting::stored_sums;
use dayline_app::tracking::stored_state;
use dayline_domain::{Observation, Piece, PieceChanges, Terms, UtcDay, UtcMs};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::adopt::Adopted;
use crate::db::Param;
use crate::months::{Month, month_of};
use crate::names::{KnownTail, Name, NewNames, People, Person};
use crate::values::{Day, Timestamp, bits, uuid};

/// Days that are written.
#[derive(Default)]
pub(super) struct DayColumns {
    users: Vec<Uuid>,
    people: Vec<i64>,
    epochs: Vec<i32>,
    days: Vec<Day>,
    from: Vec<i64>,
    to: Vec<i64>,
    marks: Vec<i64>,
    tail_starts: Vec<Option<Timestamp>>,
    tail_ends: Vec<Option<Timestamp>>,
    tail_sources: Vec<Option<i32>>,
    beat_holds: Vec<i16>,
    audible: Vec<bool>,
    /// How many.
    merges: Vec<i32>,
    recent: Vec<Option<Vec<u8>>>,
    /// Of a fold.
    sums: Vec<Option<Vec<u8>>>,
    /// Whether what the first edition kept of the day is moved by this commit.
    adopted: Vec<bool>,
}

impl DayColumns {
    pub(super) fn len(&self) -> usize {
        self.users.len()
    }

    /// All but the versions before, and whether days are adopted.
    pub(super) fn created(&self) -> Vec<Param<'_>> {
        vec![
            (&self.users, Type::UUID_ARRAY),
            (&self.people, Type::INT8_ARRAY),
            (&self.epochs, Type::INT4_ARRAY),
            (&self.days, Type::DATE_ARRAY),
            (&self.to, Type::INT8_ARRAY),
            (&self.marks, Type::INT8_ARRAY),
            (&self.tail_starts, Type::TIMESTAMPTZ_ARRAY),
            (&self.tail_ends, Type::TIMESTAMPTZ_ARRAY),
            (&self.tail_sources, Type::INT4_ARRAY),
            (&self.beat_holds, Type::INT2_ARRAY),
            (&self.audible, Type::BOOL_ARRAY),
            (&self.merges, Type::INT4_ARRAY),
            (&self.recent, Type::BYTEA_ARRAY),
            (&self.sums, Type::BYTEA_ARRAY),
        ]
    }

    /// All.
    pub(super) fn changed(&self) -> Vec<Param<'_>> {
        let mut params = self.created();
        params.push((&self.from, Type::INT8_ARRAY));
        params.push((&self.adopted, Type::BOOL_ARRAY));
        params
    }
}

/// Pieces to which one thing happens.
#[derive(Default)]
pub(super) struct PieceColumns {
    people: Vec<i64>,
    starts: Vec<Timestamp>,
    ends: Vec<Timestamp>,
    sources: Vec<i32>,
    /// Filled for resized pieces only.
    new_ends: Vec<Timestamp>,
}

impl PieceColumns {
    fn push(&mut self, of: &mut Numbering<'_>, piece: &Piece) {
        self.people.push(of.person.id);
        self.starts.push(Timestamp(piece.interval.start()));
        self.ends.push(Timestamp(piece.interval.end()));
        self.sources.push(of.source(piece));
    }

    pub(super) fn len(&self) -> usize {
        self.people.len()
    }

    /// The pieces.
    pub(super) fn pieces(&self) -> Vec<Param<'_>> {
        vec![
            (&self.people, Type::INT8_ARRAY),
            (&self.starts, Type::TIMESTAMPTZ_ARRAY),
            (&self.ends, Type::TIMESTAMPTZ_ARRAY),
            (&self.sources, Type::INT4_ARRAY),
        ]
    }

    /// The pieces and their new ends.
    pub(super) fn resized(&self) -> Vec<Param<'_>> {
        let mut params = self.pieces();
        params.push((&self.new_ends, Type::TIMESTAMPTZ_ARRAY));
        params
    }
}

/// Tails that are to be looked at, each with the end of its day.
#[derive(Default)]
pub(super) struct TailColumns {
    people: Vec<i64>,
    starts: Vec<Timestamp>,
    days_end: Vec<Timestamp>,
}

impl TailColumns {
    fn push(&mut self, person: i64, day: UtcDay, tail: &Piece) {
        self.people.push(person);
        self.starts.push(Timestamp(tail.interval.start()));
        self.days_end.push(Timestamp(day.interval().end()));
    }

    pub(super) fn len(&self) -> usize {
        self.people.len()
    }

    pub(super) fn tails(&self) -> Vec<Param<'_>> {
        vec![
            (&self.people, Type::INT8_ARRAY),
            (&self.starts, Type::TIMESTAMPTZ_ARRAY),
            (&self.days_end, Type::TIMESTAMPTZ_ARRAY),
        ]
    }
}

/// Hours of days with what was observed in them.
#[derive(Default)]
pub(super) struct HourColumns {
    people: Vec<i64>,
    days: Vec<Day>,
    hours: Vec<i16>,
    /// Left empty for hours that go.
    bytes: Vec<Vec<u8>>,
}

impl HourColumns {
    fn push(&mut self, person: i64, day: UtcDay, hour: u8) {
        self.people.push(person);
        self.days.push(Day(day));
        self.hours.push(hour.into());
    }

    pub(super) fn len(&self) -> usize {
        self.people.len()
    }

    /// Which hours.
    pub(super) fn hours(&self) -> Vec<Param<'_>> {
        vec![
            (&self.people, Type::INT8_ARRAY),
            (&self.days, Type::DATE_ARRAY),
            (&self.hours, Type::INT2_ARRAY),
        ]
    }

    /// Which hours, and what was observed in them.
    pub(super) fn observed(&self) -> Vec<Param<'_>> {
        let mut params = self.hours();
        params.push((&self.bytes, Type::BYTEA_ARRAY));
        params
    }
}

/// What happens in one month.
#[derive(Default)]
pub(super) struct MonthColumns {
    pub(super) new_days: DayColumns,
    pub(super) changed_days: DayColumns,
    pub(super) removed: PieceColumns,
    pub(super) resized: PieceColumns,
    pub(super) added: PieceColumns,
    pub(super) tails: TailColumns,
    pub(super) emptied: HourColumns,
    pub(super) observed: HourColumns,
}

/// Everything that happens to days.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) months: BTreeMap<Month, MonthColumns>,
    pub(super) names: NewNames,
}

/// A person whose names get numbers.
struct Numbering<'a> {
    person: &'a mut Person,
    names: &'a mut NewNames,
}

impl Numbering<'_> {
    fn source(&mut self, piece: &Piece) -> i32 {
        let name = Name::Source(piece.source.clone());
        self.names.number(self.person, name).cast_signed()
    }

    fn state(&mut self, day: UtcDay, observations: &[Observation]) -> Vec<u8> {
        let number =
            |subject: &_| self.names.number(self.person, Name::Subject(std::sync::Arc::clone(subject)));
        stored_state::encode_observed(day, observations.iter().cloned(), number)
    }
}

impl Columns {
    /// The days of a commit; nobody may be missing among `people`.
    ///
    /// # Errors
    /// If no month has one of the days.
    pub(super) fn of(
        commit: &LedgerCommit,
        people: &mut People,
        names: NewNames,
        adopted: &Adopted,
    ) -> Result<Self, PortError> {
        let mut columns = Self { names, ..Self::default() };
        for (user, write) in &commit.days {
            let Some(person) = people.get_mut(user) else { continue };
            let month = month_of(write.day)?;
            let month = columns.months.entry(month).or_default();
            let is_adopted = adopted.has(person.id, write.day);
            let mut numbering = Numbering { person, names: &mut columns.names };
            month.push_day(uuid(*user), write, &mut numbering, is_adopted);
            month.push_pieces(&write.ended, &mut numbering);
            month.push_state(write, &mut numbering);
        }
        Ok(columns)
    }
}

impl MonthColumns {
    fn push_day(&mut self, user: Uuid, write: &DayWrite, of: &mut Numbering<'_>, adopted: bool) {
        let days = if write.from_version == 0 { &mut self.new_days } else { &mut self.changed_days };
        let time = |at: fn(&Piece) -> UtcMs| write.tail.as_ref().map(|tail| Timestamp(at(tail)));
        days.users.push(user);
        days.people.push(of.person.id);
        days.epochs.push(of.person.epoch);
        days.days.push(Day(write.day));
        days.from.push(bits(write.from_version));
        days.to.push(bits(write.to_version));
        days.marks.push(bits(write.mark.0));
        days.tail_starts.push(time(|tail| tail.interval.start()));
        days.tail_ends.push(time(|tail| tail.interval.end()));
        days.tail_sources.push(write.tail.as_ref().map(|tail| of.source(tail)));
        let Terms { choices, merges } = &write.settled_by;
        days.beat_holds.push(choices.beat_hold.minutes().into());
        days.audible.push(choices.audible_counts);
        days.merges.push(merges.made().len() as i32);
        days.adopted.push(adopted);
        let (recent, sums) = match &write.state {
            StateWrite::Recent(observed) if observed.is_empty() => (None, None),
            StateWrite::Recent(observed) => (Some(of.state(write.day, observed)), None),
            StateWrite::Folded { sums, .. } => (None, Some(stored_sums::encode(sums))),
        };
        days.recent.push(recent);
        days.sums.push(sums);
        self.push_tail(write, of.person);
    }

    /// A tail of which only the end is another than in the version before, which this process wrote,
    /// was looked at then: it is not looked at again while no piece beside it changes.
    fn push_tail(&mut self, write: &DayWrite, person: &mut Person) {
        let known =
            |version, tail: &Piece| KnownTail { day: write.day, version, start: tail.interval.start() };
        let before = person.tail.take();
        let Some(tail) = &write.tail else { return };
        if before != Some(known(write.from_version, tail)) || !write.ended.is_empty() {
            self.tails.push(person.id, write.day, tail);
        }
        person.tail = Some(known(write.to_version, tail));
    }

    fn push_pieces(&mut self, ended: &PieceChanges, of: &mut Numbering<'_>) {
        for piece in &ended.removed {
            self.removed.push(of, piece);
        }
        for resized in &ended.resized {
            self.resized.push(of, &resized.piece);
            self.resized.new_ends.push(Timestamp(resized.new_end));
        }
        for piece in &ended.added {
            self.added.push(of, piece);
        }
    }

    fn push_state(&mut self, write: &DayWrite, of: &mut Numbering<'_>) {
        let StateWrite::Folded { hours, .. } = &write.state else { return };
        for (hour, observed) in hours {
            if observed.is_empty() {
                self.emptied.push(of.person.id, write.day, *hour);
            } else {
                self.observed.push(of.person.id, write.day, *hour);
                self.observed.bytes.push(of.state(write.day, observed));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dayline_app::ports::{Mark, Partition, Position};
    use dayline_domain::{DaySums, Interval, Source, UserId};

    use super::*;

    const DAY: UtcDay = UtcDay(20_000);
    const USER: UserId = UserId::from_bits(1);

    fn piece(start: i64, end: i64) -> Piece {
        let at = |ms| DAY.start().plus(ms);
        let source = Source::new("desk", "Editor", None).unwrap();
        Piece { source, interval: Interval::new(at(start), at(end)).unwrap() }
    }

    fn write(from_version: u64, ended: PieceChanges, tail: Option<Piece>) -> (UserId, DayWrite) {
        let write = DayWrite {
            day: DAY,
            from_version,
            to_version: from_version + 1,
            mark: Mark(0),
            settled_by: Terms::default(),
            ended,
            tail,
            state: StateWrite::Folded { hours: Vec::new(), sums: DaySums::of(DAY, []) },
        };
        (USER, write)
    }

    /// How many tails are looked at when one write follows another.
    fn looked_at(people: &mut People, write: (UserId, DayWrite)) -> usize {
        let (from, to) = (Position::START, Position::START);
        let (dead, corrections, at) = (Vec::new(), Vec::new(), DAY.start());
        let commit =
            LedgerCommit { partition: Partition(0), from, to, days: vec![write], corrections, dead, at };
        let columns = Columns::of(&commit, people, NewNames::default(), &Adopted::default()).unwrap();
        columns.months.values().map(|month| month.tails.len()).sum()
    }

    #[test]
    fn a_tail_is_looked_at_again_only_when_more_than_its_end_changes() {
        let none = PieceChanges::default;
        let ended = || PieceChanges { added: vec![piece(0, 5)], ..none() };
        let mut people = People::from([(USER, Person::default())]);
        for (expected, what, write) in [
            (1, "the first", write(4, none(), Some(piece(10, 20)))),
            (0, "it grows", write(5, none(), Some(piece(10, 30)))),
            (0, "it shrinks", write(6, none(), Some(piece(10, 12)))),
            (1, "another piece changes", write(7, ended(), Some(piece(10, 30)))),
            (1, "it begins elsewhere", write(8, none(), Some(piece(11, 30)))),
            (1, "somebody else wrote between", write(10, none(), Some(piece(11, 30)))),
            (0, "there is none", write(11, none(), None)),
            (1, "it is there again", write(12, none(), Some(piece(11, 30)))),
            (0, "it grows again", write(13, none(), Some(piece(11, 40)))),
        ] {
            assert_eq!(looked_at(&mut people, write), expected, "{what}");
        }
        people.insert(USER, Person::default());
        assert_eq!(looked_at(&mut people, write(14, none(), Some(piece(11, 50)))), 1, "nothing is known");
    }
}
