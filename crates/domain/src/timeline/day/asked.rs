//! What follows from a day only when it is asked for: what was outranked, when nobody was there, and why an
//! instant is what it is. Not here: what is kept and stored of a day.

use super::LedgerDay;
use super::why::{Settled, Why};
use crate::activity::Piece;
use crate::names::DeviceId;
use crate::time::{Interval, UtcMs};
use crate::timeline::numbers::SourceNo;
use crate::timeline::spans::SpanSet;
use crate::timeline::steps::away;
use crate::timeline::stretch::{Stretch, append, split};
use crate::timeline::window::Span;

impl LedgerDay {
    /// What devices showed and does not count because something else does at that instant; by
    /// start, then source.
    pub fn outranked(&self) -> Vec<Piece> {
        let counted: Vec<Stretch<SourceNo>> = self.counted.iter().collect();
        let mut pieces = Vec::new();
        for (device, line) in self.numbers.devices().zip(&self.lines) {
            let mut outranked = Vec::new();
            for part in line.meeting(Span::DAY) {
                let shown = (device, part.shown.activity);
                let in_day = part.span.clip(Span::DAY);
                for (span, counts) in in_day.into_iter().flat_map(|span| split(&counted, span)) {
                    if counts.is_some_and(|counts| self.numbers.parts(counts) != shown) {
                        append(&mut outranked, Stretch { span, of: shown });
                    }
                }
            }
            pieces.extend(outranked.into_iter().filter_map(|Stretch { span, of: (device, activity) }| {
                let source = self.numbers.spelled_out(device, activity);
                Some(Piece { source, interval: self.window().interval_of(span)? })
            }));
        }
        pieces.sort_by(|a, b| (a.interval.start(), &a.source).cmp(&(b.interval.start(), &b.source)));
        pieces
    }

    /// When nobody was at a device of the day, whatever was in front: away and not here, and no
    /// page could be heard that counts. By device, then start.
    pub fn away(&self) -> Vec<(DeviceId, Interval)> {
        let mut list = Vec::new();
        for (device, line) in self.numbers.devices().zip(&self.lines) {
            let Some(evidence) = self.evidence.device(device) else { continue };
            let shown: SpanSet = line.meeting(Span::DAY).map(|part| part.span).collect();
            let away = away(evidence, Span::DAY);
            for span in away.into_iter().flat_map(|away| shown.gaps(away.span).collect::<Vec<_>>()) {
                let interval = self.window().interval_of(span);
                list.extend(interval.map(|interval| (self.numbers.device(device).clone(), interval)));
            }
        }
        list.sort_unstable();
        list
    }

    /// Why an instant of the day is what it is; `None` if it lies in another day.
    pub fn why(&self, at: UtcMs) -> Option<Why> {
        let instant = Interval::new(at, at.plus(1))?;
        let within = self.window().cut(instant.clip(self.day.interval())?)?;
        let counts = self.counted.iter().find(|run| run.span.clip(within).is_some());
        let settled = Settled {
            window: self.window(),
            choices: self.choices(),
            numbers: &self.numbers,
            evidence: &self.evidence,
            lines: &self.lines,
            corrections: &self.corrections,
            counts: counts.map(|run| &self.numbers.sources()[run.of.index()]),
        };
        Some(settled.why(within.start))
    }
}
