//! What is stored of a day, made into what the day is. Not here: asking for it (see `load`).

use std::collections::BTreeSet;
use std::sync::Arc;

use dayline_app::ports::{Edition, LoadedDay, PortError, StoredDay};
use dayline_app::tracking::stored_state;
use dayline_domain::timeline::window::Window;
use dayline_domain::{
    BeatHold, Choices, Correction, CorrectionId, DeviceId, Interval, Observation, Piece, Says, Seen, Source,
    Subject, Terms, UtcDay,
};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Param, Statement};
use crate::error::corrupt;
use crate::merges::stored_merges;
use crate::names::{Named, Spelled, spelled_source};
use crate::values::{Day, Timestamp, nth};

/// The rows of one day. The first column of each says which of the days asked for it is.
pub(super) struct StoredRows<'a> {
    key: UtcDay,
    day: &'a Row,
    pub(super) pieces: Vec<&'a Row>,
    pub(super) observed: Vec<&'a Row>,
    /// What the first edition counted in the window and around.
    pub(super) first: Vec<&'a Row>,
    pub(super) outranked: Vec<&'a Row>,
    pub(super) beside: Vec<&'a Row>,
    pub(super) corrections: Vec<&'a Row>,
}

/// The row of a day itself; version 0 if there is none.
struct Head {
    version: u64,
    is_past: bool,
    edition: Edition,
    settled_by: Terms,
    terms: Terms,
    tail: Option<(Interval, u32)>,
}

impl<'a> StoredRows<'a> {
    pub(super) fn of(key: UtcDay, day: &'a Row) -> Self {
        let none = Vec::new;
        Self {
            key,
            day,
            pieces: none(),
            observed: none(),
            first: none(),
            outranked: none(),
            beside: none(),
            corrections: none(),
        }
    }

    /// The person's number and epoch; `None` if there is no such person.
    pub(super) fn person(&self) -> Result<Option<(i64, i32)>, PortError> {
        let Some(id) = nth(self.day, 1)? else { return Ok(None) };
        Ok(Some((id, nth(self.day, 2)?)))
    }

    /// The numbers of all names that the day refers to; none where it is damaged.
    fn numbers(&self) -> Result<BTreeSet<u32>, PortError> {
        let mut numbers = BTreeSet::new();
        for row in &self.pieces {
            numbers.insert(number(nth(row, 3)?)?);
        }
        if let Some(source) = nth::<Option<i32>>(self.day, 11)? {
            numbers.insert(number(source)?);
        }
        let device = DeviceId::new("-").map_err(|error| corrupt("a name", error))?;
        let any = Arc::new(Subject { device, seen: Seen::Away });
        for (day, bytes) in self.state()? {
            let note = |number| {
                numbers.insert(number);
                Some(Arc::clone(&any))
            };
            // What is damaged is told when the day is made of it.
            let _ = stored_state::decode_observed(day, bytes, note);
        }
        Ok(numbers)
    }

    /// All parts of the state, each with the day that it is of.
    fn state(&self) -> Result<Vec<(UtcDay, &'a [u8])>, PortError> {
        let mut parts = Vec::new();
        if let Some(recent) = nth::<Option<&[u8]>>(self.day, 12)? {
            parts.push((self.key, recent));
        }
        for row in &self.observed {
            parts.push((self.key, nth(row, 1)?));
        }
        for row in &self.beside {
            let day: Day = nth(row, 1)?;
            if day.0 != self.key {
                parts.push((day.0, nth(row, 2)?));
            }
        }
        Ok(parts)
    }

    /// The day. What is damaged is the day alone.
    pub(super) fn restore(&self, names: &Named) -> LoadedDay {
        match self.try_restore(names) {
            Ok(Some(day)) => LoadedDay::Day(Box::new(day)),
            Ok(None) => LoadedDay::NoSuchUser,
            Err(PortError::Corrupt(why) | PortError::Unavailable(why) | PortError::Rejected(why)) => {
                LoadedDay::Damaged(why)
            }
        }
    }

