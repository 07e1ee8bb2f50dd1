//! Sends what a person says about their own time, and remembers what became of it.

use std::sync::Arc;
use std::time::Duration;

use dayline_cli_kit::console::remark;
use dayline_domain::{
    Activity, AppName, Correction, CorrectionId, DeviceId, Domain, NameError, Project, Says, Source,
};
use reqwest::StatusCode;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

use super::check::Attempt;
use super::correcting::{Occasion, Word};
use super::run::{Person, Run};
use super::stats::count;
use crate::client::wire::{CorrectionReceipt, Entry, NewCorrection};
use crate::client::{Device, Refusal};
use crate::dice::Dice;

/// Speaks for a person on one of their devices.
pub(super) struct Speaker<'a> {
    run: &'a Run,
    person: &'a Person,
    device: &'a Device,
    /// The entries that were made here and may still be there.
    entries: Vec<CorrectionId>,
    dice: Dice,
}

/// What is asked of the server.
enum Request {
    Add(NewCorrection),
    Change(CorrectionId, NewCorrection),
    Delete(CorrectionId),
}

impl Request {
    /// Of which entry it makes another version, if it does.
    fn id(&self) -> Option<CorrectionId> {
        match self {
            Self::Add(_) => None,
            Self::Change(id, _) | Self::Delete(id) => Some(*id),
        }
    }
}

impl<'a> Speaker<'a> {
    pub(super) fn new(run: &'a Run, person: &'a Person, device: &'a Device, dice: Dice) -> Self {
        Self { run, person, device, entries: Vec::new(), dice }
    }

    /// Says all that comes, in order, until nothing more can come. With chaos the person sometimes goes
    /// away after a moment that is often too short for an answer.
    pub(super) async fn say_all(mut self, mut words: UnboundedReceiver<Word>) {
        while let Some(word) = words.recv().await {
            let leaves = self.run.chaos && self.dice.one_in(20);
            let leaves_after = leaves.then(|| Duration::from_micros(self.dice.below(5_000)));
            self.say(word, leaves_after).await;
        }
    }

    /// Says it to the server until it is acknowledged; or only once, and goes away after a moment.
    async fn say(&mut self, word: Word, leaves_after: Option<Duration>) {
        let Some((request, says)) = self.request(word) else { return };
        let mut tries = 0;
        let outcome = if let Some(moment) = leaves_after {
            let left = |_| Refusal::Unanswered("the person left".into());
            timeout(moment, self.send(&request, 0)).await.map_err(left).flatten()
        } else {
            let attempt = |number| {
                tries = number;
                self.send(&request, number)
            };
            self.run.patience_of_people.until_done(attempt).await
        };
        let is_sure = tries == 0 && outcome.is_ok();
        if !is_sure {
            // A try whose answer did not come may have been taken, or may still be.
            let attempt = Attempt { id: request.id(), says: says.clone() };
            self.person.sent().corrections.attempted.push(attempt);
        }
        match outcome {
            Ok(receipt) => self.acknowledged(receipt, says),
            Err(refusal) => self.unacknowledged(leaves_after.is_some(), &refusal),
        }
    }

    /// What is asked for, and what it says. Who has made no entry makes one instead of changing it.
    fn request(&mut self, word: Word) -> Option<(Request, Says)> {
        let entries = self.entries.len() as u64;
        match word {
            Word::Enter(occasion) => self.new_entry(occasion, None),
            Word::Change(_, occasion) if entries == 0 => self.new_entry(occasion, None),
            Word::Change(n, occasion) => {
                let id = self.entries[(n % entries) as usize];
                self.new_entry(occasion, Some(id))
            }
            Word::Withdraw(_) if entries == 0 => None,
            Word::Withdraw(n) => {
                // Whatever comes of it: nobody may ask for another version any more.
                let id = self.entries.remove((n % entries) as usize);
                Some((Request::Delete(id), Says::Nothing))
            }
            Word::Erase(interval) => {
                Some((Request::Add(NewCorrection::erasure(interval)), Says::Erasure { interval }))
            }
        }
    }

    fn new_entry(&self, occasion: Occasion, of: Option<CorrectionId>) -> Option<(Request, Says)> {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let entry = Entry {
            app_name: occasion.app.to_owned(),
            domain: text(occasion.domain),
            project: text(occasion.project),
            device_id: text(occasion.device),
        };
        let correction = NewCorrection::entry(occasion.interval, entry);
        let source = Arc::new(source(&occasion, self.device.id()).ok()?);
        let says = Says::Entry { interval: occasion.interval, source };
        let request = match of {
            None => Request::Add(correction),
            Some(id) => Request::Change(id, correction),
        };
        Some((request, says))
    }

    /// Tries once. That an entry is gone already is an answer to the repeated wish to delete it.
    async fn send(&self, request: &Request, number: u32) -> Result<Option<CorrectionReceipt>, Refusal> {
        let outcome = match request {
            Request::Add(correction) => self.device.correct(correction).await,
            Request::Change(id, correction) => self.device.change_entry(&id.to_string(), correction).await,
            Request::Delete(id) => self.device.delete_entry(&id.to_string()).await,
        };
        match outcome {
            Err(refusal)
                if number > 0
                    && matches!(request, Request::Delete(_))
                    && refusal.is_answer(StatusCode::NOT_FOUND) =>
            {
                Ok(None)
            }
            outcome => outcome.map(Some),
        }
    }

    fn acknowledged(&mut self, receipt: Option<CorrectionReceipt>, says: Says) {
        count(&self.run.stats.corrections, 1);
        let Some(CorrectionReceipt { id, version }) = receipt else { return };
        let Ok(id) = id.parse::<CorrectionId>() else {
            remark(format_args!("a correction has an id that is none: {id}"));
            count(&self.run.stats.refused, 1);
            return;
        };
        if matches!(says, Says::Entry { .. }) && !self.entries.contains(&id) {
            self.entries.push(id);
        }
        self.person.sent().corrections.acknowledged.push(Correction { id, version, says });
    }

    fn unacknowledged(&self, left: bool, refusal: &Refusal) {
        let stats = &self.run.stats;
        let counter = match refusal {
            _ if left => &stats.abandoned,
            refusal if refusal.may_pass() => &stats.given_up,
            _ => &stats.refused,
        };
        count(counter, 1);
        if !left {
            remark(format_args!("a correction was not accepted: {refusal}"));
        }
    }
}

/// What an occasion counts as, told on this device.
fn source(occasion: &Occasion, device: &str) -> Result<Source, NameError> {
    let activity = Activity {
        domain: occasion.domain.map(Domain::new).transpose()?,
        project: occasion.project.map(Project::new).transpose()?,
        ..Activity::of(AppName::new(occasion.app)?)
    };
    let device = DeviceId::new(occasion.device.unwrap_or(device))?;
    Ok(Source { device, activity: Arc::new(activity) })
}
