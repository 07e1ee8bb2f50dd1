//! The state of a day in the parts in which a store keeps it: one an hour of the window. Not here: where it is
//! kept, and what was stored beside them lately.

use super::LedgerDay;
use super::hours::{Hours, hour_of};
use crate::observation::Observation;
use crate::timeline::numbers::SubjectNo;
use crate::timeline::stretch::Stretch;

impl LedgerDay {
    /// Those of [`LedgerDay::observations`] that start in one hour of the window, 0 to 27: one part
    /// of the state.
    pub fn observations_of_hour(&self, hour: u8) -> impl Iterator<Item = Observation> {
        let all = self.observed.iter(&self.numbers);
        let of_hour = all.filter(move |observed| hour_of(observed.span.start) == hour);
        of_hour.filter_map(|observed| self.observation(observed))
    }

    /// The hours in which any of the state starts.
    pub fn hours(&self) -> Hours {
        let all = self.observed.iter(&self.numbers);
        all.fold(Hours::default(), |hours, observed| hours.and(Hours::of(observed.span.start)))
    }

    /// The hours whose part of the state may be another than it was stored, if `recent` was stored beside
    /// the parts and `stored` is all that was: what was united or erased since leaves parts of its own in
    /// hours in which nothing of it starts any more.
    pub fn hours_changed(&self, stored: &[Observation], recent: &[Observation]) -> Hours {
        let changed = stored.iter().filter(|observation| !self.has(observation));
        let mut hours = Hours::default();
        for observation in recent.iter().chain(changed) {
            let Some(observed) = self.find(observation) else { continue };
            hours = hours.and(Hours::of(observed.span.start));
            for part in self.observed.meeting(observed.of, observed.span) {
                hours = hours.and(Hours::of(part.start));
            }
        }
        hours
    }

    /// An observation by the numbers of the day; `None` if nothing of its kind was ever seen here.
    fn find(&self, observation: &Observation) -> Option<Stretch<SubjectNo>> {
        let observation = self.terms.merges.observation(observation);
        let span = self.window().cut(observation.interval())?;
        Some(Stretch { span, of: self.numbers.find(observation.subject())? })
    }

    /// Whether an observation is one of [`LedgerDay::observations`], neither more nor less.
    fn has(&self, observation: &Observation) -> bool {
        self.find(observation).is_some_and(|observed| self.observed.has(observed, &self.numbers))
    }
}
