//! Long names by short numbers: each person's sources (of pieces) and subjects (of observations)
//! have numbers of their own, in the table `names`. Not here: where numbers are used.
//!
//! A number follows from what it stands for, so that whoever writes a name knows its number without
//! asking. It has 21 bits, which are three bytes in a day's state; where two names of one person
//! want the same, the later one gets another (see [`Name::choices`]).

mod people;
mod read;
mod write;

use std::sync::Arc;

use dayline_app::ports::PortError;
use dayline_domain::{
    Activity, AppName, DeviceId, Domain, Language, NameError, Project, Seen, Source, Subject,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::corrupt;

pub(crate) use people::{KnownPeople, KnownTail, People, Person};
pub(crate) use read::{Named, SPELLED, spelled_source};
pub(crate) use write::{Chosen, NewNames};

/// What has a number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    /// What a piece is of.
    Source(Arc<Source>),
    /// What an observation is of.
    Subject(Arc<Subject>),
}

/// Kinds as the table has them: sources, and subjects by what was seen.
mod kind {
    pub(super) const SOURCE: i16 = 0;
    pub(super) const USE: i16 = 1;
    pub(super) const PAGE: i16 = 2;
    pub(super) const AUDIBLE_PAGE: i16 = 3;
    pub(super) const BEAT: i16 = 4;
    pub(super) const AWAY: i16 = 5;
    pub(super) const HERE: i16 = 6;
}

/// A name as the columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spelled<'a> {
    pub(crate) kind: i16,
    pub(crate) device: &'a str,
    pub(crate) app: Option<&'a str>,
    pub(crate) domain: Option<&'a str>,
    pub(crate) project: Option<&'a str>,
    pub(crate) language: Option<&'a str>,
}

impl Name {
    /// The name as the columns of the table.
    pub(crate) fn spelled(&self) -> Spelled<'_> {
        match self {
            Self::Source(source) => of_source(source),
            Self::Subject(subject) => of_subject(subject),
        }
    }

    /// The numbers that this name may have, the first choice first; and its key.
    fn choices(&self) -> (Uuid, impl Iterator<Item = u32>) {
        let digest = self.spelled().digest();
        let words: [u32; 8] =
            std::array::from_fn(|n| u32::from_be_bytes([0, 1, 2, 3].map(|byte| digest[4 * n + byte])));
        let [a, b, c, d, rest @ ..] = words;
        let key = [a, b, c, d].into_iter().fold(0, |key, word| key << 32 | u128::from(word));
        // Later choices have more bits, so that even a person with millions of names finds one.
        let choices = (0u32..).zip(rest.into_iter().cycle()).map(|(n, word)| {
            let bits = 21 + n.min(9);
            (word.rotate_left(n) & ((1 << bits) - 1)).max(1)
        });
        (Uuid::from_u128(key), choices.take(64))
    }
}

/// A source as columns.
pub(crate) fn of_source(source: &Source) -> Spelled<'_> {
    let [_, app, domain, project, language] = source.names();
    Spelled { kind: kind::SOURCE, device: source.device.as_str(), app, domain, project, language }
}

fn of_subject(subject: &Subject) -> Spelled<'_> {
    let nothing = Spelled {
        kind: kind::AWAY,
        device: subject.device.as_str(),
        app: subject.seen.app().map(AppName::as_str),
        domain: None,
        project: None,
        language: None,
    };
    match &subject.seen {
        Seen::Use { domain, project, .. } => Spelled {
            kind: kind::USE,
            domain: domain.as_ref().map(Domain::as_str),
            project: project.as_ref().map(Project::as_str),
            ..nothing
        },
        Seen::Page { domain, audible, .. } => Spelled {
            kind: if *audible { kind::AUDIBLE_PAGE } else { kind::PAGE },
            domain: domain.as_ref().map(Domain::as_str),
            ..nothing
        },
        Seen::Beat { project, language, .. } => Spelled {
            kind: kind::BEAT,
            project: project.as_ref().map(Project::as_str),
            language: language.as_ref().map(Language::as_str),
            ..nothing
        },
        Seen::Away => nothing,
        Seen::Here => Spelled { kind: kind::HERE, ..nothing },
    }
}

impl Spelled<'_> {
    /// The SHA-256 of all of it. Part of the format of the table: it never changes.
    fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.kind.to_be_bytes());
        for text in [Some(self.device), self.app, self.domain, self.project, self.language] {
            // No text is empty, so that the length 0 is free for none.
            let text = text.unwrap_or_default();
            hash.update((text.len() as u32).to_be_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }

    /// The name that is spelled so.
    pub(crate) fn to_name(self) -> Result<Name, PortError> {
        let invalid = |error: NameError| corrupt("a name", error);
        match self.kind {
            kind::SOURCE => self.to_source().map(Name::Source),
            _ => self.to_subject().map_err(invalid)?.map(Name::Subject),
        }
    }

    /// The source that is spelled so, whatever the kind.
    pub(crate) fn to_source(self) -> Result<Arc<Source>, PortError> {
        let source = || -> Result<Source, NameError> {
            let activity = Activity {
                app: self.app()?,
                domain: self.domain()?,
                project: self.project()?,
                language: self.language()?,
            };
            Ok(Source { device: DeviceId::new(self.device)?, activity: Arc::new(activity) })
        };
        source().map(Arc::new).map_err(|error| corrupt("names of a piece", error))
    }

    fn to_subject(self) -> Result<Result<Arc<Subject>, PortError>, NameError> {
        let seen = match self.kind {
            kind::USE => Seen::Use { app: self.app()?, domain: self.domain()?, project: self.project()? },
            kind::PAGE | kind::AUDIBLE_PAGE => Seen::Page {
                browser: self.app()?,
                domain: self.domain()?,
                audible: self.kind == kind::AUDIBLE_PAGE,
            },
            kind::BEAT => {
                Seen::Beat { app: self.app()?, project: self.project()?, language: self.language()? }
            }
            kind::AWAY => Seen::Away,
            kind::HERE => Seen::Here,
            other => return Ok(Err(corrupt("a name", format!("of the unknown kind {other}")))),
        };
        Ok(Ok(Arc::new(Subject { device: DeviceId::new(self.device)?, seen })))
    }

    fn app(&self) -> Result<AppName, NameError> {
        AppName::new(self.app.unwrap_or_default())
    }

    fn domain(&self) -> Result<Option<Domain>, NameError> {
        self.domain.map(Domain::new).transpose()
    }

    fn project(&self) -> Result<Option<Project>, NameError> {
        self.project.map(Project::new).transpose()
    }

    fn language(&self) -> Result<Option<Language>, NameError> {
        self.language.map(Language::new).transpose()
    }
}

#[cfg(test)]
mod tests;
