//! Reads records, whatever the bytes.

use std::fmt;
use std::sync::Arc;

use dayline_domain::activity::{Activity, Language, Project, Source};
use dayline_domain::correction::{Correction, CorrectionId, Says};
use dayline_domain::observation::{Observation, Seen, Subject};
use dayline_domain::{AppName, DeviceId, Domain, Interval, NameError, UserId, UtcDay, UtcMs};

use super::MAX_DAYS;
use super::format::{
    AUDIBLE_PAGE, AWAY, BEAT, CHOSEN, CORRECTION, ENTRY, ERASURE, HEADER, HERE, LENGTH, NOTHING,
    OBSERVATIONS, SILENT_PAGE, USE, VERSION, VERSION_OF_PINGS, unzigzag,
};
use crate::varint;

/// What one record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Trackers saw this.
    Observations(Vec<Observation>),
    /// The person said this.
    Correction(Correction),
    /// The person's terms changed: these days are to be settled by them.
    Chosen(Vec<UtcDay>),
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
        CHOSEN => Body::Chosen(reader.days()?),
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
        self.bytes(1).map(|byte| byte[0])
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], RecordError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(RecordError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn bits(&mut self) -> Result<u128, RecordError> {
        let bytes = self.bytes(16)?.first_chunk::<16>().ok_or(RecordError::Truncated)?;
        Ok(u128::from_be_bytes(*bytes))
    }

    fn varint(&mut self) -> Result<u64, RecordError> {
        varint::read(&mut self.rest).map_err(|missing| match missing {
            varint::NoNumber::Truncated => RecordError::Truncated,
            varint::NoNumber::TooLong => RecordError::Time,
        })
    }

    fn text(&mut self) -> Result<Option<&'a str>, RecordError> {
        let length = usize::try_from(self.varint()?).map_err(|_| RecordError::Truncated)?;
        let text = std::str::from_utf8(self.bytes(length)?).map_err(|_| RecordError::Name)?;
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

    fn days(&mut self) -> Result<Vec<UtcDay>, RecordError> {
        let first = i32::try_from(unzigzag(self.varint()?)).map_err(|_| RecordError::Time)?;
        let days = u16::try_from(self.varint()?).ok().filter(|days| *days <= MAX_DAYS);
        let end = first.checked_add(days.ok_or(RecordError::Time)?.into()).ok_or(RecordError::Time)?;
        Ok((first..end).map(UtcDay).collect())
    }

    fn source(&mut self) -> Result<Source, RecordError> {
        let (device, app) = (self.device()?, self.app()?);
        let (domain, project) = (self.domain()?, self.project()?);
        Ok(Source { device, activity: Arc::new(Activity { domain, project, ..Activity::of(app) }) })
    }
}
