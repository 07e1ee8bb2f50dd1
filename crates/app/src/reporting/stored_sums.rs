//! How the sums of a ledger day are written beside it, version 2: some hundred bytes, at most a few
//! thousand. Not here: which day and which of its versions they are of; the stores keep that in
//! columns. Version 1, of the first release, knew no devices: such sums are read from pieces.
//!
//! ```text
//! sums    := version:u8=2  quarter+  text+  source*   as many quarters as a UTC day has
//! quarter := ms:varint                         1 to 900,000
//!          | 0 n:varint                        n quarters without anything
//! text    := length:varint UTF-8               each once, in order; one of length 0 ends them
//! source  := device app domain project language ms:varint     numbers of texts, from 1; 0 is none
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use dayline_domain::timeline::day::QUARTERS;
use dayline_domain::{
    Activity, AppName, CorruptSums, DaySums, DeviceId, Domain, Language, NameError, Project, Source, UtcDay,
};

use crate::varint::{self, NoNumber};

const VERSION: u8 = 2;

/// Sums as bytes.
pub fn encode(sums: &DaySums) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1_024);
    bytes.push(VERSION);
    for quarters in sums.quarters().chunk_by(|a, b| *a == 0 && *b == 0) {
        varint::write(&mut bytes, quarters[0].into());
        if quarters[0] == 0 {
            varint::write(&mut bytes, quarters.len() as u64);
        }
    }
    let names: BTreeSet<&str> =
        sums.sources().iter().flat_map(|(source, _)| source.names()).flatten().collect();
    let names: Vec<&str> = names.into_iter().collect();
    for name in &names {
        write_text(&mut bytes, name);
    }
    bytes.push(0);
    for (source, ms) in sums.sources() {
        for text in source.names() {
            let number = text.and_then(|text| names.binary_search(&text).ok()).map_or(0, |at| at as u64 + 1);
            varint::write(&mut bytes, number);
        }
        varint::write(&mut bytes, (*ms).into());
    }
    bytes
}

fn write_text(bytes: &mut Vec<u8>, text: &str) {
    varint::write(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

/// What is wrong with bytes that should be sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SumsError {
    /// They end in the middle of something.
    Truncated,
    /// Written by a version this program does not know.
    Version(u8),
    /// A text is not a name.
    Name,
    /// A number that no sum is.
    Number,
    /// No pieces sum up to them.
    Corrupt(CorruptSums),
}

impl fmt::Display for SumsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("sums are cut off"),
            Self::Version(version) => write!(f, "sums have the unknown version {version}"),
            Self::Name => f.write_str("sums hold a text that is not a name"),
            Self::Number => f.write_str("sums hold an impossible number"),
            Self::Corrupt(why) => write!(f, "sums are none: {why}"),
        }
    }
}

impl std::error::Error for SumsError {}

impl From<NoNumber> for SumsError {
    fn from(missing: NoNumber) -> Self {
        match missing {
            NoNumber::Truncated => Self::Truncated,
            NoNumber::TooLong => Self::Number,
        }
    }
}

impl From<NameError> for SumsError {
    fn from(_: NameError) -> Self {
        Self::Name
    }
}

/// Reads the sums of a day. Never panics, whatever the bytes.
///
/// # Errors
/// If the bytes are not sums that this module can have written.
pub fn decode(day: UtcDay, bytes: &[u8]) -> Result<DaySums, SumsError> {
    let mut rest = bytes;
    match rest.split_off_first() {
        Some(&VERSION) => {}
        Some(&version) => return Err(SumsError::Version(version)),
        None => return Err(SumsError::Truncated),
    }
    let quarters = quarters(&mut rest)?;
    let names = names(&mut rest)?;
    let mut sources = Vec::new();
    while !rest.is_empty() {
        let source = Arc::new(source(&mut rest, &names)?);
        sources.push((source, number(&mut rest)?));
    }
    DaySums::restore(day, sources, quarters).map_err(SumsError::Corrupt)
}

fn quarters(rest: &mut &[u8]) -> Result<[u32; QUARTERS], SumsError> {
    let mut quarters = [0; QUARTERS];
    let mut next = 0;
    while next < QUARTERS {
        quarters[next] = number(rest)?;
        next += match quarters[next] {
            0 => usize::try_from(number(rest)?).ok().filter(|n| *n > 0).ok_or(SumsError::Number)?,
            _ => 1,
        };
    }
    if next == QUARTERS { Ok(quarters) } else { Err(SumsError::Number) }
}

fn number(rest: &mut &[u8]) -> Result<u32, SumsError> {
    u32::try_from(varint::read(rest)?).map_err(|_| SumsError::Number)
}

fn names<'a>(rest: &mut &'a [u8]) -> Result<Vec<&'a str>, SumsError> {
    let mut names = Vec::new();
    loop {
        let length = usize::try_from(varint::read(rest)?).map_err(|_| SumsError::Truncated)?;
        if length == 0 {
            return Ok(names);
        }
        let text = rest.split_off(..length).ok_or(SumsError::Truncated)?;
        names.push(std::str::from_utf8(text).map_err(|_| SumsError::Name)?);
    }
}

