//! A person's dictionary: the sources of pieces and the subjects of observations are spelled out
//! once and written as numbers everywhere else. Not here: names shared between people, since one may
//! go and the other stay; what writers remember of it (see `numbers`); and how names go that nothing
//! refers to any more (see `unused`).

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use dayline_domain::{
    Activity, AppName, DeviceId, Domain, Language, NameError, Project, Seen, Source, Subject,
};
use rusqlite::types::ToSqlOutput;
use rusqlite::{OptionalExtension, Transaction, params, params_from_iter};

use crate::failure::Failure;

const USE: u8 = 1;
const PAGE: u8 = 2;
const AUDIBLE_PAGE: u8 = 3;
const BEAT: u8 = 4;
const AWAY: u8 = 5;
const HERE: u8 = 6;

/// What has a number in a person's dictionary.
pub(super) trait Named: Sized + Eq + Hash {
    const FIND: &'static str;
    const LAST: &'static str;
    const ADD: &'static str;
    const READ: &'static str;
    /// What it is, for messages.
    const WHAT: &'static str;

    fn spelled_out(&self) -> SpelledOut<'_>;
    fn parse(spelled_out: &SpelledOut<'_>) -> Result<Self, Unreadable>;
}

/// The columns of a row of a dictionary; an empty text is none.
pub(super) struct SpelledOut<'a> {
    device: &'a str,
    /// Only subjects have one.
    kind: Option<u8>,
    app: &'a str,
    domain: &'a str,
    project: &'a str,
    language: &'a str,
}

/// Why a row of a dictionary is none.
pub(super) enum Unreadable {
    Name(NameError),
    Kind(Option<u8>),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(why) => why.fmt(f),
            Self::Kind(Some(kind)) => write!(f, "nothing is of the kind {kind}"),
            Self::Kind(None) => f.write_str("it is of no kind"),
        }
    }
}

impl From<NameError> for Unreadable {
    fn from(error: NameError) -> Self {
        Self::Name(error)
    }
}

impl Named for Source {
    const FIND: &'static str = "
        SELECT number FROM sources
        WHERE user_number = ?1 AND device_id = ?2 AND app_name = ?3 AND domain = ?4 AND project = ?5
          AND language = ?6";
    const LAST: &'static str = "SELECT max(number) FROM sources WHERE user_number = ?1";
    const ADD: &'static str = "
        INSERT INTO sources (user_number, device_id, app_name, domain, project, language, number)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    const READ: &'static str = "
        SELECT device_id, app_name, domain, project, language, NULL FROM sources
        WHERE user_number = ?1 AND number = ?2";
    const WHAT: &'static str = "source";

    fn spelled_out(&self) -> SpelledOut<'_> {
        let Activity { app, domain, project, language } = &*self.activity;
        SpelledOut {
            device: self.device.as_str(),
            kind: None,
            app: app.as_str(),
            domain: text(domain.as_ref(), Domain::as_str),
            project: text(project.as_ref(), Project::as_str),
            language: text(language.as_ref(), Language::as_str),
        }
    }

    fn parse(of: &SpelledOut<'_>) -> Result<Self, Unreadable> {
        let activity = Activity {
            app: AppName::new(of.app)?,
            domain: some(of.domain, Domain::new)?,
            project: some(of.project, Project::new)?,
            language: some(of.language, Language::new)?,
        };
        Ok(Self { device: DeviceId::new(of.device)?, activity: Arc::new(activity) })
    }
}

impl Named for Subject {
    const FIND: &'static str = "
        SELECT number FROM subjects
        WHERE user_number = ?1 AND device_id = ?2 AND kind = ?3 AND app_name = ?4 AND domain = ?5
          AND project = ?6 AND language = ?7";
    const LAST: &'static str = "SELECT max(number) FROM subjects WHERE user_number = ?1";
    const ADD: &'static str = "
        INSERT INTO subjects (user_number, device_id, kind, app_name, domain, project, language, number)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    const READ: &'static str = "
        SELECT device_id, app_name, domain, project, language, kind FROM subjects
        WHERE user_number = ?1 AND number = ?2";
    const WHAT: &'static str = "subject";

