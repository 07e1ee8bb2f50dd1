//! The log record: how the accepted pings of one request are written into the ping log, version 1.
//! Not here: checksums and framing of whole log entries (the adapters), and URLs (dropped before).
//!
//! ```text
//! record  := length:u32le  version:u8=1  user:16 bytes  ping+         length counts what follows it
//! ping    := source  start:zigzag varint, ms since the previous ping's start  length:varint, ms
//! source  := 0 device app domain      a source not seen in this record yet   (texts: varint length, UTF-8)
//!          | n                        the n-th source of this record, from 1; domain of length 0: none
//! ```

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use dayline_domain::{Interval, Ping, Source, UserId, UtcMs};

use crate::varint;

const VERSION: u8 = 1;
const LENGTH: usize = 4;
const HEADER: usize = LENGTH + 1 + 16;
/// How many of the record's last sources a ping is compared with; a source further back is written
/// again.
const REMEMBERED: usize = 8;

/// A source by its parts, borrowed from the request; already checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceRef<'a> {
    /// The device.
    pub device: &'a str,
    /// The app.
    pub app: &'a str,
    /// The domain.
    pub domain: Option<&'a str>,
}

/// The place of a source in a record, from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known(u64);

/// Writes one record.
#[derive(Debug)]
pub struct RecordWriter {
    bytes: Vec<u8>,
    sources: Vec<Range<usize>>,
    scratch: Vec<u8>,
    last_start: i64,
    pings: usize,
}

impl RecordWriter {
    /// A record without pings.
    pub fn new(user: UserId) -> Self {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&[0; LENGTH]);
        bytes.push(VERSION);
        bytes.extend_from_slice(&user.bits().to_be_bytes());
        Self { bytes, sources: Vec::new(), scratch: Vec::new(), last_start: 0, pings: 0 }
    }

    /// Adds a ping.
    pub fn push(&mut self, source: SourceRef<'_>, interval: Interval) {
        let known = self.find(source);
        self.add(known, interval);
    }

    /// Adds a ping of the source that was looked for last.
    #[inline]
    pub(crate) fn add(&mut self, known: Option<Known>, interval: Interval) {
        if let Some(Known(place)) = known {
            varint::write(&mut self.bytes, place);
        } else {
            self.bytes.push(0);
            let start = self.bytes.len();
            self.bytes.extend_from_slice(&self.scratch);
            self.sources.push(start..self.bytes.len());
        }
        let start = interval.start().0;
        varint::write(&mut self.bytes, zigzag(start.wrapping_sub(self.last_start)));
        varint::write(&mut self.bytes, interval.ms() as u64);
        self.last_start = start;
        self.pings += 1;
    }

    /// Looks for a source among the record's last ones.
    #[inline]
    pub(crate) fn find(&mut self, source: SourceRef<'_>) -> Option<Known> {
        self.scratch.clear();
        for text in [source.device, source.app, source.domain.unwrap_or("")] {
            varint::write(&mut self.scratch, text.len() as u64);
            self.scratch.extend_from_slice(text.as_bytes());
        }
        let known = self.sources.iter().enumerate().rev().take(REMEMBERED);
        for (index, range) in known {
            if self.bytes[range.clone()] == self.scratch[..] {
                return Some(Known(index as u64 + 1));
            }
        }
        None
    }

    /// How many pings were added.
    pub fn pings(&self) -> usize {
        self.pings
    }

    /// The encoded record.
    pub fn finish(mut self) -> Vec<u8> {
        // A request has at most 1 MiB, so that the length fits by far.
        let length = (self.bytes.len() - LENGTH) as u32;
        self.bytes[..LENGTH].copy_from_slice(&length.to_le_bytes());
        self.bytes
    }
}

/// A record for pings that are values already.
pub fn encode(user: UserId, pings: &[Ping]) -> Vec<u8> {
    let mut writer = RecordWriter::new(user);
    for ping in pings {
        let activity = &ping.source.activity;
        let source = SourceRef {
            device: ping.source.device.as_str(),
            app: activity.app.as_str(),
            domain: activity.domain.as_ref().map(dayline_domain::Domain::as_str),
        };
        writer.push(source, ping.interval);
    }
    writer.finish()
}

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordError {
    /// Ends in the middle of something.
    Truncated,
    /// Written by a version this program does not know.
    Version(u8),
    /// A text is not UTF-8, too long or otherwise not a name.
    Name,
    /// Refers to a source that the record does not have.
    Source,
    /// A time or length that no ping has.
    Time,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("record is cut off"),
            Self::Version(version) => write!(f, "record has the unknown version {version}"),
            Self::Name => f.write_str("record holds a text that is not a name"),
            Self::Source => f.write_str("record refers to a source it does not have"),
            Self::Time => f.write_str("record holds an impossible time"),
        }
    }
}

impl std::error::Error for RecordError {}

/// Takes the records of a log entry apart. After a record that is cut off there is no way to go on.
pub fn split(mut payload: &[u8]) -> impl Iterator<Item = Result<&[u8], &[u8]>> {
    std::iter::from_fn(move || {
        if payload.is_empty() {
            return None;
        }
        let whole =
            payload.first_chunk::<LENGTH>().map(|length| LENGTH + u32::from_le_bytes(*length) as usize);
        let Some((record, rest)) = whole.and_then(|whole| payload.split_at_checked(whole)) else {
            return Some(Err(std::mem::take(&mut payload)));
        };
        payload = rest;
        Some(Ok(record))
    })
}

