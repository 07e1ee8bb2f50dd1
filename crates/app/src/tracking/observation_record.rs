//! The log record of the rule's second edition: how what a person's trackers saw, and what the
//! person corrected, is written into the ping log, version 2. Records of version 1 are read too:
//! each of their pings is a use.
//! Not here: checksums and framing of whole log entries (the adapters), and URLs (dropped before).
//!
//! ```text
//! record      := length:u32le  version:u8=2  user:16 bytes  body      length counts what follows it
//! body        := 1 observation+
//!              | 2 correction
//! observation := subject  start:zigzag, ms since the previous observation's start  length, ms
//! subject     := 0 kind device texts     a subject not seen in this record yet
//!              | n                       the n-th subject of this record, from 1
//! kind, texts := 1 app domain project    use
//!              | 2 browser domain        page that can't be heard
//!              | 3 browser domain        page that can be heard
//!              | 4 app project language  beat; its length is 1
//!              | 5                       away
//!              | 6                       here
//! correction  := id:16 bytes  version  says
//! says        := 1                       nothing: the entry is deleted
//!              | 2 start:zigzag length device app domain project    entry
//!              | 3 start:zigzag length                              erasure
//! ```
//!
//! Numbers are varints, kinds among them; a text is its length and UTF-8, of length 0 where there
//! is none.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use dayline_domain::activity::{Activity, Language, Project, Source};
use dayline_domain::correction::{Correction, CorrectionId, Says};
use dayline_domain::observation::{Observation, Seen, Subject};
use dayline_domain::{AppName, DeviceId, Domain, Interval, NameError, UserId, UtcMs};

use crate::varint;

const VERSION: u8 = 2;
/// Pings only: the version of the first release.
const VERSION_OF_PINGS: u8 = 1;
const LENGTH: usize = 4;
const HEADER: usize = LENGTH + 1 + 16;
/// How many of the record's last subjects an observation is compared with; one further back is
/// written again.
const REMEMBERED: usize = 8;

const OBSERVATIONS: u64 = 1;
const CORRECTION: u64 = 2;

const USE: u64 = 1;
const SILENT_PAGE: u64 = 2;
const AUDIBLE_PAGE: u64 = 3;
const BEAT: u64 = 4;
const AWAY: u64 = 5;
const HERE: u64 = 6;

const NOTHING: u64 = 1;
const ENTRY: u64 = 2;
const ERASURE: u64 = 3;

/// What one record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Trackers saw this.
    Observations(Vec<Observation>),
    /// The person said this.
    Correction(Correction),
}

/// What was seen, by its parts, borrowed from the request; already checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenRef<'a> {
    /// See [`Seen::Use`].
    Use {
        /// The app.
        app: &'a str,
        /// The domain.
        domain: Option<&'a str>,
        /// The project.
        project: Option<&'a str>,
    },
    /// See [`Seen::Page`].
    Page {
        /// The browser.
        browser: &'a str,
        /// The domain.
        domain: Option<&'a str>,
        /// Whether it could be heard.
        audible: bool,
    },
    /// See [`Seen::Beat`].
    Beat {
        /// The editor.
        app: &'a str,
        /// The project.
        project: Option<&'a str>,
        /// The language.
        language: Option<&'a str>,
    },
    /// See [`Seen::Away`].
    Away,
    /// See [`Seen::Here`].
    Here,
}