    fn try_restore(&self, names: &Named) -> Result<Option<StoredDay>, PortError> {
        let Some((person, _)) = self.person()? else { return Ok(None) };
        let Head { version, is_past, edition, settled_by, terms, tail } = self.head()?;
        let mut counted = self.counted(person, names)?;
        let decode = |day, bytes| {
            stored_state::decode_observed(day, bytes, |number| names.subject(person, number))
                .map_err(|why| corrupt("a stored day", why))
        };
        let recent = match nth::<Option<&[u8]>>(self.day, 12)? {
            Some(bytes) => decode(self.key, bytes)?,
            None => Vec::new(),
        };
        let (mut observations, window) = (Vec::new(), Window::of(self.key).interval());
        for (day, bytes) in self.state()? {
            let observed = decode(day, bytes)?;
            observations.extend(observed.into_iter().filter_map(|observation| observation.clip(window)));
        }
        if edition == Edition::First || version == 0 {
            let (first, outranked) = (first_pieces(&self.first)?, first_pieces(&self.outranked)?);
            let uses = as_uses(first.iter().chain(&outranked));
            observations.extend(uses.into_iter().filter_map(|seen| seen.clip(window)));
            counted.extend(first.into_iter().filter(|piece| piece.interval.start().day() == self.key));
        }
        counted.sort_by_key(|piece| piece.interval.start());
        let has_tail = tail.is_some();
        if let Some((interval, number)) = tail {
            counted.push(Piece { source: names.source(person, number)?, interval });
        }
        let corrections = self.corrections.iter().map(|row| correction(row, 1));
        Ok(Some(StoredDay {
            day: self.key,
            version,
            is_past,
            edition,
            settled_by,
            terms,
            observations,
            corrections: corrections.collect::<Result<Vec<Correction>, _>>()?,
            counted,
            has_tail,
            recent,
        }))
    }

    /// The day's own row.
    fn head(&self) -> Result<Head, PortError> {
        let merges = stored_merges(self.day, 14)?;
        let terms = Terms { choices: choices(nth(self.day, 3)?, nth(self.day, 4)?)?, merges };
        let version = nth::<Option<i64>>(self.day, 5)?.unwrap_or_default().cast_unsigned();
        let edition = match nth::<Option<i16>>(self.day, 6)? {
            Some(1) => Edition::First,
            _ => Edition::Second,
        };
        let settled_by = match (nth(self.day, 7)?, nth(self.day, 8)?) {
            (Some(hold), Some(audible)) => {
                let made = usize::try_from(nth::<i32>(self.day, 13)?);
                let made = made.map_err(|error| corrupt("a number of merges", error))?;
                Terms { choices: choices(hold, audible)?, merges: terms.merges.first(made) }
            }
            _ => terms.clone(),
        };
        let tail = match (nth::<Option<Timestamp>>(self.day, 9)?, nth::<Option<Timestamp>>(self.day, 10)?) {
            (Some(start), Some(end)) => Some((interval(start, end)?, number(nth(self.day, 11)?)?)),
            _ => None,
        };
        let is_past = nth::<Option<bool>>(self.day, 16)?.unwrap_or_default();
        Ok(Head { version, is_past, edition, settled_by, terms, tail })
    }

    /// What the first edition of the rule outranked on the day itself.
    pub(super) fn first_outranked(&self) -> Result<Vec<Piece>, PortError> {
        let mut outranked = first_pieces(&self.outranked)?;
        outranked.retain(|piece| piece.interval.start().day() == self.key);
        Ok(outranked)
    }

    fn counted(&self, person: i64, names: &Named) -> Result<Vec<Piece>, PortError> {
        let piece = |row: &&Row| {
            let source = names.source(person, number(nth(row, 3)?)?)?;
            Ok(Piece { source, interval: interval(nth(row, 1)?, nth(row, 2)?)? })
        };
        self.pieces.iter().map(piece).collect()
    }
}