/// Whose record this is, if it is whole enough to say.
pub fn owner(record: &[u8]) -> Option<UserId> {
    let user = record.get(HEADER - 16..HEADER)?.first_chunk::<16>()?;
    (record[LENGTH] == VERSION).then(|| UserId::from_bits(u128::from_be_bytes(*user)))
}

/// Reads a record. Never panics, whatever the bytes.
pub fn decode(record: &[u8]) -> Result<(UserId, Vec<Ping>), RecordError> {
    let mut reader = Reader { rest: record.get(LENGTH..).ok_or(RecordError::Truncated)? };
    match reader.byte()? {
        VERSION => {}
        version => return Err(RecordError::Version(version)),
    }
    let user = UserId::from_bits(u128::from_be_bytes(
        *reader.bytes(16)?.first_chunk::<16>().ok_or(RecordError::Truncated)?,
    ));
    let (mut sources, mut pings, mut start) = (Vec::<Arc<Source>>::new(), Vec::new(), 0i64);
    while !reader.rest.is_empty() {
        let source = match reader.varint()? {
            0 => {
                sources.push(reader.source()?);
                sources.last()
            }
            n => usize::try_from(n - 1).ok().and_then(|n| sources.get(n)),
        };
        let source = Arc::clone(source.ok_or(RecordError::Source)?);
        start = start.checked_add(unzigzag(reader.varint()?)).ok_or(RecordError::Time)?;
        let length = i64::try_from(reader.varint()?).map_err(|_| RecordError::Time)?;
        let end = start.checked_add(length).ok_or(RecordError::Time)?;
        let interval = Interval::new(UtcMs(start), UtcMs(end)).ok_or(RecordError::Time)?;
        pings.push(Ping { source, interval });
    }
    Ok((user, pings))
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, RecordError> {
        self.bytes(1).map(|byte| byte[0])
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], RecordError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(RecordError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, RecordError> {
        varint::read(&mut self.rest).map_err(|missing| match missing {
            varint::NoNumber::Truncated => RecordError::Truncated,
            varint::NoNumber::TooLong => RecordError::Time,
        })
    }

    fn text(&mut self) -> Result<&'a str, RecordError> {
        let length = usize::try_from(self.varint()?).map_err(|_| RecordError::Truncated)?;
        std::str::from_utf8(self.bytes(length)?).map_err(|_| RecordError::Name)
    }

    fn source(&mut self) -> Result<Arc<Source>, RecordError> {
        let (device, app, domain) = (self.text()?, self.text()?, self.text()?);
        let domain = (!domain.is_empty()).then_some(domain);
        Source::new(device, app, domain).map_err(|_| RecordError::Name)
    }
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ping(device: &str, app: &str, domain: Option<&str>, start: i64, end: i64) -> Ping {
        let interval = Interval::new(UtcMs(start), UtcMs(end)).unwrap();
        Ping { source: Source::new(device, app, domain).unwrap(), interval }
    }

    fn some_pings() -> Vec<Ping> {
        vec![
            ping("laptop", "Code", None, 1_795_000_000_000, 1_795_000_005_000),
            ping("laptop", "Firefox", Some("github.com"), 1_795_000_005_000, 1_795_000_010_000),
            ping("laptop", "Code", None, 1_794_999_000_000, 1_794_999_000_001),
            ping("phone", "Ünïcode", None, -5, 5),
        ]
    }

    #[test]
    fn pings_survive_their_record() {
        let user = UserId::from_bits(7 << 100 | 9);
        let record = encode(user, &some_pings());
        assert_eq!(decode(&record), Ok((user, some_pings())));
        assert_eq!(owner(&record), Some(user));
    }

    #[test]
    fn a_repeated_source_costs_one_byte() {
        let user = UserId::from_bits(1);
        let one = encode(user, &some_pings()[..1]);
        let twice =
            [ping("laptop", "Code", None, 1_795_000_000_000, 1_795_000_005_000), some_pings()[0].clone()];
        assert_eq!(encode(user, &twice).len(), one.len() + 1 + 1 + 2);
    }

    #[test]
    fn records_in_one_entry_are_told_apart() {
        let records: Vec<_> = (1..4).map(|user| encode(UserId::from_bits(user), &some_pings())).collect();
        let payload = records.concat();
        let found: Vec<_> = split(&payload).map(|record| record.unwrap().to_vec()).collect();
        assert_eq!(found, records);
        assert_eq!(
            split(&payload[..payload.len() - 1]).last(),
            Some(Err(&payload[records[0].len() * 2..payload.len() - 1]))
        );
    }

    #[test]
    fn a_record_cut_anywhere_is_an_error_or_the_pings_before_the_cut() {
        let record = encode(UserId::from_bits(1), &some_pings());
        for length in 0..record.len() {
            if let Ok((_, pings)) = decode(&record[..length]) {
                assert_eq!(pings, some_pings()[..pings.len()]);
            }
        }
    }

    #[test]
    fn no_single_changed_byte_makes_decoding_panic() {
        let record = encode(UserId::from_bits(1), &some_pings());
        for at in 0..record.len() {
            for value in 0..=255 {
                let mut record = record.clone();
                record[at] = value;
                let _ = decode(&record);
                let _ = split(&record).count();
            }
        }
    }

    #[test]
    fn a_later_version_is_refused_and_has_no_owner() {
        let mut record = encode(UserId::from_bits(1), &some_pings());
        record[LENGTH] = 2;
        assert_eq!(decode(&record), Err(RecordError::Version(2)));
        assert_eq!(owner(&record), None);
    }
}
