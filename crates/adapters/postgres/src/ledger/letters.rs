//! Dead letters and corrections of a commit, as arrays.

use std::collections::HashMap;

use dayline_app::ports::LedgerCommit;
use dayline_domain::{Correction, CorrectionId, Says, UserId};
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::Param;
use crate::names::{Spelled, of_source};
use crate::values::{Timestamp, bits, uuid};

/// Dead letters.
#[derive(Default)]
pub(super) struct DeadColumns<'a> {
    users: Vec<Option<Uuid>>,
    reasons: Vec<String>,
    records: Vec<&'a [u8]>,
}

impl<'a> DeadColumns<'a> {
    pub(super) fn of(commit: &'a LedgerCommit) -> Self {
        let mut columns = Self::default();
        for dead in &commit.dead {
            columns.users.push(dead.user.map(uuid));
            // The one character that a text can't hold in PostgreSQL.
            columns.reasons.push(dead.reason.replace('\0', "\u{FFFD}"));
            columns.records.push(&dead.record);
        }
        columns
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Whose, why, what.
    pub(super) fn letters(&self) -> Vec<Param<'_>> {
        vec![
            (&self.users, Type::UUID_ARRAY),
            (&self.reasons, Type::TEXT_ARRAY),
            (&self.records, Type::BYTEA_ARRAY),
        ]
    }
}

fn is_erasure(correction: &Correction) -> bool {
    matches!(correction.says, Says::Erasure { .. })
}

/// Corrections, of each id one.
#[derive(Default)]
pub(super) struct CorrectionColumns<'a> {
    users: Vec<Uuid>,
    ids: Vec<Uuid>,
    versions: Vec<i64>,
    starts: Vec<Option<Timestamp>>,
    ends: Vec<Option<Timestamp>>,
    devices: Vec<Option<&'a str>>,
    apps: Vec<Option<&'a str>>,
    domains: Vec<Option<&'a str>>,
    projects: Vec<Option<&'a str>>,
    languages: Vec<Option<&'a str>>,
}

impl<'a> CorrectionColumns<'a> {
    pub(super) fn of(commit: &'a LedgerCommit) -> Self {
        let mut kept = HashMap::<(UserId, CorrectionId), &Correction>::new();
        for (user, correction) in &commit.corrections {
            let before = kept.entry((*user, correction.id)).or_insert(correction);
            if !is_erasure(before) && (is_erasure(correction) || before.version < correction.version) {
                *before = correction;
            }
        }
        let mut columns = Self::default();
        for ((user, _), correction) in kept {
            columns.push(user, correction);
        }
        columns
    }

    fn push(&mut self, user: UserId, correction: &'a Correction) {
        let (interval, source) = match &correction.says {
            Says::Nothing => (None, None),
            Says::Entry { interval, source } => (Some(interval), Some(of_source(source))),
            Says::Erasure { interval } => (Some(interval), None),
        };
        let text = |of: fn(Spelled<'a>) -> Option<&'a str>| source.and_then(of);
        self.users.push(uuid(user));
        self.ids.push(uuid(correction.id));
        self.versions.push(bits(correction.version));
        self.starts.push(interval.map(|interval| Timestamp(interval.start())));
        self.ends.push(interval.map(|interval| Timestamp(interval.end())));
        self.devices.push(text(|source| Some(source.device)));
        self.apps.push(text(|source| source.app));
        self.domains.push(text(|source| source.domain));
        self.projects.push(text(|source| source.project));
        self.languages.push(text(|source| source.language));
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whose, and which.
    pub(super) fn keys(&self) -> Vec<Param<'_>> {
        vec![(&self.users, Type::UUID_ARRAY), (&self.ids, Type::UUID_ARRAY)]
    }

    /// Whose, which, and what they say.
    pub(super) fn corrections(&self) -> Vec<Param<'_>> {
        let mut params = self.keys();
        let said: [Param<'_>; 8] = [
            (&self.versions, Type::INT8_ARRAY),
            (&self.starts, Type::TIMESTAMPTZ_ARRAY),
            (&self.ends, Type::TIMESTAMPTZ_ARRAY),
            (&self.devices, Type::TEXT_ARRAY),
            (&self.apps, Type::TEXT_ARRAY),
            (&self.domains, Type::TEXT_ARRAY),
            (&self.projects, Type::TEXT_ARRAY),
            (&self.languages, Type::TEXT_ARRAY),
        ];
        params.extend(said);
        params
    }
}