impl<'a> SeenRef<'a> {
    /// The kind, and its texts: how many there are depends on the kind alone.
    fn parts(self) -> (u64, [Option<&'a str>; 3], usize) {
        match self {
            Self::Use { app, domain, project } => (USE, [Some(app), domain, project], 3),
            Self::Page { browser, domain, audible } => {
                (if audible { AUDIBLE_PAGE } else { SILENT_PAGE }, [Some(browser), domain, None], 2)
            }
            Self::Beat { app, project, language } => (BEAT, [Some(app), project, language], 3),
            Self::Away => (AWAY, [None; 3], 0),
            Self::Here => (HERE, [None; 3], 0),
        }
    }
}

impl<'a> From<&'a Seen> for SeenRef<'a> {
    fn from(seen: &'a Seen) -> Self {
        match seen {
            Seen::Use { app, domain, project } => Self::Use {
                app: app.as_str(),
                domain: domain.as_ref().map(Domain::as_str),
                project: project.as_ref().map(Project::as_str),
            },
            Seen::Page { browser, domain, audible } => Self::Page {
                browser: browser.as_str(),
                domain: domain.as_ref().map(Domain::as_str),
                audible: *audible,
            },
            Seen::Beat { app, project, language } => Self::Beat {
                app: app.as_str(),
                project: project.as_ref().map(Project::as_str),
                language: language.as_ref().map(Language::as_str),
            },
            Seen::Away => Self::Away,
            Seen::Here => Self::Here,
        }
    }
}

/// Writes the observations of one request.
#[derive(Debug)]
pub struct ObservationsWriter {
    bytes: Vec<u8>,
    subjects: Vec<Range<usize>>,
    scratch: Vec<u8>,
    last_start: i64,
    observations: usize,
}

impl ObservationsWriter {
    /// A record without observations, which is none yet.
    pub fn new(user: UserId) -> Self {
        let mut bytes = begin(user);
        varint::write(&mut bytes, OBSERVATIONS);
        Self { bytes, subjects: Vec::new(), scratch: Vec::new(), last_start: 0, observations: 0 }
    }

    /// Adds an observation; of a beat only the start is kept.
    pub fn push(&mut self, device: &str, seen: SeenRef<'_>, interval: Interval) {
        let length = if matches!(seen, SeenRef::Beat { .. }) { 1 } else { interval.ms() as u64 };
        self.write_subject(device, seen);
        let start = interval.start().0;
        varint::write(&mut self.bytes, zigzag(start.wrapping_sub(self.last_start)));
        varint::write(&mut self.bytes, length);
        self.last_start = start;
        self.observations += 1;
    }

    fn write_subject(&mut self, device: &str, seen: SeenRef<'_>) {
        let (kind, texts, count) = seen.parts();
        self.scratch.clear();
        varint::write(&mut self.scratch, kind);
        write_text(&mut self.scratch, Some(device));
        texts[..count].iter().for_each(|text| write_text(&mut self.scratch, *text));
        let known = self.subjects.iter().enumerate().rev().take(REMEMBERED);
        for (index, range) in known {
            if self.bytes[range.clone()] == self.scratch[..] {
                varint::write(&mut self.bytes, index as u64 + 1);
                return;
            }
        }
        self.bytes.push(0);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&self.scratch);
        self.subjects.push(start..self.bytes.len());
    }

    /// How many observations were added.
    pub fn observations(&self) -> usize {
        self.observations
    }

    /// The encoded record.
    pub fn finish(self) -> Vec<u8> {
        end(self.bytes)
    }
}

/// A record of observations that are values already.
pub fn encode_observations<'a>(
    user: UserId,
    observations: impl IntoIterator<Item = &'a Observation>,
) -> Vec<u8> {
    let mut writer = ObservationsWriter::new(user);
    for observation in observations {
        let subject = observation.subject();
        writer.push(subject.device.as_str(), SeenRef::from(&subject.seen), observation.interval());
    }
    writer.finish()
}

/// A record of one version of a correction.
pub fn encode_correction(user: UserId, correction: &Correction) -> Vec<u8> {
    let mut bytes = begin(user);
    varint::write(&mut bytes, CORRECTION);
    bytes.extend_from_slice(&correction.id.bits().to_be_bytes());
    varint::write(&mut bytes, correction.version);
    match &correction.says {
        Says::Nothing => varint::write(&mut bytes, NOTHING),
        Says::Entry { interval, source } => {
            varint::write(&mut bytes, ENTRY);
            write_interval(&mut bytes, *interval);
            let Activity { app, domain, project, .. } = &*source.activity;
            write_text(&mut bytes, Some(source.device.as_str()));
            write_text(&mut bytes, Some(app.as_str()));
            write_text(&mut bytes, domain.as_ref().map(Domain::as_str));
            write_text(&mut bytes, project.as_ref().map(Project::as_str));
        }
        Says::Erasure { interval } => {
            varint::write(&mut bytes, ERASURE);
            write_interval(&mut bytes, *interval);
        }
    }
    end(bytes)
}

