//! How the state of a ledger day is written, version 1: what was observed in its window, whole or
//! in parts, and the corrections. A heavy day takes some 8 kB, a point in time 3 to 4 bytes. Not
//! here: names. A store numbers a person's subjects and sources and writes the numbers; and which
//! day and which of its versions the bytes are of, which it keeps in columns.
//!
//! ```text
//! observed    := version:u8=1  observation*  checksum
//! observation := head  length?  subject?
//! head        := distance << 3 | flags     distance: ms between the start and the end of the one before
//!                                          (the first: the window's start)
//!                flags: 1  the subject follows; else it is that of the one before
//!                       2  the length follows, in ms, above 1; else it is 1
//!                       4  starts before the end of the one before
//!
//! corrections := version:u8=1  correction*  checksum
//! correction  := id:16 bytes  version  says
//! says        := 0                        nothing
//!              | 1 start length source    entry; start in ms after the window's, length in ms
//!              | 2 start length           erasure
//! checksum    := u32le of all before it: CRC-32
//! ```
//!
//! Numbers without a size are varints. Observations stand by device and kind and then by start,
//! which is where distances are shortest; but that is for size alone: they are a set, so that parts
//! may be read in any order, and one observation from several of them.

use std::fmt;
use std::sync::Arc;

use dayline_domain::activity::Source;
use dayline_domain::correction::{Correction, CorrectionId, Says};
use dayline_domain::observation::{Observation, Seen, Subject};
use dayline_domain::timeline::window::Window;
use dayline_domain::{Interval, UtcDay, UtcMs};

use crate::checksum::crc32;
use crate::varint::{self, NoNumber};

const VERSION: u8 = 1;
const CHECKSUM: usize = 4;

const FLAGS: u32 = 3;
const SUBJECT_FOLLOWS: u64 = 1;
const LENGTH_FOLLOWS: u64 = 2;
const STARTS_BEFORE: u64 = 4;

const NOTHING: u64 = 0;
const ENTRY: u64 = 1;
const ERASURE: u64 = 2;

/// Observations of a day's window as bytes; `number` says by which number a store knows a subject.
/// What lies outside the window is left out.
pub fn encode_observed(
    day: UtcDay,
    observations: impl IntoIterator<Item = Observation>,
    mut number: impl FnMut(&Arc<Subject>) -> u32,
) -> Vec<u8> {
    let window = Window::of(day).interval();
    let mut observations: Vec<Observation> =
        observations.into_iter().filter_map(|observation| observation.clip(window)).collect();
    observations.sort_by(|a, b| order_key(a).cmp(&order_key(b)));
    let mut bytes = vec![VERSION];
    let (mut end, mut last) = (window.start(), None);
    for observation in &observations {
        let interval = observation.interval();
        let distance = interval.start().since(end);
        let new_subject = last != Some(observation.subject());
        let head = distance.unsigned_abs() << FLAGS
            | if new_subject { SUBJECT_FOLLOWS } else { 0 }
            | if interval.ms() > 1 { LENGTH_FOLLOWS } else { 0 }
            | if distance < 0 { STARTS_BEFORE } else { 0 };
        varint::write(&mut bytes, head);
        if interval.ms() > 1 {
            varint::write(&mut bytes, interval.ms() as u64);
        }
        if new_subject {
            varint::write(&mut bytes, number(observation.subject()).into());
        }
        (end, last) = (interval.end(), Some(observation.subject()));
    }
    with_checksum(bytes)
}

/// The order in which observations take the fewest bytes.
fn order_key(observation: &Observation) -> (&str, u8, UtcMs, &Seen) {
    let Subject { device, seen } = &**observation.subject();
    let kind = match seen {
        Seen::Use { .. } => 0,
        Seen::Page { .. } => 1,
        Seen::Beat { .. } => 2,
        Seen::Away => 3,
        Seen::Here => 4,
    };
    (device.as_str(), kind, observation.interval().start(), seen)
}

/// Reads observations; `subject` says which one a number stands for. Never panics, whatever the
/// bytes.
///
/// # Errors
/// If the bytes are damaged or of another version, or have a number that is no subject's.
pub fn decode_observed(
    day: UtcDay,
    bytes: &[u8],
    mut subject: impl FnMut(u32) -> Option<Arc<Subject>>,
) -> Result<Vec<Observation>, StateError> {
    let window = Window::of(day).interval();
    let mut rest = checked(bytes)?;
    let (mut observations, mut end, mut last) = (Vec::new(), window.start(), None);
    while !rest.is_empty() {
        let head = varint::read(&mut rest)?;
        let distance = i64::try_from(head >> FLAGS).map_err(|_| StateError::Time)?;
        let start = end.plus(if head & STARTS_BEFORE == 0 { distance } else { -distance });
        let length = if head & LENGTH_FOLLOWS == 0 { 1 } else { varint::read(&mut rest)? };
        let interval = within(window, start, length)?;
        if head & SUBJECT_FOLLOWS != 0 {
            let number = number(&mut rest)?;
            last = Some(subject(number).ok_or(StateError::Subject(number))?);
        }
        let subject = Arc::clone(last.as_ref().ok_or(StateError::NoSubject)?);
        observations.push(Observation::new(subject, interval));
        end = interval.end();
    }
    Ok(observations)
}

