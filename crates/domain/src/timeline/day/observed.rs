//! The state of a ledger day but for its corrections: what was observed, united where it touches or
//! overlaps.

use crate::observation::Seen;
use crate::timeline::day::hours::Hours;
use crate::timeline::numbers::{Numbers, SubjectNo};
use crate::timeline::spans::SpanSet;
use crate::timeline::stretch::Stretch;
use crate::timeline::window::Span;

/// The instants in which each subject was seen, by its number. Beats are points; those in
/// milliseconds that follow each other are a span too, in which each millisecond is a beat.
#[derive(Debug, Clone, Default)]
pub(crate) struct Observed(Vec<SpanSet>);

impl Observed {
    /// Adds what was observed. Gives the hours in which spans of the state now start that did not,
    /// or no longer do, or end elsewhere; `None` if it was known.
    pub(crate) fn add(&mut self, Stretch { span, of: subject }: Stretch<SubjectNo>) -> Option<Hours> {
        if self.0.len() <= subject.index() {
            self.0.resize_with(subject.index() + 1, SpanSet::default);
        }
        let grown = self.0[subject.index()].insert(span, 0)?;
        let gone = grown.gone().map(|gone| gone.start);
        // In milliseconds that follow each other each beat is one of its own.
        let starts = gone.chain([grown.span.start, span.start, span.end - 1]);
        Some(starts.fold(Hours::default(), |hours, start| hours.and(Hours::of(start))))
    }

    /// Takes out all that was observed in `erased`. Gives the hours as [`Observed::add`] does.
    pub(crate) fn erase(&mut self, erased: Span) -> Hours {
        let mut hours = Hours::default();
        for set in &mut self.0 {
            for old in set.meeting(erased) {
                hours = hours.and(Hours::of(old.start));
                if erased.end < old.end {
                    hours = hours.and(Hours::of(erased.end));
                }
            }
            set.remove(erased);
        }
        hours
    }

    /// All that was observed, by subject and start; each beat on its own.
    pub(crate) fn iter<'a>(&'a self, numbers: &'a Numbers) -> impl Iterator<Item = Stretch<SubjectNo>> + 'a {
        numbers.subjects().zip(&self.0).flat_map(|(of, set)| {
            let step = match numbers.seen(of) {
                Seen::Beat { .. } => 1,
                _ => Span::WINDOW.end as usize,
            };
            let starts = set
                .iter()
                .flat_map(move |span| (span.start..span.end).step_by(step).map(move |at| (at, span)));
            starts.filter_map(move |(start, span)| {
                let end = if step == 1 { start + 1 } else { span.end };
                Some(Stretch { span: Span::new(start, end)?, of })
            })
        })
    }

    /// The spans of a subject that meet another one.
    pub(crate) fn meeting(&self, subject: SubjectNo, span: Span) -> &[Span] {
        self.0.get(subject.index()).map_or(&[], |set| set.meeting(span))
    }

    /// Whether this is one of those that [`Observed::iter`] gives.
    pub(crate) fn has(&self, Stretch { span, of }: Stretch<SubjectNo>, numbers: &Numbers) -> bool {
        let parts = self.meeting(of, span);
        match numbers.seen(of) {
            Seen::Beat { .. } => !parts.is_empty(),
            _ => parts == [span],
        }
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn approx_bytes(&self) -> usize {
        let spans: usize = self.0.iter().map(SpanSet::capacity).sum();
        spans * size_of::<Span>() + self.0.capacity() * size_of::<SpanSet>()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::names::DeviceId;
    use crate::observation::Subject;

    const HOUR: u32 = 3_600_000;

    #[test]
    fn the_hours_of_all_spans_that_come_go_or_end_elsewhere_are_named() {
        let mut numbers = Numbers::default();
        let subject = Subject { device: DeviceId::new("pc").unwrap(), seen: Seen::Away };
        let of = numbers.subject(&Arc::new(subject));
        let mut observed = Observed::default();
        let mut add = |start, end| {
            let hours = observed.add(Stretch { span: Span { start, end }, of });
            hours.map(|hours| hours.iter().collect::<Vec<_>>())
        };
        assert_eq!(add(HOUR - 10, HOUR - 5), Some(vec![0]));
        assert_eq!(add(2 * HOUR, 2 * HOUR + 5), Some(vec![2]));
        // One span that starts in the first hour takes in the one that started in the third.
        assert_eq!(add(HOUR - 5, 2 * HOUR), Some(vec![0, 1, 2]));
        assert_eq!(add(HOUR, 2 * HOUR), None);
        let erased = observed.erase(Span { start: HOUR, end: 2 * HOUR + 1 });
        assert_eq!(erased.iter().collect::<Vec<_>>(), [0, 2]);
        let left: Vec<Span> = observed.iter(&numbers).map(|observed| observed.span).collect();
        let spans = [(HOUR - 10, HOUR), (2 * HOUR + 1, 2 * HOUR + 5)];
        assert_eq!(left, spans.map(|(start, end)| Span { start, end }));
    }
}