/// Choices as they are stored.
pub(crate) fn choices(beat_hold: i16, audible_counts: bool) -> Result<Choices, PortError> {
    let minutes = u8::try_from(beat_hold).map_err(|error| corrupt("a beat hold", error))?;
    let beat_hold = BeatHold::from_minutes(minutes).map_err(|error| corrupt("a beat hold", error))?;
    Ok(Choices { beat_hold, audible_counts })
}

/// An interval as it is stored.
pub(super) fn interval(start: Timestamp, end: Timestamp) -> Result<Interval, PortError> {
    Interval::new(start.0, end.0).ok_or_else(|| corrupt("an interval", "it ends before it starts"))
}

fn number(stored: i32) -> Result<u32, PortError> {
    u32::try_from(stored).map_err(|error| corrupt("a number", error))
}

/// Pieces of the first edition: start, end and names from the second column on.
fn first_pieces(rows: &[&Row]) -> Result<Vec<Piece>, PortError> {
    let piece = |row: &&Row| {
        let spelled = spelled_source(row, 3)?.ok_or_else(|| corrupt("a piece", "it has no source"))?;
        Ok(Piece { source: spelled.to_source()?, interval: interval(nth(row, 1)?, nth(row, 2)?)? })
    };
    rows.iter().map(piece).collect()
}

/// What the first edition kept, as what must have been seen.
pub(crate) fn as_uses<'a>(pieces: impl Iterator<Item = &'a Piece>) -> Vec<Observation> {
    let as_use = |piece: &Piece| {
        let Source { device, activity } = &*piece.source;
        let seen = Seen::Use { app: activity.app.clone(), domain: activity.domain.clone(), project: None };
        Observation::new(Arc::new(Subject { device: device.clone(), seen }), piece.interval)
    };
    pieces.map(as_use).collect()
}

/// The numbers of names that days refer to, by person.
pub(super) struct Numbered {
    people: Vec<i64>,
    numbers: Vec<i32>,
}

impl Numbered {
    /// All numbers of some days, each once.
    pub(super) fn by<'a, 'b: 'a>(days: impl Iterator<Item = &'a StoredRows<'b>>) -> Result<Self, PortError> {
        let mut all = BTreeSet::new();
        for day in days {
            let Some((person, _)) = day.person()? else { continue };
            all.extend(day.numbers()?.into_iter().map(|number| (person, number.cast_signed())));
        }
        let (people, numbers) = all.into_iter().unzip();
        Ok(Self { people, numbers })
    }

    /// The statement that looks them up.
    pub(super) fn look_up(&self, sql: String) -> Statement<'_> {
        let params: Vec<Param<'_>> =
            vec![(&self.people, Type::INT8_ARRAY), (&self.numbers, Type::INT4_ARRAY)];
        Statement { sql: sql.into(), params }
    }
}

/// The correction in a row whose columns from `from` on are id, version, start, end and names.
pub(super) fn correction(row: &Row, from: usize) -> Result<Correction, PortError> {
    let times: (Option<Timestamp>, Option<Timestamp>) = (nth(row, from + 2)?, nth(row, from + 3)?);
    let interval = times.0.zip(times.1).map(|(start, end)| interval(start, end)).transpose()?;
    let source = spelled_source(row, from + 4)?.map(Spelled::to_source).transpose()?;
    let says = match (interval, source) {
        (None, _) => Says::Nothing,
        (Some(interval), Some(source)) => Says::Entry { interval, source },
        (Some(interval), None) => Says::Erasure { interval },
    };
    let id: Uuid = nth(row, from)?;
    let version: i64 = nth(row, from + 1)?;
    Ok(Correction { id: CorrectionId::from_bits(id.as_u128()), version: version.cast_unsigned(), says })
}