/// The corrections of a day's window as bytes; `number` says by which number a store knows a
/// source. What an entry or erasure says of times outside the window is left out.
pub fn encode_corrections<'a>(
    day: UtcDay,
    corrections: impl IntoIterator<Item = &'a Correction>,
    mut number: impl FnMut(&Arc<Source>) -> u32,
) -> Vec<u8> {
    let window = Window::of(day).interval();
    let mut bytes = vec![VERSION];
    for correction in corrections {
        bytes.extend_from_slice(&correction.id.bits().to_be_bytes());
        varint::write(&mut bytes, correction.version);
        let (says, interval, source) = match &correction.says {
            Says::Nothing => (NOTHING, None, None),
            Says::Entry { interval, source } => (ENTRY, interval.clip(window), Some(source)),
            Says::Erasure { interval } => (ERASURE, interval.clip(window), None),
        };
        let Some(interval) = interval else {
            varint::write(&mut bytes, NOTHING);
            continue;
        };
        varint::write(&mut bytes, says);
        varint::write(&mut bytes, interval.start().since(window.start()) as u64);
        varint::write(&mut bytes, interval.ms() as u64);
        if let Some(source) = source {
            varint::write(&mut bytes, number(source).into());
        }
    }
    with_checksum(bytes)
}

/// Reads corrections; `source` says which one a number stands for. Never panics, whatever the
/// bytes.
///
/// # Errors
/// If the bytes are damaged or of another version, or have a number that is no source's.
pub fn decode_corrections(
    day: UtcDay,
    bytes: &[u8],
    mut source: impl FnMut(u32) -> Option<Arc<Source>>,
) -> Result<Vec<Correction>, StateError> {
    let window = Window::of(day).interval();
    let mut rest = checked(bytes)?;
    let mut corrections = Vec::new();
    while !rest.is_empty() {
        let id = *rest.first_chunk::<16>().ok_or(StateError::Truncated)?;
        rest = &rest[16..];
        let version = varint::read(&mut rest)?;
        let says = match varint::read(&mut rest)? {
            NOTHING => Says::Nothing,
            ENTRY => {
                let interval = interval(window, &mut rest)?;
                let number = number(&mut rest)?;
                Says::Entry { interval, source: source(number).ok_or(StateError::Source(number))? }
            }
            ERASURE => Says::Erasure { interval: interval(window, &mut rest)? },
            other => return Err(StateError::Kind(other)),
        };
        corrections.push(Correction { id: CorrectionId::from_bits(u128::from_be_bytes(id)), version, says });
    }
    Ok(corrections)
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = crc32(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

/// What stands between version and checksum.
fn checked(bytes: &[u8]) -> Result<&[u8], StateError> {
    let (body, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(StateError::Truncated)?;
    if crc32(body) != u32::from_le_bytes(*checksum) {
        return Err(StateError::Checksum);
    }
    match body.split_first() {
        Some((&VERSION, rest)) => Ok(rest),
        Some((&version, _)) => Err(StateError::Version(version)),
        None => Err(StateError::Truncated),
    }
}

fn interval(window: Interval, rest: &mut &[u8]) -> Result<Interval, StateError> {
    let after = i64::try_from(varint::read(rest)?).map_err(|_| StateError::Time)?;
    within(window, window.start().plus(after), varint::read(rest)?)
}

/// `length` milliseconds from `start` on, which must lie in the window.
fn within(window: Interval, start: UtcMs, length: u64) -> Result<Interval, StateError> {
    let length = i64::try_from(length).map_err(|_| StateError::Time)?;
    let interval = Interval::new(start, start.plus(length)).ok_or(StateError::Time)?;
    (interval.clip(window) == Some(interval)).then_some(interval).ok_or(StateError::Time)
}

fn number(rest: &mut &[u8]) -> Result<u32, StateError> {
    u32::try_from(varint::read(rest)?).map_err(|_| StateError::Number)
}

/// What is wrong with bytes that should be the state of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateError {
    /// They end in the middle of something.
    Truncated,
    /// They are not what was written.
    Checksum,
    /// Written by a version this program does not know.
    Version(u8),
    /// A correction says something of a kind that this program does not know.
    Kind(u64),
    /// A time or length outside the day's window.
    Time,
    /// A number that is larger than its kind can be.
    Number,
    /// The first observation has no subject.
    NoSubject,
    /// A number that is no subject's.
    Subject(u32),
    /// A number that is no source's.
    Source(u32),
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("state is cut off"),
            Self::Checksum => f.write_str("state is damaged: its checksum is another"),
            Self::Version(version) => write!(f, "state has the unknown version {version}"),
            Self::Kind(kind) => write!(f, "state holds a correction of the unknown kind {kind}"),
            Self::Time => f.write_str("state holds a time outside its window"),
            Self::Number => f.write_str("state holds an impossible number"),
            Self::NoSubject => f.write_str("state holds an observation of nothing"),
            Self::Subject(number) => write!(f, "state refers to the unknown subject {number}"),
            Self::Source(number) => write!(f, "state refers to the unknown source {number}"),
        }
    }
}

impl std::error::Error for StateError {}

impl From<NoNumber> for StateError {
    fn from(missing: NoNumber) -> Self {
        match missing {
            NoNumber::Truncated => Self::Truncated,
            NoNumber::TooLong => Self::Number,
        }
    }
}

#[cfg(test)]
mod tests;