fn begin(user: UserId) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    bytes.extend_from_slice(&[0; LENGTH]);
    bytes.push(VERSION);
    bytes.extend_from_slice(&user.bits().to_be_bytes());
    bytes
}

fn end(mut bytes: Vec<u8>) -> Vec<u8> {
    // A request has at most 1 MiB, so that the length fits by far.
    let length = (bytes.len() - LENGTH) as u32;
    bytes[..LENGTH].copy_from_slice(&length.to_le_bytes());
    bytes
}

fn write_text(bytes: &mut Vec<u8>, text: Option<&str>) {
    let text = text.unwrap_or("");
    varint::write(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

fn write_interval(bytes: &mut Vec<u8>, interval: Interval) {
    varint::write(bytes, zigzag(interval.start().0));
    varint::write(bytes, interval.ms() as u64);
}

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordError {
    /// Ends in the middle of something.
    Truncated,
    /// Goes on after its end.
    TooLong,
    /// Written by a version this program does not know.
    Version(u8),
    /// Holds a kind of something that this program does not know.
    Kind(u64),
    /// A text is not UTF-8, too long or otherwise not a name.
    Name,
    /// Refers to a subject that the record does not have.
    Subject,
    /// A time or length that nothing has.
    Time,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("record is cut off"),
            Self::TooLong => f.write_str("record goes on after its end"),
            Self::Version(version) => write!(f, "record has the unknown version {version}"),
            Self::Kind(kind) => write!(f, "record holds something of the unknown kind {kind}"),
            Self::Name => f.write_str("record holds a text that is not a name"),
            Self::Subject => f.write_str("record refers to a subject it does not have"),
            Self::Time => f.write_str("record holds an impossible time"),
        }
    }
}

impl std::error::Error for RecordError {}

impl From<NameError> for RecordError {
    fn from(_: NameError) -> Self {
        Self::Name
    }
}

/// Takes the records of a log entry apart. After a record that is cut off there is no way to go on:
/// it and all after it are given as one error.
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
    let is_known = matches!(record[LENGTH], VERSION | VERSION_OF_PINGS);
    is_known.then(|| UserId::from_bits(u128::from_be_bytes(*user)))
}

