//! The lines of an export, and how the use case's pages become lines.

use dayline_app::ports::{ApiKey, StoredAuditEvent, StoredBucket, User};
use dayline_app::reporting::export::{DeadLetterPings, DeviceSaid, Page};
use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::StoredRawEvent;
use dayline_domain::tracker_setting::{SettingName, SettingValue};
use dayline_domain::{
    Alias, Category, Correction, DeviceId, DeviceName, Observation, Piece, Session, SessionId,
};
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::ToSchema;

use super::api_key::KeyItem;
use super::audit_entry::AuditEntry;
use super::bucket::BucketItem;
use super::category::{AliasItem, CategoryItem};
use super::correction::CorrectionItem;
use super::interval::IntervalItem;
use super::observation::ObservationItem;
use super::profile::Profile;
use super::raw_event::{RawEventItem, TrackerSettingItem};
use super::session::SessionItem;

/// One line of an export, as it is written. What each is, is said where it is described.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ExportLine<'a> {
    Profile(Profile),
    Session(SessionItem),
    ApiKey(KeyItem),
    Device(DeviceSaidItem<'a>),
    Category(CategoryItem<'a>),
    Alias(AliasItem<'a>),
    Bucket(BucketItem<'a>),
    RawEvent(RawEventItem<'a>),
    TrackerSetting(TrackerSettingItem<'a>),
    Audit(AuditEntry<'a>),
    PutAside(PutAsideItem<'a>),
    Correction(CorrectionItem<'a>),
    Observation(ObservationItem<'a>),
    Interval(IntervalItem<'a>),
    Outranked(IntervalItem<'a>),
    End(EndItem),
}

/// The last line.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportEnd)]
pub(crate) struct EndItem {
    /// How many lines of each type came before.
    counts: Counts,
}

/// What I said about a device.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeviceSaidItem<'a> {
    /// Which.
    #[schema(example = "laptop")]
    device_id: &'a str,
    /// What I call it.
    #[schema(required, example = "My laptop")]
    name: Option<&'a str>,
    /// The device into which I merged it; that one may be merged as well.
    #[schema(required, example = json!(null))]
    merged_into: Option<&'a str>,
}

impl<'a> From<&'a DeviceSaid> for DeviceSaidItem<'a> {
    fn from(DeviceSaid { id, name, merged_into }: &'a DeviceSaid) -> Self {
        let name = name.as_ref().map(DeviceName::as_str);
        Self { device_id: id.as_str(), name, merged_into: merged_into.as_ref().map(DeviceId::as_str) }
    }
}

/// What was accepted but could not be processed; the operator may try again.
#[derive(Serialize, ToSchema)]
pub(crate) struct PutAsideItem<'a> {
    /// When they were put aside.
    #[schema(format = DateTime, example = "2026-11-20T10:00:01.000Z")]
    put_aside_at: String,
    /// The pings, if they can be read.
    pings: Vec<ObservationItem<'a>>,
    /// The correction, if it is one.
    #[schema(required, example = json!(null))]
    correction: Option<CorrectionItem<'a>>,
    /// What was stored, if not: bytes as hexadecimal digits.
    #[schema(required, example = json!(null))]
    unreadable: Option<String>,
}

impl<'a> From<&'a DeadLetterPings> for PutAsideItem<'a> {
    fn from(DeadLetterPings { at, pings, correction, unreadable }: &'a DeadLetterPings) -> Self {
        Self {
            put_aside_at: instant::utc(*at),
            pings: pings.iter().map(ObservationItem::from).collect(),
            correction: correction.as_ref().map(CorrectionItem::from),
            unreadable: unreadable.as_deref().map(hexadecimal),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// How many lines of each type there are.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[schema(as = ExportCounts)]
pub(crate) struct Counts {
    profile: u64,
    session: u64,
    api_key: u64,
    device: u64,
    category: u64,
    alias: u64,
    bucket: u64,
    raw_event: u64,
    tracker_setting: u64,
    audit: u64,
    put_aside: u64,
    correction: u64,
    observation: u64,
    interval: u64,
    outranked: u64,
}

/// What becomes a line.
pub(crate) enum ExportItem {
    Profile(User),
    Session(Session),
    Key(ApiKey),
    Device(DeviceSaid),
    Category(Category),
    Alias(Alias),
    Bucket(StoredBucket),
    RawEvent(BucketId, StoredRawEvent),
    TrackerSetting(SettingName, SettingValue),
    Audit(StoredAuditEvent),
    DeadLetter(DeadLetterPings),
    Correction(Correction),
    Observation(Observation),
    Interval(Piece),
    Outranked(Piece),
}

pub(crate) type ExportItems = Box<dyn Iterator<Item = ExportItem> + Send>;

/// What becomes of a page.
pub(crate) fn lines(page: Page) -> ExportItems {
    match page {
        Page::Profile(user) => Box::new(std::iter::once(ExportItem::Profile(user))),
        Page::Sessions(sessions) => Box::new(sessions.into_iter().map(ExportItem::Session)),
        Page::Keys(keys) => Box::new(keys.into_iter().map(ExportItem::Key)),
        Page::Devices(said) => Box::new(said.into_iter().map(ExportItem::Device)),
        Page::Labels(labels) => {
            let categories = labels.categories.iter().cloned().map(ExportItem::Category);
            let aliases = labels.aliases.said().cloned().map(ExportItem::Alias);
            let all: Vec<ExportItem> = categories.chain(aliases).collect();
            Box::new(all.into_iter())
        }
        Page::Buckets(buckets) => Box::new(buckets.into_iter().map(ExportItem::Bucket)),
        Page::RawEvents(events) => {
            Box::new(events.into_iter().map(|(bucket, event)| ExportItem::RawEvent(bucket, event)))
        }
        Page::TrackerSettings(settings) => {
            Box::new(settings.into_iter().map(|(name, value)| ExportItem::TrackerSetting(name, value)))
        }
        Page::Audit(entries) => Box::new(entries.into_iter().map(ExportItem::Audit)),
        Page::DeadLetter(letter) => Box::new(std::iter::once(ExportItem::DeadLetter(letter))),
        Page::Corrections(corrections) => Box::new(corrections.into_iter().map(ExportItem::Correction)),
        Page::Ledger { observed, counted, outranked } => {
            let observed = observed.into_iter().map(ExportItem::Observation);
            let counted = counted.into_iter().map(ExportItem::Interval);
            Box::new(observed.chain(counted).chain(outranked.into_iter().map(ExportItem::Outranked)))
        }
    }
}

/// The lines of an export, counted while they are written.
pub(crate) struct ExportLines {
    current: Option<SessionId>,
    counts: Counts,
}

impl ExportLines {
    /// No lines yet. `current` is the session that asks.
    pub(crate) fn new(current: Option<SessionId>) -> Self {
        Self { current, counts: Counts::default() }
    }

    /// Writes a line.
    pub(crate) fn write(&mut self, item: &ExportItem, chunk: &mut Vec<u8>) {
        let counts = &mut self.counts;
        let (line, count) = match item {
            ExportItem::Profile(user) => (ExportLine::Profile(user.clone().into()), &mut counts.profile),
            ExportItem::Session(session) => {
                (ExportLine::Session(SessionItem::new(session.clone(), self.current)), &mut counts.session)
            }
            ExportItem::Key(key) => (ExportLine::ApiKey(key.into()), &mut counts.api_key),
            ExportItem::Device(said) => (ExportLine::Device(said.into()), &mut counts.device),
            ExportItem::Category(category) => (ExportLine::Category(category.into()), &mut counts.category),
            ExportItem::Alias(alias) => (ExportLine::Alias(alias.into()), &mut counts.alias),
            ExportItem::Bucket(stored) => (ExportLine::Bucket(stored.into()), &mut counts.bucket),
            ExportItem::RawEvent(bucket, event) => {
                (ExportLine::RawEvent(RawEventItem::new(bucket, event)), &mut counts.raw_event)
            }
            ExportItem::TrackerSetting(name, value) => {
                let item = TrackerSettingItem::new(name, value);
                (ExportLine::TrackerSetting(item), &mut counts.tracker_setting)
            }
            ExportItem::Audit(entry) => (ExportLine::Audit(entry.into()), &mut counts.audit),
            ExportItem::DeadLetter(letter) => (ExportLine::PutAside(letter.into()), &mut counts.put_aside),
            ExportItem::Correction(correction) => {
                (ExportLine::Correction(correction.into()), &mut counts.correction)
            }
            ExportItem::Observation(seen) => (ExportLine::Observation(seen.into()), &mut counts.observation),
            ExportItem::Interval(piece) => (ExportLine::Interval(piece.into()), &mut counts.interval),
            ExportItem::Outranked(piece) => (ExportLine::Outranked(piece.into()), &mut counts.outranked),
        };
        *count += 1;
        write_line(&line, chunk);
    }

    /// Writes the last line.
    pub(crate) fn finish(&self, chunk: &mut Vec<u8>) {
        write_line(&ExportLine::End(EndItem { counts: self.counts }), chunk);
    }
}

fn write_line(line: &ExportLine<'_>, chunk: &mut Vec<u8>) {
    // Structs of texts and numbers always serialise, and memory takes all bytes.
    let _ = serde_json::to_writer(&mut *chunk, line);
    chunk.push(b'\n');
}
