//! How the sums of a ledger day are written beside it, version 1: some hundred bytes, at most a few
//! thousand. Not here: which day and which of its versions they are of; the stores keep that in
//! columns.
//!
//! ```text
//! sums    := version:u8=1  quarter+  app*      as many quarters as a UTC day has
//! quarter := ms:varint                         1 to 900,000
//!          | 0 n:varint                        n quarters without anything
//! app     := name n:varint (domain ms:varint){n}     texts: varint length, UTF-8; domain of length 0: none
//! ```

use std::fmt;
use std::sync::Arc;

use dayline_domain::timeline::day_sums::QUARTERS;
use dayline_domain::{Activity, AppName, CorruptSums, DaySums, Domain, UtcDay};

use crate::varint::{self, NoNumber};

const VERSION: u8 = 1;

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
    for of_app in sums.activities().chunk_by(|(a, _), (b, _)| a.app == b.app) {
        write_text(&mut bytes, of_app[0].0.app.as_str());
        varint::write(&mut bytes, of_app.len() as u64);
        for (activity, ms) in of_app {
            write_text(&mut bytes, activity.domain.as_ref().map_or("", Domain::as_str));
            varint::write(&mut bytes, (*ms).into());
        }
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

/// Reads the sums of a day. Never panics, whatever the bytes.
pub fn decode(day: UtcDay, bytes: &[u8]) -> Result<DaySums, SumsError> {
    let mut rest = bytes;
    match rest.split_off_first() {
        Some(&VERSION) => {}
        Some(&version) => return Err(SumsError::Version(version)),
        None => return Err(SumsError::Truncated),
    }
    let quarters = quarters(&mut rest)?;
    let mut activities = Vec::new();
    while !rest.is_empty() {
        let app = text(&mut rest)?;
        let app = AppName::new(app).ok().filter(|name| name.as_str() == app).ok_or(SumsError::Name)?;
        for _ in 0..varint::read(&mut rest)? {
            let domain = domain(&mut rest)?;
            activities.push((Arc::new(Activity { app: app.clone(), domain }), number(&mut rest)?));
        }
    }
    DaySums::restore(day, activities, quarters).map_err(SumsError::Corrupt)
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

fn domain(rest: &mut &[u8]) -> Result<Option<Domain>, SumsError> {
    let text = text(rest)?;
    if text.is_empty() {
        return Ok(None);
    }
    let domain = Domain::new(text).ok().filter(|domain| domain.as_str() == text);
    domain.map(Some).ok_or(SumsError::Name)
}

fn text<'a>(rest: &mut &'a [u8]) -> Result<&'a str, SumsError> {
    let length = usize::try_from(varint::read(rest)?).map_err(|_| SumsError::Truncated)?;
    let text = rest.split_off(..length).ok_or(SumsError::Truncated)?;
    std::str::from_utf8(text).map_err(|_| SumsError::Name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dayline_domain::{Interval, Piece, Source};

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
    fn an_app_of_many_domains_is_named_once_and_an_idle_day_takes_bytes() {
        let pieces: Vec<Piece> = (0..50)
            .map(|n| piece("laptop", "Firefox", Some(&format!("{n:02}.org")), n * 9, n * 9 + 1))
            .collect();
        // Version, quarters of 1 and 2 bytes, the app, and for each domain 1 + 6 + 1.
        assert_eq!(encode(&DaySums::of(DAY, &pieces)).len(), 1 + (1 + 2) + (1 + 7 + 1) + 50 * 8);
        assert_eq!(encode(&DaySums::of(DAY, [])).len(), 3);
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
    fn a_later_version_and_nonsense_are_refused() {
        let mut later = encode(&some_sums());
        later[0] = 2;
        assert_eq!(decode(DAY, &later), Err(SumsError::Version(2)));
        let empty = encode(&DaySums::of(DAY, []));
        for (more, expected) in [
            // A text of 2^63 bytes, an app of 2^63 domains, names that are none, a number of eleven
            // bytes.
            (vec![0x80; 9], SumsError::Truncated),
            ([&[1, b'A'][..], &[0xFF; 8], &[0x7F]].concat(), SumsError::Truncated),
            (vec![2, b' ', b'A', 1, 0, 1], SumsError::Name),
            (vec![1, 0xFF, 1, 0, 1], SumsError::Name),
            (vec![1, b'A', 1, 5, b'w', b'w', b'w', b'.', b'a', 1], SumsError::Name),
            (vec![0x80; 11], SumsError::Number),
            (vec![1, b'A', 1, 0, 1], SumsError::Corrupt(CorruptSums::Totals(1, 0))),
            (vec![1, b'A', 1, 0, 0], SumsError::Corrupt(CorruptSums::Activities)),
        ] {
            assert_eq!(decode(DAY, &[empty.clone(), more.clone()].concat()), Err(expected), "{more:?}");
        }
        assert_eq!(decode(DAY, &[1, 0, 97]), Err(SumsError::Number));
        assert_eq!(decode(DAY, &[1, 0, 0, 0, 96]), Err(SumsError::Number));
        assert_eq!(decode(DAY, &[1, 0, 96, 0, 96]), Err(SumsError::Name));
    }
}
