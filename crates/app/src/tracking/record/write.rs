//! Writes records, those of the hot path without a copy of any name.

use std::ops::Range;

use dayline_domain::activity::{Activity, Language, Project};
use dayline_domain::correction::{Correction, Says};
use dayline_domain::observation::{Observation, Seen};
use dayline_domain::{Domain, Interval, UserId, UtcDay};

use super::MAX_DAYS;
use super::format::{
    AUDIBLE_PAGE, AWAY, BEAT, CHOSEN, CORRECTION, ENTRY, ERASURE, HERE, LENGTH, NOTHING, OBSERVATIONS,
    SILENT_PAGE, USE, VERSION, zigzag,
};
use crate::varint;

/// How many of the record's last subjects an observation is compared with; one further back is
/// written again.
const REMEMBERED: usize = 8;

/// What was seen, by its parts, borrowed from the request; already checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenRef<'a> {
    /// See [`Seen::Use`].
    Use {
        /// Valid as an [`AppName`](dayline_domain::AppName).
        app: &'a str,
        /// Valid as a [`Domain`].
        domain: Option<&'a str>,
        /// Valid as a [`Project`].
        project: Option<&'a str>,
    },
    /// See [`Seen::Page`].
    Page {
        /// Valid as an [`AppName`](dayline_domain::AppName).
        browser: &'a str,
        /// Valid as a [`Domain`].
        domain: Option<&'a str>,
        /// Whether it could be heard.
        audible: bool,
    },
    /// See [`Seen::Beat`].
    Beat {
        /// Valid as an [`AppName`](dayline_domain::AppName).
        app: &'a str,
        /// Valid as a [`Project`].
        project: Option<&'a str>,
        /// Valid as a [`Language`].
        language: Option<&'a str>,
    },
    /// See [`Seen::Away`].
    Away,
    /// See [`Seen::Here`].
    Here,
}

impl<'a> SeenRef<'a> {
    /// The names in it: app, domain, project and language.
    pub(crate) fn names(self) -> [Option<&'a str>; 4] {
        match self {
            Self::Use { app, domain, project } => [Some(app), domain, project, None],
            Self::Page { browser, domain, .. } => [Some(browser), domain, None, None],
            Self::Beat { app, project, language } => [Some(app), None, project, language],
            Self::Away | Self::Here => [None; 4],
        }
    }

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

/// The place of a subject in a record, from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known(u64);

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
        let known = self.find(device, seen);
        self.add(known, seen, interval);
    }

    /// Adds an observation of the subject that was looked for last.
    #[inline]
    pub(crate) fn add(&mut self, known: Option<Known>, seen: SeenRef<'_>, interval: Interval) {
        if let Some(Known(place)) = known {
            varint::write(&mut self.bytes, place);
        } else {
            self.bytes.push(0);
            let start = self.bytes.len();
            self.bytes.extend_from_slice(&self.scratch);
            self.subjects.push(start..self.bytes.len());
        }
        let length = if matches!(seen, SeenRef::Beat { .. }) { 1 } else { interval.ms() as u64 };
        let start = interval.start().0;
        varint::write(&mut self.bytes, zigzag(start.wrapping_sub(self.last_start)));
        varint::write(&mut self.bytes, length);
        self.last_start = start;
        self.observations += 1;
    }

    /// Looks for a subject among the record's last ones.
    #[inline]
    pub(crate) fn find(&mut self, device: &str, seen: SeenRef<'_>) -> Option<Known> {
        let (kind, texts, count) = seen.parts();
        self.scratch.clear();
        varint::write(&mut self.scratch, kind);
        write_text(&mut self.scratch, Some(device));
        texts[..count].iter().for_each(|text| write_text(&mut self.scratch, *text));
        let known = self.subjects.iter().enumerate().rev().take(REMEMBERED);
        for (index, range) in known {
            if self.bytes[range.clone()] == self.scratch[..] {
                return Some(Known(index as u64 + 1));
            }
        }
        None
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

/// A record of changed terms, by which days from `first` on are to be settled: `days` of them, at
/// most [`MAX_DAYS`].
pub fn encode_chosen(user: UserId, first: UtcDay, days: u16) -> Vec<u8> {
    let mut bytes = begin(user);
    varint::write(&mut bytes, CHOSEN);
    varint::write(&mut bytes, zigzag(first.0.into()));
    varint::write(&mut bytes, days.min(MAX_DAYS).into());
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
