//! The ledger day, second edition: one person's observations and corrections of one UTC day and its
//! window, and what counts of them. It always equals the rule applied to all that it was ever told
//! (see [`crate::timeline::steps`]). Not here: where it is stored, and whose it is.

mod asked;
mod change;
#[cfg(test)]
mod cost;
mod hours;
mod observed;
mod parts;
mod runs;
mod sums;
mod touched;
mod why;

pub use change::{DayChange, PieceChanges, Resized};
pub use hours::Hours;
pub use sums::{CorruptSums, DaySums, QUARTER_MS, QUARTERS};
pub use why::{DeviceWhy, InFront, Outcome, PageWhy, ShownWhy, Why};

use std::sync::Arc;

use crate::activity::Piece;
use crate::choices::Choices;
use crate::correction::{Correction, Says};
use crate::merges::{Merges, Terms};
use crate::observation::Observation;
use crate::time::UtcDay;
use crate::timeline::corrections::Corrections;
use crate::timeline::evidence::Evidence;
use crate::timeline::line::Line;
use crate::timeline::numbers::{Numbers, SourceNo, SubjectNo};
use crate::timeline::spans::SpanSet;
use crate::timeline::steps::{
    activities, cut, deciding, shown, timeline, unite, unite_all, what_counts, without_erased,
};
use crate::timeline::stretch::Stretch;
use crate::timeline::window::{Span, Window};
use observed::Observed;
use runs::{RunChanges, Runs};
use sums::RunningSums;
use touched::Touched;

/// One person's UTC day.
///
/// Its state is what was observed in its window, united where it touches or overlaps and without
/// what was erased, and the corrections; everything else follows from it. Recording costs as much
/// as what it touches: the part of a line that an observation can change, and what counts there.
/// Corrections and new choices settle the day anew.
///
/// ```
/// use std::sync::Arc;
///
/// use dayline_domain::choices::Choices;
/// use dayline_domain::observation::{Observation, Seen, Subject};
/// use dayline_domain::timeline::day::LedgerDay;
/// use dayline_domain::{AppName, DeviceId, Interval, UtcDay};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut day = LedgerDay::empty(UtcDay(20_000), Choices::default());
/// let seen = Seen::Use { app: AppName::new("Code")?, domain: None, project: None };
/// let code = Arc::new(Subject { device: DeviceId::new("laptop")?, seen });
/// let start = day.day().start();
/// let ping = |seconds: i64| {
///     Interval::new(start, start.plus(seconds * 1_000))
///         .map(|interval| Observation::new(Arc::clone(&code), interval))
/// };
/// let change = day.record(&[ping(5).ok_or("an empty interval")?]).ok_or("nothing new")?;
/// assert_eq!(change.counted.added.len(), 1);
/// // A ping that grows makes the same piece longer.
/// let change = day.record(&[ping(9).ok_or("an empty interval")?]).ok_or("nothing new")?;
/// assert_eq!((change.to_version, change.counted.resized.len()), (2, 1));
/// assert_eq!(day.counted().map(|piece| piece.interval.ms()).sum::<i64>(), 9_000);
/// // What is known changes nothing.
/// assert_eq!(day.record(&[ping(7).ok_or("an empty interval")?]), None);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct LedgerDay {
    day: UtcDay,
    version: u64,
    terms: Terms,
    numbers: Numbers,
    observed: Observed,
    corrections: Corrections,
    /// What the corrections decide, by step 9.
    deciding: Vec<Stretch<Option<SourceNo>>>,
    evidence: Evidence,
    /// The line of each device, by its number.
    lines: Vec<Line>,
    counted: Runs,
    /// Always those of `counted`.
    sums: RunningSums,
}

impl LedgerDay {
    /// A day of which nothing is known, never stored: version 0.
    pub fn empty(day: UtcDay, terms: impl Into<Terms>) -> Self {
        Self {
            day,
            version: 0,
            terms: terms.into(),
            numbers: Numbers::default(),
            observed: Observed::default(),
            corrections: Corrections::default(),
            deciding: Vec::new(),
            evidence: Evidence::default(),
            lines: Vec::new(),
            counted: Runs::default(),
            sums: RunningSums::default(),
        }
    }