fn source(rest: &mut &[u8], names: &[&str]) -> Result<Source, SumsError> {
    let mut text = || match number(rest)? {
        0 => Ok(None),
        n => names.get(n as usize - 1).copied().map(Some).ok_or(SumsError::Number),
    };
    let device = DeviceId::new(text()?.unwrap_or(""))?;
    let app = AppName::new(text()?.unwrap_or(""))?;
    let domain = text()?.map(Domain::new).transpose()?;
    let project = text()?.map(Project::new).transpose()?;
    let language = text()?.map(Language::new).transpose()?;
    Ok(Source { device, activity: Arc::new(Activity { app, domain, project, language }) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dayline_domain::{Interval, Piece};

    const DAY: UtcDay = UtcDay(20_777);

    fn piece(device: &str, app: &str, domain: Option<&str>, start: i64, end: i64) -> Piece {
        let interval = Interval::new(DAY.start().plus(start), DAY.start().plus(end)).unwrap();
        Piece { source: Source::new(device, app, domain).unwrap(), interval }
    }

    fn some_sums() -> DaySums {
        let pieces = [
            piece("laptop", "Code", None, 3, 700),
            piece("laptop", "Firefox", Some("github.com"), 900_000, 1_900_000),
            piece("phone", "Firefox", Some("example.org"), 1_900_000, 2_000_000),
            piece("phone", "Firefox", None, 2_000_000, 2_000_001),
            piece("phone", "Ünïcode", None, 86_399_999, 86_400_000),
        ];
        DaySums::of(DAY, &pieces)
    }

    #[test]
    fn sums_survive_their_bytes() {
        let full = DaySums::of(DAY, &[piece("laptop", "Code", None, 0, 86_400_000)]);
        for sums in [some_sums(), full, DaySums::of(DAY, [])] {
            assert_eq!(decode(DAY, &encode(&sums)), Ok(sums));
        }
    }

    #[test]
    fn each_name_is_written_once_and_an_idle_day_takes_bytes() {
        let pieces: Vec<Piece> = (0..50)
            .map(|n| piece("laptop", "Firefox", Some(&format!("{n:02}.org")), n * 9, n * 9 + 1))
            .collect();
        // Version, quarters of 1 and 2 bytes, 52 names and their end, and 6 for each source.
        let names = (1 + 6) + (1 + 7) + 50 * 7 + 1;
        assert_eq!(encode(&DaySums::of(DAY, &pieces)).len(), 1 + (1 + 2) + names + 50 * 6);
        assert_eq!(encode(&DaySums::of(DAY, [])).len(), 4);
    }

    #[test]
    fn bytes_cut_off_or_changed_anywhere_are_refused_or_other_sums_and_never_a_panic() {
        let bytes = encode(&some_sums());
        for length in 0..bytes.len() {
            assert!(decode(DAY, &bytes[..length]).is_err(), "cut at {length}");
        }
        for at in 0..bytes.len() {
            for value in 0..=255 {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                let _ = decode(DAY, &bytes);
            }
        }
    }

    #[test]
    fn sums_of_every_kind_of_name_survive() {
        let source = |project: Option<&str>, language: Option<&str>| {
            let (project, language) = (project.map(Project::new), language.map(Language::new));
            let app = AppName::new("Code").unwrap();
            let activity = Activity {
                project: project.transpose().unwrap(),
                language: language.transpose().unwrap(),
                ..Activity::of(app)
            };
            Arc::new(Source { device: DeviceId::new("Code").unwrap(), activity: Arc::new(activity) })
        };
        let sources = [source(None, None), source(Some("Code"), None), source(Some("p"), Some("Rust"))];
        let at = |start: i64| Interval::new(DAY.start().plus(start), DAY.start().plus(start + 7)).unwrap();
        let pieces = (0..3).zip(sources).map(|(n, source)| Piece { source, interval: at(n * 10) });
        let sums = DaySums::of(DAY, &pieces.collect::<Vec<_>>());
        assert_eq!(decode(DAY, &encode(&sums)), Ok(sums));
    }

    #[test]
    fn another_version_and_nonsense_are_refused() {
        for version in [1, 3] {
            let mut other = encode(&some_sums());
            other[0] = version;
            assert_eq!(decode(DAY, &other), Err(SumsError::Version(version)));
        }
        // Version and 96 empty quarters.
        let empty = [VERSION, 0, 96];
        for (more, expected) in [
            // A text of 2^63 bytes, names that are none, a number of eleven bytes.
            (vec![0x80; 9], SumsError::Truncated),
            ([&[0xFF; 8][..], &[0x7F]].concat(), SumsError::Truncated),
            (vec![1, 0xFF, 0], SumsError::Name),
            (vec![1, b'A', 0, 1, 0, 0, 0, 0, 1], SumsError::Name),
            (vec![1, b'A', 0, 1, 1, 1, 0, 0, 1], SumsError::Name),
            (vec![1, b'A', 0, 1, 2, 0, 0, 0, 1], SumsError::Number),
            (vec![0x80; 11], SumsError::Number),
            (vec![1, b'A', 0, 1, 1, 0, 0, 0, 1], SumsError::Corrupt(CorruptSums::Totals(1, 0))),
            (vec![1, b'A', 0, 1, 1, 0, 0, 0, 0], SumsError::Corrupt(CorruptSums::Sources)),
        ] {
            assert_eq!(decode(DAY, &[&empty, &more[..]].concat()), Err(expected), "{more:?}");
        }
        assert_eq!(decode(DAY, &[VERSION, 0, 97]), Err(SumsError::Number));
        assert_eq!(decode(DAY, &[VERSION, 0, 0, 0, 96]), Err(SumsError::Number));
        assert_eq!(decode(DAY, &[VERSION, 0, 96, 0, 96]), Err(SumsError::Number));
    }
}
