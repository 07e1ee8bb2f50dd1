//! The worker's side of the fake store's ledger.

use std::sync::Arc;

use dayline_app::ports::{
    Applied, DayKey, DayWrite, Edition, LedgerCommit, LedgerWriter, LoadedDay, Partition, PortError,
    PortFuture, Position, StoredDay, StoredDeadLetter,
};
use dayline_app::tracking::stored_state::StateError;
use dayline_domain::timeline::window::Window;
use dayline_domain::{
    Correction, CorrectionId, Interval, Merges, Observation, Piece, Says, Terms, UserId, UtcDay, UtcMs,
};

use super::day::{Day, in_window};
use super::{FakeStore, Tables};

impl LedgerWriter for FakeStore {
    fn position(&self, partition: Partition) -> PortFuture<'_, Position> {
        self.transaction(|tables| Ok(tables.positions.get(&partition).copied().unwrap_or_default()))
    }

    fn load(&self, days: Vec<DayKey>) -> PortFuture<'_, Vec<LoadedDay>> {
        self.transaction(|tables| {
            tables.days_loaded += days.len();
            Ok(days.into_iter().map(|key| tables.load(key)).collect())
        })
    }

    fn corrections(&self, user: UserId, ids: Vec<CorrectionId>) -> PortFuture<'_, Vec<Correction>> {
        self.transaction(|tables| {
            let stored = ids.iter().filter_map(|id| tables.corrections.get(&(user, *id)));
            Ok(stored.cloned().collect())
        })
    }

    fn apply(&self, commit: Arc<LedgerCommit>) -> PortFuture<'_, Applied> {
        self.transaction(|tables| {
            if commit.to < commit.from {
                return Err(PortError::Rejected("a position would move back".into()));
            }
            if tables.positions.get(&commit.partition).copied().unwrap_or_default() != commit.from {
                return Ok(Applied::Fenced);
            }
            let is_current = |(user, write): &(UserId, DayWrite)| {
                let key = DayKey { user: *user, day: write.day };
                let version = tables.days.get(&key).map_or(0, |day| day.version);
                tables.users.contains_key(user) && version == write.from_version
            };
            if !commit.days.iter().all(is_current) {
                return Ok(Applied::Stale);
            }
            for (user, write) in &commit.days {
                tables.write(*user, write, commit.at)?;
            }
            for (user, correction) in &commit.corrections {
                tables.keep(*user, correction);
            }
            for (user, _) in &commit.corrections {
                tables.forget_erased_entries(*user);
            }
            tables.bury(&commit);
            tables.positions.insert(commit.partition, commit.to);
            Ok(Applied::Done)
        })
    }

    fn check(&self) -> PortFuture<'_, ()> {
        self.transaction(|_| Ok(()))
    }
}

impl Tables {
    pub(super) fn load(&self, key: DayKey) -> LoadedDay {
        if !self.users.contains_key(&key.user) {
            return LoadedDay::NoSuchUser;
        }
        match self.stored_day(key) {
            Ok(day) => LoadedDay::Day(Box::new(day)),
            Err(error) => LoadedDay::Damaged(error.to_string()),
        }
    }

    fn stored_day(&self, key: DayKey) -> Result<StoredDay, StateError> {
        let terms = self.terms(key.user);
        let stored = self.days.get(&key);
        let settled = stored.filter(|day| day.edition == Edition::Second);
        let window = Window::of(key.day).interval();
        Ok(StoredDay {
            day: key.day,
            version: stored.map_or(0, |day| day.version),
            is_past: self.kept_from.get(&key.user).is_some_and(|from| key.day < *from),
            edition: stored.map_or(Edition::Second, |day| day.edition),
            settled_by: settled.map_or_else(|| terms.clone(), |day| day.settled_by.clone()),
            terms,
            observations: self.observations(key)?,
            corrections: self.corrections_in(key.user, Some(window)),
            counted: stored.into_iter().flat_map(Day::counted).cloned().collect(),
            has_tail: stored.is_some_and(|day| day.tail.is_some()),
            recent: stored.map_or(Ok(Vec::new()), Day::recent)?,
        })
    }