    /// The day as it was stored: its state, in any order and in any parts that may overlap.
    pub fn restore(
        day: UtcDay,
        version: u64,
        terms: impl Into<Terms>,
        observations: impl IntoIterator<Item = Observation>,
        corrections: impl IntoIterator<Item = Correction>,
    ) -> Self {
        let mut restored = Self::empty(day, terms);
        restored.version = version;
        restored.add_corrections(&corrections.into_iter().collect::<Vec<_>>());
        for observation in observations {
            restored.observe(&observation, &mut Vec::new());
        }
        restored.settle_anew();
        restored
    }

    /// Takes in observations and says what changed; `None` if they were known already, were erased
    /// or lie outside the window.
    pub fn record(&mut self, observations: &[Observation]) -> Option<DayChange> {
        let mut touched = Touched::default();
        let (mut new, mut hours, mut parts) = (Vec::new(), Hours::default(), Vec::new());
        for observation in observations {
            hours = hours.and(self.observe(observation, &mut parts));
            for observed in parts.drain(..) {
                new.extend(self.observation(observed));
                if let Some(change) = unite(&mut self.evidence, &self.numbers, observed) {
                    touched.add(change, observed.of, &self.evidence, &self.numbers, self.choices());
                }
            }
        }
        if new.is_empty() {
            return None;
        }
        let recount = self.show_anew(&touched);
        let changes = self.count_anew(&recount);
        Some(self.change(&changes, new, hours, false))
    }

    /// Adds corrections and says what changed; `None` if they were known already or say nothing
    /// of this day.
    pub fn correct(&mut self, corrections: &[Correction]) -> Option<DayChange> {
        let before = self.corrections.clone();
        self.add_corrections(corrections);
        if self.corrections == before {
            return None;
        }
        let mut hours = Hours::default();
        for correction in corrections {
            if let Says::Erasure { interval } = &correction.says
                && let Some(erased) = self.window().cut(*interval)
            {
                hours = hours.and(self.observed.erase(erased));
            }
        }
        let changes = if hours.is_empty() { self.count_anew(&whole_day()) } else { self.settle_anew() };
        Some(self.change(&changes, Vec::new(), hours, true))
    }

    /// Follows the person's terms and says what changed, be it nothing that counts; `None` if they are
    /// those by which the day is settled. What is known of a device that is merged now is from here on
    /// known of the other one.
    pub fn choose(&mut self, terms: impl Into<Terms>) -> Option<DayChange> {
        let terms = terms.into();
        if terms == self.terms {
            return None;
        }
        if self.knows_any_of(&terms.merges) {
            return Some(self.merge(terms));
        }
        self.terms = terms;
        let changes = self.settle_anew();
        Some(self.change(&changes, Vec::new(), Hours::default(), false))
    }

    /// A new version in which nothing changes: what is stored of the day is to be written anew.
    pub fn renew(&mut self) -> DayChange {
        let hours = self.hours();
        self.change(&RunChanges::default(), Vec::new(), hours, false)
    }

    /// Whether anything is known of a device that is merged.
    pub fn knows_any_of(&self, merges: &Merges) -> bool {
        let seen = || self.numbers.devices().map(|device| self.numbers.device(device));
        // Entries that decide nothing have no numbers, but may decide later.
        let mut all = seen().chain(self.corrections.entered_devices());
        all.any(|device| merges.has(device))
    }

    /// Which day.
    pub fn day(&self) -> UtcDay {
        self.day
    }

    /// How often the day changed; 0 if it was never stored.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The choices by which the day is settled.
    pub fn choices(&self) -> Choices {
        self.terms.choices
    }

    /// All that the day is settled by.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What counts, by start; no two overlap.
    pub fn counted(&self) -> impl Iterator<Item = Piece> {
        self.counted.iter().filter_map(|run| self.numbers.piece(self.window(), run))
    }

    /// The last of what counts.
    pub fn last_counted(&self) -> Option<Piece> {
        self.counted.last().and_then(|run| self.numbers.piece(self.window(), run))
    }

    /// What the counted pieces sum up to.
    pub fn sums(&self) -> DaySums {
        self.sums.to_sums(self.day, &self.numbers)
    }

    /// What was observed, united, by subject in the order in which they were first seen, and by
    /// start.
    pub fn observations(&self) -> impl Iterator<Item = Observation> {
        let all = self.observed.iter(&self.numbers);
        all.filter_map(|observed| self.observation(observed))
    }

    /// The corrections, cut to the window, by kind and id.
    pub fn corrections(&self) -> impl Iterator<Item = Correction> {
        self.corrections.all(self.window())
    }