/// Reads a record of either version. Never panics, whatever the bytes.
///
/// # Errors
/// If the record is not one that this module can have written.
pub fn decode(record: &[u8]) -> Result<(UserId, Body), RecordError> {
    let mut reader = Reader { rest: record.get(LENGTH..).ok_or(RecordError::Truncated)? };
    let version = reader.byte()?;
    if !matches!(version, VERSION | VERSION_OF_PINGS) {
        return Err(RecordError::Version(version));
    }
    let user = UserId::from_bits(reader.bits()?);
    if version == VERSION_OF_PINGS {
        return Ok((user, Body::Observations(reader.observations(Reader::subject_of_ping)?)));
    }
    let body = match reader.varint()? {
        OBSERVATIONS => Body::Observations(reader.observations(Reader::subject)?),
        CORRECTION => Body::Correction(reader.correction()?),
        kind => return Err(RecordError::Kind(kind)),
    };
    if !reader.rest.is_empty() {
        return Err(RecordError::TooLong);
    }
    Ok((user, body))
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, RecordError> {
        self.take(1).map(|byte| byte[0])
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], RecordError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(RecordError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn bits(&mut self) -> Result<u128, RecordError> {
        let bytes = self.take(16)?.first_chunk::<16>().ok_or(RecordError::Truncated)?;
        Ok(u128::from_be_bytes(*bytes))
    }

    fn varint(&mut self) -> Result<u64, RecordError> {
        varint::take(&mut self.rest).map_err(|missing| match missing {
            varint::NoNumber::Truncated => RecordError::Truncated,
            varint::NoNumber::TooLong => RecordError::Time,
        })
    }

    fn text(&mut self) -> Result<Option<&'a str>, RecordError> {
        let length = usize::try_from(self.varint()?).map_err(|_| RecordError::Truncated)?;
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| RecordError::Name)?;
        Ok((!text.is_empty()).then_some(text))
    }

    fn device(&mut self) -> Result<DeviceId, RecordError> {
        Ok(DeviceId::new(self.text()?.unwrap_or(""))?)
    }

    fn app(&mut self) -> Result<AppName, RecordError> {
        Ok(AppName::new(self.text()?.unwrap_or(""))?)
    }

    fn domain(&mut self) -> Result<Option<Domain>, RecordError> {
        Ok(self.text()?.map(Domain::new).transpose()?)
    }

    fn project(&mut self) -> Result<Option<Project>, RecordError> {
        Ok(self.text()?.map(Project::new).transpose()?)
    }

    fn language(&mut self) -> Result<Option<Language>, RecordError> {
        Ok(self.text()?.map(Language::new).transpose()?)
    }

    /// The rest of the record: observations whose subjects are read by `subject`.
    fn observations(
        &mut self,
        subject: impl Fn(&mut Self) -> Result<Subject, RecordError>,
    ) -> Result<Vec<Observation>, RecordError> {
        let (mut subjects, mut observations, mut start) = (Vec::<Arc<Subject>>::new(), Vec::new(), 0);
        while !self.rest.is_empty() {
            let known = match self.varint()? {
                0 => {
                    subjects.push(Arc::new(subject(self)?));
                    subjects.last()
                }
                n => usize::try_from(n - 1).ok().and_then(|n| subjects.get(n)),
            };
            let known = Arc::clone(known.ok_or(RecordError::Subject)?);
            let interval = self.interval(start)?;
            start = interval.start().0;
            observations.push(Observation::new(known, interval));
        }
        Ok(observations)
    }

    fn subject(&mut self) -> Result<Subject, RecordError> {
        let kind = self.varint()?;
        let device = self.device()?;
        let seen = match kind {
            USE => Seen::Use { app: self.app()?, domain: self.domain()?, project: self.project()? },
            SILENT_PAGE | AUDIBLE_PAGE => {
                Seen::Page { browser: self.app()?, domain: self.domain()?, audible: kind == AUDIBLE_PAGE }
            }
            BEAT => Seen::Beat { app: self.app()?, project: self.project()?, language: self.language()? },
            AWAY => Seen::Away,
            HERE => Seen::Here,
            kind => return Err(RecordError::Kind(kind)),
        };
        Ok(Subject { device, seen })
    }

    /// The first release knew one kind: device, app and domain.
    fn subject_of_ping(&mut self) -> Result<Subject, RecordError> {
        let device = self.device()?;
        let seen = Seen::Use { app: self.app()?, domain: self.domain()?, project: None };
        Ok(Subject { device, seen })
    }

    /// An interval whose start is told from another moment, in Unix milliseconds.
    fn interval(&mut self, since: i64) -> Result<Interval, RecordError> {
        let start = since.checked_add(unzigzag(self.varint()?)).ok_or(RecordError::Time)?;
        let length = i64::try_from(self.varint()?).map_err(|_| RecordError::Time)?;
        let end = start.checked_add(length).ok_or(RecordError::Time)?;
        Interval::new(UtcMs(start), UtcMs(end)).ok_or(RecordError::Time)
    }

    fn correction(&mut self) -> Result<Correction, RecordError> {
        let id = CorrectionId::from_bits(self.bits()?);
        let version = self.varint()?;
        let says = match self.varint()? {
            NOTHING => Says::Nothing,
            ENTRY => Says::Entry { interval: self.interval(0)?, source: Arc::new(self.source()?) },
            ERASURE => Says::Erasure { interval: self.interval(0)? },
            kind => return Err(RecordError::Kind(kind)),
        };
        Ok(Correction { id, version, says })
    }

    fn source(&mut self) -> Result<Source, RecordError> {
        let (device, app) = (self.device()?, self.app()?);
        let (domain, project) = (self.domain()?, self.project()?);
        Ok(Source { device, activity: Arc::new(Activity { domain, project, ..Activity::of(app) }) })
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
    use crate::tracking::record;
    use dayline_domain::Ping;

    const ADA: UserId = UserId::from_bits(7 << 100 | 9);

    fn interval(start: i64, end: i64) -> Interval {
        Interval::new(UtcMs(start), UtcMs(end)).unwrap()
    }

    fn app(name: &str) -> AppName {
        AppName::new(name).unwrap()
    }

    fn observation(device: &str, seen: Seen, start: i64, end: i64) -> Observation {
        let subject = Subject { device: DeviceId::new(device).unwrap(), seen };
        Observation::new(Arc::new(subject), interval(start, end))
    }

    fn used(name: &str, domain: Option<&str>, project: Option<&str>) -> Seen {
        let domain = domain.map(|name| Domain::new(name).unwrap());
        Seen::Use { app: app(name), domain, project: project.map(|name| Project::new(name).unwrap()) }
    }

    /// Every kind, with and without what it may lack.
    fn some_observations() -> Vec<Observation> {
        let page = |domain: Option<&str>, audible| Seen::Page {
            browser: app("Firefox"),
            domain: domain.map(|name| Domain::new(name).unwrap()),
            audible,
        };
        let beat = |project: Option<&str>, language: Option<&str>| Seen::Beat {
            app: app("vim"),
            project: project.map(|name| Project::new(name).unwrap()),
            language: language.map(|name| Language::new(name).unwrap()),
        };
        let at = 1_795_000_000_000;
        vec![
            observation("laptop", used("Code", None, None), at, at + 5_000),
            observation("laptop", used("Firefox", Some("github.com"), None), at + 5_000, at + 10_000),
            observation("laptop", used("Code", None, Some("dayline")), at - 9_000_000, at - 8_999_999),
            observation("laptop", page(Some("github.com"), false), at, at + 60_000),
            observation("laptop", page(Some("github.com"), true), at, at + 60_000),
            observation("laptop", page(None, false), at, at + 1),
            observation("laptop", beat(Some("dayline"), Some("Rust")), at, at + 1),
            observation("laptop", beat(None, None), at, at + 1),
            observation("phone", Seen::Away, -5, 5),
            observation("phone", Seen::Here, 0, 86_400_000 * 30),
            observation("phone", used("Ünïcode", None, None), -5, 5),
        ]
    }

    fn some_corrections() -> Vec<Correction> {
        let source = |domain: Option<&str>, project: Option<&str>| {
            let domain = domain.map(|name| Domain::new(name).unwrap());
            let project = project.map(|name| Project::new(name).unwrap());
            let activity = Activity { domain, project, ..Activity::of(app("Meeting")) };
            Arc::new(Source { device: DeviceId::new("laptop").unwrap(), activity: Arc::new(activity) })
        };
        let entry = |source| Says::Entry { interval: interval(1_795_000_000_000, 1_795_003_600_000), source };
        [
            Says::Nothing,
            entry(source(None, None)),
            entry(source(Some("meet.example"), Some("dayline"))),
            Says::Erasure { interval: interval(-7, 1_795_000_000_000) },
        ]
        .into_iter()
        .map(|says| Correction { id: CorrectionId::from_bits(3 << 90), version: 1_795_000_000_123, says })
        .collect()
    }

    fn some_records() -> Vec<Vec<u8>> {
        let mut records = vec![encode_observations(ADA, &some_observations())];
        records.extend(some_corrections().iter().map(|correction| encode_correction(ADA, correction)));
        records
    }

    #[test]
    fn observations_of_every_kind_survive_their_record() {
        let record = encode_observations(ADA, &some_observations());
        assert_eq!(decode(&record), Ok((ADA, Body::Observations(some_observations()))));
        assert_eq!(owner(&record), Some(ADA));
    }

    #[test]
    fn corrections_of_every_kind_survive_their_record() {
        for correction in some_corrections() {
            let record = encode_correction(ADA, &correction);
            assert_eq!(decode(&record), Ok((ADA, Body::Correction(correction))));
            assert_eq!(owner(&record), Some(ADA));
        }
    }

    #[test]
    fn a_beat_is_written_as_a_point() {
        let mut writer = ObservationsWriter::new(ADA);
        let beat = SeenRef::Beat { app: "vim", project: None, language: None };
        writer.push("laptop", beat, interval(1_000, 9_000));
        assert_eq!(writer.observations(), 1);
        let Ok((_, Body::Observations(read))) = decode(&writer.finish()) else { panic!("not read") };
        assert_eq!(read[0].interval(), interval(1_000, 1_001));
    }

    #[test]
    fn a_repeated_subject_costs_one_byte() {
        let first = &some_observations()[0];
        let one = encode_observations(ADA, [first]).len();
        assert_eq!(encode_observations(ADA, [first, first]).len(), one + 1 + 1 + 2);
    }

    #[test]
    fn a_record_of_the_first_release_is_read_as_uses() {
        let source = dayline_domain::Source::new("laptop", "Firefox", Some("github.com")).unwrap();
        let ping = |start, end| Ping { source: Arc::clone(&source), interval: interval(start, end) };
        let record = record::encode(ADA, &[ping(5_000, 9_000), ping(1_000, 2_000)]);
        let used = || used("Firefox", Some("github.com"), None);
        let expected =
            vec![observation("laptop", used(), 5_000, 9_000), observation("laptop", used(), 1_000, 2_000)];
        assert_eq!(decode(&record), Ok((ADA, Body::Observations(expected))));
        assert_eq!(owner(&record), Some(ADA));
    }

    #[test]
    fn records_in_one_entry_are_read_one_by_one() {
        let records = some_records();
        let payload = records.concat();
        let found: Vec<_> = split(&payload).map(|record| record.unwrap().to_vec()).collect();
        assert_eq!(found, records);
        let last = payload.len() - records.last().unwrap().len();
        let cut = &payload[..payload.len() - 1];
        assert_eq!(split(cut).last(), Some(Err(&cut[last..])));
    }

    #[test]
    fn a_record_cut_anywhere_is_an_error_or_what_came_before_the_cut() {
        for record in some_records() {
            for length in 0..record.len() {
                match decode(&record[..length]) {
                    Ok((_, Body::Observations(read))) => assert_eq!(read, some_observations()[..read.len()]),
                    Ok((_, Body::Correction(read))) => panic!("a part of a correction was read as {read:?}"),
                    Err(_) => {}
                }
            }
        }
    }

    #[test]
    fn no_single_changed_byte_makes_decoding_panic() {
        for record in some_records() {
            for at in 0..record.len() {
                for value in 0..=255 {
                    let mut record = record.clone();
                    record[at] = value;
                    let _ = decode(&record);
                    let _ = split(&record).count();
                }
            }
        }
    }

    #[test]
    fn what_follows_a_correction_and_unknown_kinds_are_refused() {
        let mut record = encode_correction(ADA, &some_corrections()[0]);
        record.push(0);
        assert_eq!(decode(&record), Err(RecordError::TooLong));
        record[HEADER] = 9;
        assert_eq!(decode(&record), Err(RecordError::Kind(9)));
    }

    #[test]
    fn a_later_version_is_refused_and_has_no_owner() {
        let mut record = encode_observations(ADA, &some_observations());
        record[LENGTH] = 3;
        assert_eq!(decode(&record), Err(RecordError::Version(3)));
        assert_eq!(owner(&record), None);
    }
}
