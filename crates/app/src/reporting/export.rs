//! Everything Dayline knows about a person, page by page, so that any amount of it needs little
//! memory. Not here: secrets and their hashes, and the wire format.

use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::StoredRawEvent;
use dayline_domain::tracker_setting::{SettingName, SettingValue};
use dayline_domain::{
    Correction, DeviceId, DeviceName, Labels, Merge, Observation, Piece, Scope, Session, UserId, UtcDay,
    UtcMs,
};

use crate::identity::audit::MAX_ENTRIES;
use crate::identity::caller::Caller;
use crate::ports::{
    Accounts, ApiKey, ApiKeys, AuditLog, Buckets, DeadLetters, DeviceBook, LabelBook, LedgerReader,
    LoadedDay, PortError, RawEvents, Sessions, StoredAuditEvent, StoredBucket, StoredDeadLetter,
    TrackerSettings, User,
};
use crate::reporting::states::settle;
use crate::tracking::record::{self, Body};
use crate::{App, AppError};

/// Most events of trackers in one page: some megabytes.
const MAX_EVENTS: usize = 200;

/// One page of an export.
#[derive(Debug, Clone)]
pub enum Page {
    /// The profile; the first page.
    Profile(User),
    /// The sessions, all in one page: a person may have only so many.
    Sessions(Vec<Session>),
    /// The API keys, all in one page: a person may have only so many.
    Keys(Vec<ApiKey>),
    /// What the person has said about devices, all in one page: it is said of few.
    Devices(Vec<DeviceSaid>),
    /// What the person has said about names, all in one page: it is bounded.
    Labels(Labels),
    /// The buckets of foreign trackers, all in one page: a person may have only so many.
    Buckets(Vec<StoredBucket>),
    /// Some of the events of foreign trackers as they came, each with its bucket, by number.
    RawEvents(Vec<(BucketId, StoredRawEvent)>),
    /// What foreign trackers' pages remember, all in one page: a person may have only so many.
    TrackerSettings(Vec<(SettingName, SettingValue)>),
    /// Some of the audit log, the newest first.
    Audit(Vec<StoredAuditEvent>),
    /// A dead letter: pings that could not be processed.
    DeadLetter(DeadLetterPings),
    /// All corrections, each in its greatest version, those that were deleted left out.
    Corrections(Vec<Correction>),
    /// Some of the timeline and what it was made of, cut at midnight UTC.
    Ledger {
        /// What trackers saw, united where it touches or overlaps; by start.
        observed: Vec<Observation>,
        /// Pieces on the timeline, by start.
        counted: Vec<Piece>,
        /// Pieces of device use that something else outranked.
        outranked: Vec<Piece>,
    },
}

/// What the person has said about a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSaid {
    /// Which.
    pub id: DeviceId,
    /// What they call it.
    pub name: Option<DeviceName>,
    /// The device that it counts as; that one may be merged as well.
    pub merged_into: Option<DeviceId>,
}

/// A record of pings that could not be processed. Why is for operators; it may name parts of the
/// store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterPings {
    /// When it became a dead letter.
    pub at: UtcMs,
    /// Its pings, if it can be read.
    pub pings: Vec<Observation>,
    /// What the person said, if it is a correction.
    pub correction: Option<Correction>,
    /// The record as it is, if it can't.
    pub unreadable: Option<Vec<u8>>,
}

/// Where the data of an export is read.
#[derive(Clone)]
pub struct ExportPorts {
    /// For the profile, which is the first page.
    pub accounts: Arc<dyn Accounts>,
    /// For the sessions in force.
    pub sessions: Arc<dyn Sessions>,
    /// For the names and scopes of keys.
    pub api_keys: Arc<dyn ApiKeys>,
    /// For names and merges of devices.
    pub device_book: Arc<dyn DeviceBook>,
    /// For categories and aliases.
    pub label_book: Arc<dyn LabelBook>,
    /// For the buckets of foreign trackers.
    pub buckets: Arc<dyn Buckets>,
    /// For their events as they came, read in pages.
    pub raw_events: Arc<dyn RawEvents>,
    /// For what their pages remember.
    pub tracker_settings: Arc<dyn TrackerSettings>,
    /// For the entries that are not purged yet, read in pages.
    pub audit: Arc<dyn AuditLog>,
    /// For the person's pings that could not be processed.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// For the timeline, read some days at a time.
    pub ledger: Arc<dyn LedgerReader>,
}

