//! Where an observation can change the line of a device: the bounds of the design, section 2, and
//! within them no more than the gap between uses in which it falls, since no hold and no inference
//! reaches over a use.

use crate::choices::Choices;
use crate::timeline::evidence::Evidence;
use crate::timeline::numbers::{DeviceNo, Numbers, SubjectNo};
use crate::timeline::spans::SpanSet;
use crate::timeline::steps::{Change, PAGE_HOLD_MS};
use crate::timeline::window::Span;

/// What is to be shown anew on each device.
#[derive(Debug, Default)]
pub(crate) struct Touched(Vec<SpanSet>);

impl Touched {
    /// The whole window of all devices.
    pub(crate) fn everything(numbers: &Numbers) -> Self {
        Self(numbers.devices().map(|_| std::iter::once(Span::WINDOW).collect()).collect())
    }

    /// What is to be shown anew on a device.
    pub(crate) fn on(&self, device: DeviceNo) -> impl Iterator<Item = Span> {
        self.0.get(device.index()).into_iter().flat_map(SpanSet::iter)
    }

    /// Adds what a change of the evidence about a subject, which is made already, can change.
    pub(crate) fn add(
        &mut self,
        change: Change,
        subject: SubjectNo,
        evidence: &Evidence,
        numbers: &Numbers,
        choices: Choices,
    ) {
        let device = numbers[subject].device;
        let Some(known) = evidence.device(device) else { return };
        let hold = choices.beat_hold.ms();
        match change {
            Change::Use(span) => {
                let start = known.covered.covered_until(span.start).max(span.start.saturating_sub(hold));
                let end = known.covered.covered_from(span.end).min(span.end.saturating_add(hold));
                self.insert(device, start, end);
            }
            Change::Page(span) => self.insert(device, span.start, span.end.saturating_add(PAGE_HOLD_MS)),
            Change::Presence(span) => self.insert(device, span.start, span.end),
            Change::Beats(span) => {
                // From the beat before something was inferred, or is now, unless a use lies
                // between.
                let gap = known.covered.covered_until(span.start).max(span.start.saturating_sub(hold));
                let before = known.beats.last_before(span.start).filter(|before| gap <= *before);
                let end = span.end.saturating_add(hold);
                self.insert(device, before.unwrap_or(span.start), end);
                // A beat names editors on all devices.
                for device in numbers.devices() {
                    self.insert(device, span.start, end);
                }
            }
        }
    }

    fn insert(&mut self, device: DeviceNo, start: u32, end: u32) {
        if self.0.len() <= device.index() {
            self.0.resize_with(device.index() + 1, SpanSet::default);
        }
        let span = Span::new(start, end).and_then(|span| span.clip(Span::WINDOW));
        span.map(|span| self.0[device.index()].insert(span, 0));
    }
}
