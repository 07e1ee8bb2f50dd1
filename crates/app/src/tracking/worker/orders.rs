//! What settles whole days of one person anew: a correction, or other terms. Each is committed on
//! its own, where the ledger stands; it may be done any number of times.

use dayline_domain::timeline::window::Window;
use dayline_domain::{Correction, DayChange, Says, UserId, UtcDay};

use super::batch::What;
use super::kept_day::KeptDay;
use super::{Changes, Kept, Step, Worker};
use crate::ports::{DayKey, PortError, Position};

impl Worker {
    /// Does what one record orders; where a day is damaged that is an error, and nothing is done.
    pub(super) async fn follow(&mut self, at: Position, user: UserId, what: What) -> Result<Step, PortError> {
        match what {
            What::Correct(correction) => self.correct(at, user, correction).await,
            What::Choose(days) => {
                // They may be kept from before the person chose, or merged a device.
                self.days.forget(user, &days);
                self.settle(at, user, days, Changes::default(), KeptDay::choose).await
            }
        }
    }

    async fn correct(
        &mut self,
        at: Position,
        user: UserId,
        correction: Correction,
    ) -> Result<Step, PortError> {
        let stored = self.ports.ledger.corrections(user, vec![correction.id]).await?.pop();
        let is_known = stored.as_ref().is_some_and(|stored| {
            matches!(stored.says, Says::Erasure { .. }) || stored.version >= correction.version
        });
        if is_known {
            return Ok(Step::default());
        }
        let mut days: Vec<UtcDay> = stored
            .iter()
            .chain([&correction])
            .filter_map(|version| version.says.interval())
            .flat_map(Window::met_by)
            .collect();
        days.sort_unstable();
        days.dedup();
        if matches!(correction.says, Says::Erasure { .. }) {
            self.note_erased(user, Some(&correction));
        }
        let changes = Changes { corrections: vec![(user, correction.clone())], ..Changes::default() };
        self.settle(at, user, days, changes, |kept| kept.day.correct(std::slice::from_ref(&correction))).await
    }

    /// Changes days of one person that are stored or become so, and commits that.
    async fn settle(
        &mut self,
        at: Position,
        user: UserId,
        days: Vec<UtcDay>,
        mut changes: Changes,
        change: impl Fn(&mut KeptDay) -> Option<DayChange>,
    ) -> Result<Step, PortError> {
        let keys: Vec<DayKey> = days.into_iter().map(|day| DayKey { user, day }).collect();
        self.days.load_missing(&*self.ports.ledger, keys.iter().copied()).await?;
        let mut step = Step::default();
        for key in keys {
            match self.days.get(key) {
                Kept::Day(kept) => {
                    let Some(change) = change(kept) else { continue };
                    // What is said of a day of which nothing is known is kept with the corrections.
                    if change.from_version == 0 && change.counted.is_empty() {
                        self.days.forget(user, &[key.day]);
                        continue;
                    }
                    let counts_else = !change.counted.is_empty();
                    changes.add(key, kept.write(change, self.ports.new_mark()), counts_else);
                    step.days += 1;
                }
                Kept::NoSuchUser => {
                    self.note_erased(user, None);
                    return Ok(Step { forgotten: 1, ..step });
                }
                // What is said of it is kept with the corrections until they are past, too.
                Kept::Past => {}
                Kept::Damaged(reason) => return Err(PortError::Corrupt(reason.clone())),
            }
        }
        self.commit(at, at, changes, step).await
    }
}
