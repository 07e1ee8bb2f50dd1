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
    observations.sort_by(|a, b| place(a).cmp(&place(b)));
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

/// In which order observations take the fewest bytes.
fn place(observation: &Observation) -> (&str, u8, UtcMs, &Seen) {
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
        let head = varint::take(&mut rest)?;
        let distance = i64::try_from(head >> FLAGS).map_err(|_| StateError::Time)?;
        let start = end.plus(if head & STARTS_BEFORE == 0 { distance } else { -distance });
        let length = if head & LENGTH_FOLLOWS == 0 { 1 } else { varint::take(&mut rest)? };
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
        let version = varint::take(&mut rest)?;
        let says = match varint::take(&mut rest)? {
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
    let after = i64::try_from(varint::take(rest)?).map_err(|_| StateError::Time)?;
    within(window, window.start().plus(after), varint::take(rest)?)
}

/// `length` milliseconds from `start` on, which must lie in the window.
fn within(window: Interval, start: UtcMs, length: u64) -> Result<Interval, StateError> {
    let length = i64::try_from(length).map_err(|_| StateError::Time)?;
    let interval = Interval::new(start, start.plus(length)).ok_or(StateError::Time)?;
    (interval.clip(window) == Some(interval)).then_some(interval).ok_or(StateError::Time)
}

fn number(rest: &mut &[u8]) -> Result<u32, StateError> {
    u32::try_from(varint::take(rest)?).map_err(|_| StateError::Number)
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
    /// A number that nothing has.
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
mod tests {
    use std::collections::HashMap;
    use std::hash::Hash;

    use super::*;
    use dayline_domain::activity::{Activity, Language, Project};
    use dayline_domain::choices::Choices;
    use dayline_domain::timeline::day::{Hours, LedgerDay};
    use dayline_domain::{AppName, DeviceId, Domain};

    const DAY: UtcDay = UtcDay(20_777);
    const SECOND: i64 = 1_000;
    const HOUR: i64 = 3_600 * SECOND;

    /// A person's names by number, as a store has them.
    struct Dictionary<T> {
        values: Vec<Arc<T>>,
        numbers: HashMap<Arc<T>, u32>,
    }

    impl<T: Eq + Hash> Dictionary<T> {
        fn new() -> Self {
            Self { values: Vec::new(), numbers: HashMap::new() }
        }

        fn number(&mut self, value: &Arc<T>) -> u32 {
            *self.numbers.entry(Arc::clone(value)).or_insert_with(|| {
                self.values.push(Arc::clone(value));
                self.values.len() as u32 - 1
            })
        }

        fn value(&self, number: u32) -> Option<Arc<T>> {
            self.values.get(number as usize).cloned()
        }
    }

    fn interval(start: i64, end: i64) -> Interval {
        Interval::new(DAY.start().plus(start), DAY.start().plus(end)).unwrap()
    }

    fn observation(device: &str, seen: Seen, start: i64, end: i64) -> Observation {
        let device = DeviceId::new(device).unwrap();
        Observation::new(Arc::new(Subject { device, seen }), interval(start, end))
    }

    fn app(name: &str) -> AppName {
        AppName::new(name).unwrap()
    }

    fn used(name: &str) -> Seen {
        Seen::Use { app: app(name), domain: None, project: None }
    }

    fn page(n: u32) -> Seen {
        let domain = Some(Domain::new(&format!("{n}.org")).unwrap());
        Seen::Page { browser: app("Firefox"), domain, audible: n.is_multiple_of(2) }
    }

    fn beat(project: &str) -> Seen {
        let project = Some(Project::new(project).unwrap());
        Seen::Beat { app: app("Code"), project, language: Some(Language::new("Rust").unwrap()) }
    }

    fn entry() -> Says {
        let activity = Activity { project: Some(Project::new("p").unwrap()), ..Activity::of(app("Meeting")) };
        let source = Source { device: DeviceId::new("pc").unwrap(), activity: Arc::new(activity) };
        Says::Entry { interval: interval(0, HOUR), source: Arc::new(source) }
    }

    fn correction(id: u128, version: u64, says: Says) -> Correction {
        Correction { id: CorrectionId::from_bits(id), version, says }
    }

    /// Numbers that look random.
    fn random() -> impl FnMut(u32) -> u32 {
        let mut state = 1u32;
        move |below| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        }
    }

    /// A day with 1,000 uses of 60 apps, 300 pages, 200 beats and 12 stretches away, as in
    /// practice: uses follow each other, pages and beats fall where they fall.
    fn a_heavy_day() -> Vec<Observation> {
        let mut random = random();
        let mut observations = Vec::new();
        let mut now = 8 * HOUR;
        for n in 0..1_000 {
            let length = 500 + i64::from(random(65_000));
            observations.push(observation("pc", used(&format!("App {}", random(60))), now, now + length));
            now += length + if n % 3 == 0 { 1 + i64::from(random(1_000)) } else { 0 };
        }
        for _ in 0..300 {
            let start = 8 * HOUR + i64::from(random(50_000)) * SECOND;
            observations.push(observation(
                "pc",
                page(random(40)),
                start,
                start + i64::from(random(60_000)) + 1,
            ));
        }
        for _ in 0..200 {
            let start = 8 * HOUR + i64::from(random(50_000)) * SECOND;
            observations.push(observation("pc", beat(&format!("p{}", random(5))), start, start + 1));
        }
        for _ in 0..12 {
            let start = 8 * HOUR + i64::from(random(50_000)) * SECOND;
            observations.push(observation(
                "pc",
                Seen::Away,
                start,
                start + 180_000 + i64::from(random(60_000)),
            ));
        }
        observations
    }

    fn sorted(mut observations: Vec<Observation>) -> Vec<Observation> {
        observations.sort_by(|a, b| (a.subject(), a.interval()).cmp(&(b.subject(), b.interval())));
        observations
    }

    fn round_trip(observations: &[Observation]) -> usize {
        let mut dictionary = Dictionary::new();
        let bytes = encode_observed(DAY, observations.to_vec(), |subject| dictionary.number(subject));
        let read = decode_observed(DAY, &bytes, |number| dictionary.value(number)).unwrap();
        assert_eq!(sorted(read), sorted(observations.to_vec()));
        bytes.len()
    }

    #[test]
    fn a_heavy_day_takes_eight_kilobytes() {
        let mut day = LedgerDay::empty(DAY, Choices::default());
        day.record(&a_heavy_day());
        let observed: Vec<Observation> = day.observations().collect();
        let bytes = round_trip(&observed);
        assert!(observed.len() > 1_450 && bytes < 8_700, "{bytes} bytes for {}", observed.len());
    }

    #[test]
    fn a_day_of_points_takes_three_bytes_each() {
        let point = |n: i64| observation("pc", used("Code"), n * 10 * SECOND, n * 10 * SECOND + 1);
        let points: Vec<Observation> = (0..8_640).map(point).collect();
        let bytes = round_trip(&points);
        assert!(bytes <= 26_000, "{bytes} bytes");
    }

    #[test]
    fn observations_of_all_kinds_anywhere_in_the_window_survive_their_bytes() {
        let mut random = random();
        for _ in 0..2_000 {
            let mut observations = Vec::new();
            for _ in 0..random(20) {
                let seen = match random(6) {
                    0 => used("Code"),
                    1 => used("Ünïcode"),
                    2 => page(random(3)),
                    3 => beat("p"),
                    4 => Seen::Away,
                    _ => Seen::Here,
                };
                let start = -2 * HOUR + i64::from(random(28 * 60)) * 60_000 + i64::from(random(60_000));
                let length = [1, 2, 5_000, 4_000_000][random(4) as usize];
                let end = (start + length).min(26 * HOUR);
                observations.push(observation(["pc", "phone"][random(2) as usize], seen, start, end));
            }
            round_trip(&observations);
        }
        let whole = [observation("pc", used("Code"), -2 * HOUR, 26 * HOUR)];
        assert!(round_trip(&whole) < 20 && round_trip(&[]) == 5);
    }

    #[test]
    fn a_day_is_the_same_after_its_hours_were_written_and_read() {
        let mut day = LedgerDay::empty(DAY, Choices::default());
        let heavy = a_heavy_day();
        let (first, then) = heavy.split_at(800);
        day.record(first);
        day.correct(&[
            correction(1, 1, entry()),
            correction(2, 2, Says::Erasure { interval: interval(9 * HOUR, 10 * HOUR) }),
        ]);
        let (mut subjects, mut sources) = (Dictionary::new(), Dictionary::new());
        let parts: Vec<Vec<u8>> = (0..Hours::IN_WINDOW)
            .map(|hour| {
                encode_observed(DAY, day.observations_of_hour(hour), |subject| subjects.number(subject))
            })
            .collect();
        let corrections: Vec<Correction> = day.corrections().collect();
        let corrections = encode_corrections(DAY, &corrections, |source| sources.number(source));
        let read = parts
            .iter()
            .flat_map(|part| decode_observed(DAY, part, |number| subjects.value(number)).unwrap());
        let mut restored = LedgerDay::restore(
            DAY,
            day.version(),
            day.choices(),
            read,
            decode_corrections(DAY, &corrections, |number| sources.value(number)).unwrap(),
        );
        assert!(restored.counted().eq(day.counted()));
        assert_eq!(restored.record(then), day.record(then));
        assert!(restored.counted().eq(day.counted()));
    }

    #[test]
    fn corrections_survive_their_bytes_and_are_cut_to_the_window() {
        let corrections = [
            correction(7 << 100, 9, entry()),
            correction(2, u64::MAX, Says::Nothing),
            correction(3, 11, Says::Erasure { interval: interval(-2 * HOUR, 26 * HOUR) }),
        ];
        let mut sources = Dictionary::new();
        let bytes = encode_corrections(DAY, &corrections, |source| sources.number(source));
        assert_eq!(decode_corrections(DAY, &bytes, |number| sources.value(number)), Ok(corrections.to_vec()));
        let beyond = [correction(3, 11, Says::Erasure { interval: interval(-20 * HOUR, -3 * HOUR) })];
        let bytes = encode_corrections(DAY, &beyond, |_| 0);
        let read = decode_corrections(DAY, &bytes, |_| None);
        assert_eq!(read, Ok(vec![correction(3, 11, Says::Nothing)]));
    }

    #[test]
    fn bytes_cut_off_or_changed_anywhere_are_refused() {
        let observed = encode_observed(DAY, a_heavy_day().into_iter().take(20), |_| 300);
        let corrections = encode_corrections(DAY, &[correction(1, 1, entry())], |_| 300);
        let subject = || observation("pc", used("Code"), 0, 1).subject().clone();
        for bytes in [observed, corrections] {
            for length in 0..bytes.len() {
                assert!(decode_observed(DAY, &bytes[..length], |_| Some(subject())).is_err());
                assert!(decode_corrections(DAY, &bytes[..length], |_| None).is_err());
            }
            for at in 0..bytes.len() {
                for bit in 0..8 {
                    let mut damaged = bytes.clone();
                    damaged[at] ^= 1 << bit;
                    let read = decode_observed(DAY, &damaged, |_| Some(subject()));
                    assert_eq!(read, Err(StateError::Checksum));
                    assert_eq!(decode_corrections(DAY, &damaged, |_| None), Err(StateError::Checksum));
                }
            }
        }
    }

    #[test]
    fn bytes_that_no_program_wrote_are_refused_with_a_reason() {
        let subject = observation("pc", used("Code"), 0, 1).subject().clone();
        let read = |body: &[u8]| {
            let known = |number| (number == 4).then(|| Arc::clone(&subject));
            decode_observed(DAY, &with_checksum(body.to_vec()), known).map(|read| read.len())
        };
        assert_eq!(read(&[1, 1, 4]), Ok(1));
        assert_eq!(read(&[1, 1, 4, 0]), Ok(2));
        for (body, why) in [
            (&[][..], StateError::Truncated),
            (&[2], StateError::Version(2)),
            (&[1, 1], StateError::Truncated),
            (&[1, 0], StateError::NoSubject),
            (&[1, 1, 5], StateError::Subject(5)),
            // Before the window, after it, and longer than any.
            (&[1, 8 | 4 | 1, 4], StateError::Time),
            (&[1, 1 | 2, 0xFF, 0xFF, 0xFF, 0x7F, 4], StateError::Time),
            (&[1, 1 | 2, 0, 4], StateError::Time),
            (&[1, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], StateError::Number),
            (&[1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], StateError::Number),
        ] {
            assert_eq!(read(body), Err(why), "{body:?}");
        }
        let id = [0u8; 16];
        let corrections = |says: &[u8]| {
            let body = [&[1][..], &id, &[1], says].concat();
            decode_corrections(DAY, &with_checksum(body), |_| None)
        };
        assert_eq!(corrections(&[3]), Err(StateError::Kind(3)));
        assert_eq!(corrections(&[1, 0, 5, 9]), Err(StateError::Source(9)));
        assert_eq!(corrections(&[2, 0, 0]), Err(StateError::Time));
        assert_eq!(decode_corrections(DAY, &with_checksum(vec![1, 7]), |_| None), Err(StateError::Truncated));
    }
}