impl ExportPorts {
    fn of(app: &App) -> Self {
        Self {
            accounts: app.accounts.clone(),
            sessions: app.sessions.clone(),
            api_keys: app.api_keys.clone(),
            device_book: app.device_book.clone(),
            label_book: app.label_book.clone(),
            buckets: app.buckets.clone(),
            raw_events: app.raw_events.clone(),
            tracker_settings: app.tracker_settings.clone(),
            audit: app.audit.clone(),
            dead_letters: app.dead_letters.clone(),
            ledger: app.ledger.clone(),
        }
    }
}

/// An export under way.
pub struct Export {
    ports: ExportPorts,
    user: UserId,
    /// The first and the last day of the ledger, once that is known.
    extent: Option<(UtcDay, UtcDay)>,
    next: Next,
}

enum Next {
    Profile,
    Sessions,
    Keys,
    Devices,
    Buckets,
    /// Those with numbers after this one.
    RawEvents(u64),
    TrackerSettings,
    Labels,
    Audit(Option<u64>),
    DeadLetter(u64),
    Extent,
    Days(UtcDay),
    Nothing,
}

/// Begins an export of the caller's data.
pub fn open(app: &App, caller: &Caller) -> Result<Export, AppError> {
    caller.require(Scope::Account)?;
    Ok(Export::of(ExportPorts::of(app), caller.user))
}

impl From<StoredDeadLetter> for DeadLetterPings {
    fn from(stored: StoredDeadLetter) -> Self {
        let record = stored.letter.record;
        let at = stored.at;
        let (pings, correction, unreadable) = match record::decode(&record) {
            Ok((_, Body::Observations(pings))) => (pings, None, None),
            Ok((_, Body::Correction(correction))) => (Vec::new(), Some(correction), None),
            Ok((_, Body::Chosen(_))) => (Vec::new(), None, None),
            Err(_) => (Vec::new(), None, Some(record)),
        };
        Self { at, pings, correction, unreadable }
    }
}

impl Export {
    /// An export of somebody's data, for whoever has asked already whether they may have it.
    pub(crate) fn of(ports: ExportPorts, user: UserId) -> Self {
        Self { ports, user, extent: None, next: Next::Profile }
    }

    /// How many days of the ledger are done, and how many there are, as far as known.
    pub fn progress(&self) -> (u32, u32) {
        let days = |first: UtcDay, end: i32| u32::try_from(end.saturating_sub(first.0)).unwrap_or(0);
        let Some((first, last)) = self.extent else { return (0, 0) };
        let all = days(first, last.0.saturating_add(1));
        match self.next {
            Next::Days(next) => (days(first, next.0).min(all), all),
            _ => (all, all),
        }
    }

