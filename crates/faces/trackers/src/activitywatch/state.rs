//! What the handlers of this wire share, and who sent a request.

use std::sync::Arc;

use dayline_app::identity::caller::Caller;
use dayline_app::{App, AppError};
use dayline_http_kit::caller::caller_by;
use dayline_http_kit::credential::{Credential, Forms};
use dayline_http_kit::slots::Slots;
use dayline_http_kit::{Face, Kit, KitState};
use http::request;

use super::door::Door;
use super::refusal::Refusal;

/// Bearer, and Basic: an address is all that can be set of most watchers, as `anybody:KEY@host`.
const FORMS: Forms = Forms { basic: true, ..Forms::BEARER };
/// Most heartbeats that are held at a time; each has a connection, and some kilobytes at most.
const HELD: usize = 1_000;
/// Most heartbeats of one person that are held at a time: of some watchers on each of some computers, which send
/// one after another.
const HELD_PER_PERSON: usize = 32;
/// Most exports that are taken at a time, each of which is in memory: half of what bodies may take.
const IMPORTS: usize = 4;

/// Most queries at a time, each of which holds some thousands of events; one of each person.
const QUERIES: usize = 4;

/// Most answers that are sent a piece at a time, each of which holds a page of events; and of one person.
const LONG_ANSWERS: usize = 16;
const LONG_ANSWERS_PER_PERSON: usize = 2;

/// This wire as a face.
pub struct ActivityWatch {
    pub(super) app: App,
    pub(super) kit: Kit,
    /// Heartbeats that wait until they can be stored.
    pub(super) held: Arc<Slots>,
    /// Those of whom it can't be said yet whose they are.
    pub(super) unknown: Arc<Slots>,
    /// Exports that are being taken, one of each person.
    pub(super) imports: Arc<Slots>,
    /// Answers that are being sent a piece at a time.
    pub(super) long_answers: Arc<Slots>,
    /// Queries that are being answered.
    pub(super) queries: Arc<Slots>,
    /// Whose trackers all are, where none sends a credential.
    pub(super) door: Option<Door>,
}

impl ActivityWatch {
    /// The state of a router.
    pub fn new(kit: Kit) -> Self {
        let (held, unknown) = (Slots::new(HELD, HELD_PER_PERSON), Slots::new(HELD, HELD));
        let imports = Slots::new(IMPORTS, 1);
        let long_answers = Slots::new(LONG_ANSWERS, LONG_ANSWERS_PER_PERSON);
        let queries = Slots::new(QUERIES, 1);
        Self { app: kit.app.clone(), kit, held, unknown, imports, long_answers, queries, door: None }
    }

    /// The same behind a door.
    pub(super) fn behind(kit: Kit, door: Door) -> Self {
        Self { door: Some(door), ..Self::new(kit) }
    }

    /// Who sent a request.
    pub(super) async fn caller(&self, parts: &request::Parts) -> Result<Caller, AppError> {
        if let Some(door) = &self.door {
            return door.caller(&self.app).await;
        }
        let credential = Credential::of(&parts.headers, parts.uri.query(), FORMS);
        caller_by(&self.kit, parts, credential.ok_or(AppError::NotSignedIn)?.secret()).await
    }
}

impl Face for ActivityWatch {
    type Refusal = Refusal;

    fn kit(&self) -> &KitState {
        &self.kit
    }

    fn forms(&self, _: &request::Parts) -> Forms {
        FORMS
    }
}