    /// A day of the second edition has a state of its own. Any other has what days of the first edition
    /// know of its window; one of the first edition itself also what other neighbours do.
    fn observations(&self, key: DayKey) -> Result<Vec<Observation>, StateError> {
        let edition = self.days.get(&key).map(|day| day.edition);
        let near = if edition == Some(Edition::Second) { 0..=0 } else { -1..=1 };
        let near = near.filter_map(|n| self.days.get(&DayKey { day: UtcDay(key.day.0 + n), ..key }));
        let mut observations = Vec::new();
        for day in near.filter(|day| edition.is_some() || day.edition == Edition::First) {
            observations.extend(in_window(key.day, day.observations()?));
        }
        Ok(observations)
    }

    /// The person's terms now.
    pub(super) fn terms(&self, user: UserId) -> Terms {
        let choices = self.preferences.get(&user).copied().unwrap_or_default().choices;
        Terms { choices, merges: self.merges(user) }
    }

    /// The person's merges.
    pub(super) fn merges(&self, user: UserId) -> Merges {
        self.merges.get(&user).cloned().unwrap_or_default()
    }

    /// Corrections that say something of an interval, or of any time, by version.
    pub(super) fn corrections_in(&self, user: UserId, within: Option<Interval>) -> Vec<Correction> {
        let theirs = self.corrections.iter().filter(|((of, _), _)| *of == user).map(|(_, stored)| stored);
        let meets = |said: Interval| within.is_none_or(|within| said.clip(within).is_some());
        let mut corrections: Vec<Correction> =
            theirs.filter(|correction| said_of(&correction.says).is_some_and(meets)).cloned().collect();
        corrections.sort_by_key(|correction| correction.version);
        corrections
    }

    fn write(&mut self, user: UserId, write: &DayWrite, at: UtcMs) -> Result<(), PortError> {
        let refused = self.refused_app.as_deref();
        let mut new = write.ended.added.iter().chain(&write.tail);
        if new.any(|piece: &Piece| Some(piece.source.activity.app.as_str()) == refused) {
            return Err(PortError::Rejected("an app the store refuses".into()));
        }
        let key = DayKey { user, day: write.day };
        if self.unwritable == Some(key) {
            return Err(PortError::Corrupt("a page that can't be written".into()));
        }
        self.days.entry(key).or_insert_with(|| Day::empty(key.day)).write(write, at)
    }

    /// Keeps a correction of a person who is there, unless a greater version or an erasure is kept. An
    /// erasure takes any entry's place, so that the order does not matter.
    fn keep(&mut self, user: UserId, correction: &Correction) {
        if !self.users.contains_key(&user) {
            return;
        }
        let kept = self.corrections.entry((user, correction.id)).or_insert_with(|| correction.clone());
        let [is_final, erases] =
            [&kept.says, &correction.says].map(|says| matches!(says, Says::Erasure { .. }));
        if !is_final && (erases || kept.version < correction.version) {
            kept.clone_from(correction);
        }
        if let Says::Erasure { interval } = correction.says {
            self.raw.erase(user, interval);
        }
    }

    /// Lets go of what entries say that newer erasures cover wholly.
    fn forget_erased_entries(&mut self, user: UserId) {
        let theirs = self.corrections_in(user, None);
        for erased in theirs.iter().filter(|said| said.is_erased_by(&theirs)) {
            self.corrections.insert((user, erased.id), erased.without_words());
        }
    }

    fn bury(&mut self, commit: &LedgerCommit) {
        for dead in &commit.dead {
            if dead.user.is_some_and(|user| !self.users.contains_key(&user)) {
                continue;
            }
            self.last_dead += 1;
            let letter = StoredDeadLetter {
                id: self.last_dead,
                at: commit.at,
                partition: commit.partition,
                position: commit.to,
                letter: dead.clone(),
            };
            self.dead.insert(letter.id, letter);
        }
    }
}

/// The interval that a correction says something of.
fn said_of(says: &Says) -> Option<Interval> {
    match says {
        Says::Nothing => None,
        Says::Entry { interval, .. } | Says::Erasure { interval } => Some(*interval),
    }
}