    /// The next page; `None` after the last.
    pub async fn page(&mut self) -> Result<Option<Page>, AppError> {
        loop {
            match self.next {
                Next::Profile => {
                    self.next = Next::Sessions;
                    return Ok(Some(Page::Profile(self.profile().await?)));
                }
                Next::Sessions => {
                    self.next = Next::Keys;
                    return Ok(Some(Page::Sessions(self.ports.sessions.list(self.user).await?)));
                }
                Next::Keys => {
                    self.next = Next::Devices;
                    return Ok(Some(Page::Keys(self.ports.api_keys.list(self.user).await?)));
                }
                Next::Devices => {
                    self.next = Next::Labels;
                    return Ok(Some(Page::Devices(self.devices().await?)));
                }
                Next::Labels => {
                    self.next = Next::Buckets;
                    return Ok(Some(Page::Labels(self.ports.label_book.labels(self.user).await?.labels)));
                }
                Next::Buckets => {
                    self.next = Next::RawEvents(0);
                    return Ok(Some(Page::Buckets(self.ports.buckets.buckets(self.user).await?)));
                }
                Next::RawEvents(after) => {
                    let events = self.ports.raw_events.all_raw_events(self.user, after, MAX_EVENTS).await?;
                    let Some((_, last)) = events.last() else {
                        self.next = Next::TrackerSettings;
                        continue;
                    };
                    self.next = Next::RawEvents(last.number);
                    return Ok(Some(Page::RawEvents(events)));
                }
                Next::TrackerSettings => {
                    self.next = Next::Audit(None);
                    let settings = self.ports.tracker_settings.tracker_settings(self.user).await?;
                    return Ok(Some(Page::TrackerSettings(settings)));
                }
                Next::Audit(before) => {
                    let entries = self.ports.audit.list(self.user, before, MAX_ENTRIES).await?;
                    let Some(oldest) = entries.last().map(|entry| entry.id) else {
                        self.next = Next::DeadLetter(0);
                        continue;
                    };
                    self.next = Next::Audit(Some(oldest));
                    return Ok(Some(Page::Audit(entries)));
                }
                Next::DeadLetter(after) => {
                    // One at a time: a record may be as large as a request.
                    let letters = self.ports.dead_letters.list_of(self.user, after, 1).await?;
                    let Some(letter) = letters.into_iter().next() else {
                        self.next = Next::Extent;
                        continue;
                    };
                    self.next = Next::DeadLetter(letter.id);
                    return Ok(Some(Page::DeadLetter(letter.into())));
                }
                Next::Extent => {
                    self.extent = self.ports.ledger.extent(self.user).await?;
                    self.next = self.extent.map_or(Next::Nothing, |(first, _)| Next::Days(first));
                    let corrections = self.ports.ledger.corrections(self.user, None).await?;
                    return Ok(Some(Page::Corrections(corrections)));
                }
                Next::Days(day) if self.extent.is_some_and(|(_, last)| day <= last) => {
                    self.next = Next::Days(UtcDay(day.0.saturating_add(1)));
                    let page = page_of_day(&*self.ports.ledger, self.user, day).await?;
                    let Some(page) = page else { continue };
                    return Ok(Some(page));
                }
                Next::Days(_) | Next::Nothing => return Ok(None),
            }
        }
    }

    /// What is said about devices, by name.
    async fn devices(&self) -> Result<Vec<DeviceSaid>, AppError> {
        let mut said = BTreeMap::new();
        for (id, name) in self.ports.device_book.device_names(self.user).await? {
            said.insert(id.clone(), DeviceSaid { id, name: Some(name), merged_into: None });
        }
        for Merge { device: id, into } in self.ports.device_book.merges(self.user).await?.made() {
            let unsaid = || DeviceSaid { id: id.clone(), name: None, merged_into: None };
            said.entry(id.clone()).or_insert_with(unsaid).merged_into = Some(into.clone());
        }
        Ok(said.into_values().collect())
    }

    async fn profile(&self) -> Result<User, AppError> {
        // A token may outlive its account by a moment; then there is nobody signed in.
        self.ports.accounts.find(self.user).await?.ok_or(AppError::NotSignedIn)
    }
}

/// What there is of a person's day; `None` if nothing.
pub(crate) async fn page_of_day(
    ledger: &dyn LedgerReader,
    user: UserId,
    day: UtcDay,
) -> Result<Option<Page>, PortError> {
    let stored = match ledger.days(user, vec![day]).await?.pop() {
        Some(LoadedDay::Day(stored)) if stored.version > 0 => stored,
        Some(LoadedDay::Damaged(why)) => return Err(PortError::Corrupt(why)),
        _ => return Ok(None),
    };
    let counted = stored.counted.clone();
    let settled = settle(*stored);
    let in_day = |observation: Observation| observation.clip(day.interval());
    let mut observed: Vec<Observation> = settled.observations().filter_map(in_day).collect();
    observed.sort_by(|a, b| {
        let start = |observation: &Observation| observation.interval().start();
        start(a).cmp(&start(b)).then_with(|| a.subject().cmp(b.subject()))
    });
    let outranked = settled.outranked();
    if observed.is_empty() && counted.is_empty() {
        return Ok(None);
    }
    Ok(Some(Page::Ledger { observed, counted, outranked }))
}
