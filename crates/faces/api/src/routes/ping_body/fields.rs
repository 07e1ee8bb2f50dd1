//! The fields of one ping. Its kind says which of them it has; any others are ignored, whatever
//! they are.

use std::fmt;

use dayline_app::tracking::ingest::{PingDraft, Refusal, SeenDraft, Site};
use dayline_domain::UtcMs;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::slot::{Name, Slot};

/// A ping that can be checked further, or why it can't.
pub(crate) type Draft<'a> = Result<PingDraft<'a>, Refusal>;

/// A ping whose fields may be wrong in any way; only what is no object is an error.
pub(super) struct Lenient<'a>(pub(super) Draft<'a>);

impl<'de> Deserialize<'de> for Lenient<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(LenientVisitor)
    }
}

struct LenientVisitor;

impl<'de> Visitor<'de> for LenientVisitor {
    type Value = Lenient<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Lenient<'de>, A::Error> {
        let mut slots = Slots::default();
        while let Some(field) = fields.next_key()? {
            let slot = match field {
                Field::Kind => &mut slots.kind,
                Field::AppName => &mut slots.app_name,
                Field::Url => &mut slots.url,
                Field::Domain => &mut slots.domain,
                Field::Project => &mut slots.project,
                Field::Language => &mut slots.language,
                Field::Audible => &mut slots.audible,
                Field::StartTime => &mut slots.start_time,
                Field::EndTime => &mut slots.end_time,
                Field::DeviceId => &mut slots.device_id,
                Field::Unknown => {
                    fields.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let value = fields.next_value()?;
            *slot = if matches!(slot, Slot::Absent) { value } else { Slot::Twice };
        }
        Ok(Lenient(slots.draft()))
    }
}

/// The fields that a ping of some kind has.
#[derive(Clone, Copy)]
enum Field {
    Kind,
    AppName,
    Url,
    Domain,
    Project,
    Language,
    Audible,
    StartTime,
    EndTime,
    DeviceId,
    Unknown,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(FieldVisitor)
    }
}

struct FieldVisitor;

impl Visitor<'_> for FieldVisitor {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Field, E> {
        Ok(match name {
            "kind" => Field::Kind,
            "app_name" => Field::AppName,
            "url" => Field::Url,
            "domain" => Field::Domain,
            "project" => Field::Project,
            "language" => Field::Language,
            "audible" => Field::Audible,
            "start_time" => Field::StartTime,
            "end_time" => Field::EndTime,
            "device_id" => Field::DeviceId,
            _ => Field::Unknown,
        })
    }
}

const KIND: Name = Name { field: "kind", code: "invalid_kind" };
const APP_NAME: Name = Name { field: "app_name", code: "invalid_app_name" };
const URL: Name = Name { field: "url", code: "invalid_url" };
const DOMAIN: Name = Name { field: "domain", code: "invalid_domain" };
const PROJECT: Name = Name { field: "project", code: "invalid_project" };
const LANGUAGE: Name = Name { field: "language", code: "invalid_language" };
const AUDIBLE: Name = Name { field: "audible", code: "invalid_audible" };
const START_TIME: Name = Name { field: "start_time", code: "invalid_start_time" };
const END_TIME: Name = Name { field: "end_time", code: "invalid_end_time" };
const DEVICE_ID: Name = Name { field: "device_id", code: "invalid_device_id" };

#[derive(Default)]
struct Slots<'a> {
    kind: Slot<'a>,
    app_name: Slot<'a>,
    url: Slot<'a>,
    domain: Slot<'a>,
    project: Slot<'a>,
    language: Slot<'a>,
    audible: Slot<'a>,
    start_time: Slot<'a>,
    end_time: Slot<'a>,
    device_id: Slot<'a>,
}

impl<'a> Slots<'a> {
    fn draft(self) -> Draft<'a> {
        let kind = self.kind.maybe_text(KIND)?;
        let seen = match kind.as_deref() {
            None | Some("use") => SeenDraft::Use {
                app_name: self.app_name.text(APP_NAME)?,
                site: site(self.url, self.domain)?,
                project: self.project.maybe_text(PROJECT)?,
            },
            Some("page") => SeenDraft::Page {
                app_name: self.app_name.text(APP_NAME)?,
                site: site(self.url, self.domain)?,
                audible: self.audible.flag(AUDIBLE)?,
            },
            Some("beat") => SeenDraft::Beat {
                app_name: self.app_name.text(APP_NAME)?,
                project: self.project.maybe_text(PROJECT)?,
                language: self.language.maybe_text(LANGUAGE)?,
            },
            Some("away") => SeenDraft::Away,
            Some("here") => SeenDraft::Here,
            Some(_) => return Err(Refusal::new(KIND.code, "kind must be use, page, beat, away or here")),
        };
        let start = self.start_time.instant(START_TIME)?;
        let end = end(&seen, start, self.end_time)?;
        Ok(PingDraft { seen, start, end, device_id: self.device_id.maybe_text(DEVICE_ID)? })
    }
}

/// The page, by its address or by its domain.
fn site<'a>(url: Slot<'a>, domain: Slot<'a>) -> Result<Site<'a>, Refusal> {
    match (url.maybe_text(URL)?, domain.maybe_text(DOMAIN)?) {
        (None, None) => Ok(Site::None),
        (Some(url), None) => Ok(Site::Url(url)),
        (None, Some(domain)) => Ok(Site::Domain(domain)),
        // Which of them counts is for nobody to guess.
        (Some(_), Some(_)) => {
            Err(Refusal::new(DOMAIN.code, "domain may stand instead of url, not beside it"))
        }
    }
}

/// The end of a ping; of a beat, which is a point in time, its start if it is left out.
fn end(seen: &SeenDraft<'_>, start: UtcMs, end_time: Slot<'_>) -> Result<UtcMs, Refusal> {
    match seen {
        SeenDraft::Beat { .. } => Ok(end_time.maybe_instant(END_TIME)?.unwrap_or(start)),
        _ => end_time.instant(END_TIME),
    }
}