    fn spelled_out(&self) -> SpelledOut<'_> {
        let device = self.device.as_str();
        let of = |kind| SpelledOut {
            device,
            kind: Some(kind),
            app: self.seen.app().map_or("", AppName::as_str),
            domain: "",
            project: "",
            language: "",
        };
        match &self.seen {
            Seen::Use { domain, project, .. } => SpelledOut {
                domain: text(domain.as_ref(), Domain::as_str),
                project: text(project.as_ref(), Project::as_str),
                ..of(USE)
            },
            Seen::Page { domain, audible, .. } => SpelledOut {
                domain: text(domain.as_ref(), Domain::as_str),
                ..of(if *audible { AUDIBLE_PAGE } else { PAGE })
            },
            Seen::Beat { project, language, .. } => SpelledOut {
                project: text(project.as_ref(), Project::as_str),
                language: text(language.as_ref(), Language::as_str),
                ..of(BEAT)
            },
            Seen::Away => of(AWAY),
            Seen::Here => of(HERE),
        }
    }

    fn parse(of: &SpelledOut<'_>) -> Result<Self, Unreadable> {
        let seen = match of.kind {
            Some(USE) => Seen::Use {
                app: AppName::new(of.app)?,
                domain: some(of.domain, Domain::new)?,
                project: some(of.project, Project::new)?,
            },
            Some(kind @ (PAGE | AUDIBLE_PAGE)) => Seen::Page {
                browser: AppName::new(of.app)?,
                domain: some(of.domain, Domain::new)?,
                audible: kind == AUDIBLE_PAGE,
            },
            Some(BEAT) => Seen::Beat {
                app: AppName::new(of.app)?,
                project: some(of.project, Project::new)?,
                language: some(of.language, Language::new)?,
            },
            Some(AWAY) => Seen::Away,
            Some(HERE) => Seen::Here,
            other => return Err(Unreadable::Kind(other)),
        };
        Ok(Self { device: DeviceId::new(of.device)?, seen })
    }
}

fn text<T>(name: Option<&T>, as_str: impl Fn(&T) -> &str) -> &str {
    name.map_or("", as_str)
}

fn some<T>(text: &str, parse: impl Fn(&str) -> Result<T, NameError>) -> Result<Option<T>, NameError> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

/// The number that a person has for something, if it was ever stored.
pub(super) fn find<T: Named>(tx: &Transaction<'_>, user: i64, of: &T) -> rusqlite::Result<Option<u32>> {
    let columns = params_from_iter(columns(user, of));
    tx.prepare_cached(T::FIND)?.query_row(columns, |row| row.get(0)).optional()
}

/// The number of something that a person has none for yet.
///
/// In two statements: one that reads what it adds to would make a table on the way.
pub(super) fn add<T: Named>(tx: &Transaction<'_>, user: i64, of: &T) -> rusqlite::Result<u32> {
    let last: Option<u32> = tx.prepare_cached(T::LAST)?.query_row([user], |row| row.get(0))?;
    let number = last.unwrap_or(0) + 1;
    tx.prepare_cached(T::ADD)?.execute(params_from_iter(columns(user, of).chain([number.into()])))?;
    Ok(number)
}

fn columns<T: Named>(user: i64, of: &T) -> impl Iterator<Item = ToSqlOutput<'_>> {
    let SpelledOut { device, kind, app, domain, project, language } = of.spelled_out();
    let texts = [app, domain, project, language].map(|text| ToSqlOutput::Borrowed(text.into()));
    let before = [user.into(), ToSqlOutput::Borrowed(device.into())];
    before.into_iter().chain(kind.map(ToSqlOutput::from)).chain(texts)
}

/// What one person's numbers that were met while something is read stand for: a year has many
/// pieces and few sources.
pub(super) struct Met<T> {
    user: i64,
    known: HashMap<u32, Arc<T>>,
}

impl<T: Named> Met<T> {
    pub(super) fn of(user: i64) -> Self {
        Self { user, known: HashMap::new() }
    }

    /// Whose they are.
    pub(super) fn user(&self) -> i64 {
        self.user
    }

    /// The numbers met so far.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.known.keys().copied()
    }

    /// What has this number; it is damage if nothing has.
    pub(super) fn get(&mut self, tx: &Transaction<'_>, number: u32) -> Result<Arc<T>, Failure> {
        if let Some(known) = self.known.get(&number) {
            return Ok(Arc::clone(known));
        }
        let read = Arc::new(read(tx, self.user, number)?);
        self.known.insert(number, Arc::clone(&read));
        Ok(read)
    }
}

fn read<T: Named>(tx: &Transaction<'_>, user: i64, number: u32) -> Result<T, Failure> {
    let mut statement = tx.prepare_cached(T::READ)?;
    let mut rows = statement.query(params![user, number])?;
    let Some(row) = rows.next()? else {
        return Err(Failure::Corrupt(format!("the {} {number} is not there", T::WHAT)));
    };
    let spelled_out = SpelledOut {
        device: row.get_ref(0)?.as_str()?,
        kind: row.get(5)?,
        app: row.get_ref(1)?.as_str()?,
        domain: row.get_ref(2)?.as_str()?,
        project: row.get_ref(3)?.as_str()?,
        language: row.get_ref(4)?.as_str()?,
    };
    T::parse(&spelled_out).map_err(|why| Failure::corrupt(&format!("a stored {}", T::WHAT), why))
}