    /// About how much memory the day takes, in bytes.
    pub fn approx_bytes(&self) -> usize {
        let lines: usize = self.lines.iter().map(Line::approx_bytes).sum();
        size_of::<Self>()
            + self.numbers.approx_bytes()
            + self.observed.approx_bytes()
            + self.evidence.approx_bytes()
            + lines
            + self.counted.approx_bytes()
            + self.sums.approx_bytes()
    }

    fn window(&self) -> Window {
        Window::of(self.day)
    }

    fn observation(&self, Stretch { span, of }: Stretch<SubjectNo>) -> Option<Observation> {
        let interval = self.window().interval_of(span)?;
        Some(Observation::new(Arc::clone(&self.numbers[of].subject), interval))
    }

    fn add_corrections(&mut self, corrections: &[Correction]) {
        let merged: Vec<Correction> = corrections
            .iter()
            .map(|correction| self.terms.merges.correction(correction).into_owned())
            .collect();
        self.corrections.add(self.window(), &merged);
        self.deciding = deciding(&self.corrections, &mut self.numbers);
    }

    /// Steps 0 and 1 up to uniting what touches, which gives the state. Adds the parts of an
    /// observation that were not known to `parts`, and gives the hours whose part of the state that
    /// changed.
    fn observe(&mut self, observation: &Observation, parts: &mut Vec<Stretch<SubjectNo>>) -> Hours {
        let observation = self.terms.merges.observation(observation);
        let observed = cut(&observation, self.window(), &mut self.numbers);
        let mut hours = Hours::default();
        for part in without_erased(observed.into_iter(), self.corrections.erased()) {
            if let Some(changed) = self.observed.add(part) {
                hours = hours.and(changed);
                parts.push(part);
            }
        }
        hours
    }

    /// Steps 2 to 7 where something was touched. Gives the parts of the day in which a line is
    /// another than before.
    fn show_anew(&mut self, touched: &Touched) -> SpanSet {
        let mut recount = SpanSet::default();
        for device in self.numbers.devices() {
            if self.lines.len() <= device.index() {
                self.lines.push(Line::default());
            }
            for within in touched.on(device) {
                let choices = self.terms.choices;
                let activities = activities(&self.evidence, device, &self.numbers, choices, within);
                let shown = shown(activities, &mut self.numbers);
                let changed = self.lines[device.index()].replace(within, shown);
                if let Some(changed) = changed.and_then(|changed| changed.clip(Span::DAY)) {
                    recount.insert(changed, 0);
                }
            }
        }
        recount
    }

    /// Steps 8 to 10 in some parts of the day.
    fn count_anew(&mut self, recount: &SpanSet) -> RunChanges {
        let mut changes = RunChanges::default();
        for within in recount.iter() {
            let counted = what_counts(&self.lines, &mut self.numbers, within);
            let runs = timeline(counted, &self.deciding, within);
            self.counted.replace(within, runs, &mut changes);
        }
        self.sums.follow(&changes);
        changes
    }

    /// Makes the day anew from what it knows.
    fn merge(&mut self, terms: Terms) -> DayChange {
        let before: Vec<Piece> = self.counted().collect();
        let (observations, corrections): (Vec<_>, Vec<_>) =
            (self.observations().collect(), self.corrections().collect());
        let hours = self.hours();
        *self = Self::restore(self.day, self.version, terms, observations, corrections);
        let counted = PieceChanges::between(&before, &self.counted().collect::<Vec<_>>());
        let unchanged = self.change(&RunChanges::default(), Vec::new(), hours.and(self.hours()), false);
        DayChange { counted, ..unchanged }
    }

    /// All steps, of the whole state.
    fn settle_anew(&mut self) -> RunChanges {
        self.evidence = unite_all(self.observed.iter(&self.numbers), &self.numbers);
        self.lines.clear();
        self.show_anew(&Touched::everything(&self.numbers));
        self.count_anew(&whole_day())
    }

    fn change(
        &mut self,
        changes: &RunChanges,
        observed: Vec<Observation>,
        hours: Hours,
        corrected: bool,
    ) -> DayChange {
        let from_version = self.version;
        self.version += 1;
        let counted = PieceChanges::of(changes, self.window(), &self.numbers);
        DayChange {
            day: self.day,
            from_version,
            to_version: self.version,
            counted,
            observed,
            hours,
            corrected,
        }
    }
}

fn whole_day() -> SpanSet {
    std::iter::once(Span::DAY).collect()
}
