//! Takes what a file has: counts it, and brings it into the record if that is wanted.

use std::sync::Arc;
use std::time::Duration;

use dayline_app::identity::caller::Caller;
use dayline_app::tracking::corrections::{self, Change, Draft, EntryDraft};
use dayline_app::tracking::ingest::{self, PingDraft};
use dayline_app::{AppError, Kind};
use dayline_domain::{Correction, PingLimits, Says, Source};
use dayline_foreign::Item;
use tokio::time::sleep;

use super::told::Told;
use crate::state::WebState;

/// Where something was seen that does not say where, as `dayline import` has it too.
const DEVICE: &str = "import";
/// What some pieces cost, as bytes of pings.
const WORK_EACH: usize = 256;
/// How long it is waited, altogether, until something can be stored: proxies wait for an answer no longer than a minute.
const PATIENCE: Duration = Duration::from_secs(25);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(250);

/// What is taken for a person.
pub(super) struct Taking<'a> {
    web: &'a WebState,
    pub(super) caller: &'a Caller,
    /// Whether it is brought in, or only counted.
    pub(super) brings_in: bool,
    limits: PingLimits,
    patience: Patience,
    entries: Vec<Correction>,
    pub(super) told: Told,
}

impl<'a> Taking<'a> {
    pub(super) fn new(web: &'a WebState, caller: &'a Caller, brings_in: bool) -> Self {
        Self {
            web,
            caller,
            brings_in,
            limits: web.app.rules.pings.of_foreign_wires(),
            patience: Patience(PATIENCE),
            entries: Vec::new(),
            told: Told::default(),
        }
    }

    /// Takes some pieces. Entries are kept until all else is taken.
    pub(super) async fn take(&mut self, items: &[Item]) -> Result<(), AppError> {
        let mut drafts = Vec::new();
        for item in items {
            let before = drafts.len();
            drafts.extend(item.drafts().into_iter().map(with_device));
            match item {
                Item::LeftOut(what) => self.told.leave_out(what),
                Item::Entry(entry) => self.entries.push(entry.clone()),
                _ if drafts.len() == before => self.told.leave_out("events and heartbeats that say nothing"),
                _ => {}
            }
        }
        if self.brings_in {
            self.store(&drafts).await?;
        }
        for draft in &drafts {
            self.told.add(draft);
        }
        Ok(())
    }

    /// Makes what was observed durable.
    async fn store(&mut self, drafts: &[PingDraft<'_>]) -> Result<(), AppError> {
        loop {
            match self.try_to_store(drafts).await {
                Err(error) if self.patience.waits_for(&error) => sleep(PAUSE).await,
                outcome => return outcome,
            }
        }
    }

    async fn try_to_store(&mut self, drafts: &[PingDraft<'_>]) -> Result<(), AppError> {
        let Self { web, caller, limits, told, .. } = self;
        let work = web.kit.ping_work.acquire_or_all(drafts.len() * WORK_EACH);
        let _work = work.map_err(|_| AppError::LogFull { retry_after_s: 1 })?;
        let receipt = ingest::accept_within(limits, &web.app, caller, drafts.iter().cloned().map(Ok)).await?;
        web.kit.metrics.pings_received(&receipt);
        for rejected in &receipt.rejected {
            told.refuse(&rejected.refusal);
        }
        Ok(())
    }

    /// The last of it: the entries that are new, in the order in which they were made, since of two that overlap the later
    /// one counts.
    pub(super) async fn finish(&mut self) -> Result<(), AppError> {
        let mut entries = std::mem::take(&mut self.entries);
        self.told.entries = entries.len();
        if entries.is_empty() {
            return Ok(());
        }
        let known = corrections::list(&self.web.app, self.caller, None).await?;
        entries.retain(|entry| known.iter().all(|known| known.says != entry.says));
        entries.sort_by_key(|entry| entry.version);
        self.told.new_entries = entries.len();
        if !self.brings_in {
            return Ok(());
        }
        for draft in entries.into_iter().filter_map(draft) {
            self.enter(draft).await?;
        }
        Ok(())
    }

    async fn enter(&mut self, draft: Draft) -> Result<(), AppError> {
        loop {
            match corrections::apply(&self.web.app, self.caller, Change::New(draft.clone())).await {
                Err(AppError::Invalid(_)) => {
                    self.told.new_entries -= 1;
                    self.told.leave_out("entries that cannot be");
                    return Ok(());
                }
                Err(error) if self.patience.waits_for(&error) => sleep(PAUSE).await,
                outcome => return outcome.map(drop),
            }
        }
    }
}

/// What is left of the time to wait.
struct Patience(Duration);

impl Patience {
    /// Whether it is waited once more until time mends something.
    fn waits_for(&mut self, error: &AppError) -> bool {
        let waits = matches!(error.kind(), Kind::Unavailable | Kind::TooMany) && !self.0.is_zero();
        if waits {
            self.0 = self.0.saturating_sub(PAUSE);
        }
        waits
    }
}

fn with_device(draft: PingDraft<'_>) -> PingDraft<'_> {
    let device_id = draft.device_id.or(Some(DEVICE.into()));
    PingDraft { device_id, ..draft }
}

/// What an entry says, to be said again.
fn draft(entry: Correction) -> Option<Draft> {
    let Says::Entry { interval, source } = entry.says else { return None };
    let Source { device, activity } = Arc::unwrap_or_clone(source);
    let entry = EntryDraft {
        app: activity.app.clone(),
        domain: activity.domain.as_ref().map(|domain| domain.as_str().to_owned()),
        project: activity.project.clone(),
        device: Some(device),
    };
    Some(Draft { start: interval.start(), end: interval.end(), entry: Some(entry) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_waited_for_what_time_mends_until_patience_ends() {
        let full = AppError::LogFull { retry_after_s: 1 };
        let mut patience = Patience(2 * PAUSE);
        assert!(!patience.waits_for(&AppError::NotFound));
        let waits: Vec<_> = (0..4).map(|_| patience.waits_for(&full)).collect();
        assert_eq!(waits, [true, true, false, false]);
    }
}
