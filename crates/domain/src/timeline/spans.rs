//! Sets of instants as spans: of one subject, and of many that overlap.

use crate::timeline::numbers::SubjectNo;
use crate::timeline::window::Span;

/// A set of instants of a window: spans in order, with gaps between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SpanSet(Vec<Span>);

/// What a set did with a span that it took in: one span stands where others stood, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grown {
    /// The span that is there now.
    pub(crate) span: Span,
    /// The first of those that are gone: most often there is one at most.
    first: Option<Span>,
    others: Vec<Span>,
}

impl Grown {
    /// The spans that are gone, in order.
    pub(crate) fn gone(&self) -> impl Iterator<Item = Span> {
        self.first.into_iter().chain(self.others.iter().copied())
    }

    /// From where on the new span differs from those that are gone: it starts elsewhere, and so do
    /// all its instants, or it ends elsewhere.
    pub(crate) fn changed(&self) -> Option<Span> {
        match self.first {
            Some(first) if first.start == self.span.start => Span::new(first.end, self.span.end),
            _ => Some(self.span),
        }
    }
}

impl SpanSet {
    /// Takes in a span and closes the gaps of at most `join` around it; `None` if it was there
    /// already.
    pub(crate) fn insert(&mut self, span: Span, join: u32) -> Option<Grown> {
        let first = self.0.partition_point(|old| old.end.saturating_add(join) < span.start);
        let after = span.end.saturating_add(join);
        let met = self.0[first..].iter().take_while(|old| old.start <= after).count();
        let old = &self.0[first..first + met];
        let span = old.iter().fold(span, |whole, old| whole.hull(*old));
        match *old {
            [] => {
                self.0.insert(first, span);
                Some(Grown { span, first: None, others: Vec::new() })
            }
            [alone] if alone == span => None,
            [alone] => {
                self.0[first] = span;
                Some(Grown { span, first: Some(alone), others: Vec::new() })
            }
            [earliest, ..] => {
                let others = self.0.splice(first..first + met, [span]).skip(1).collect();
                Some(Grown { span, first: Some(earliest), others })
            }
        }
    }

    /// Takes a span out; whether any of it was there.
    pub(crate) fn remove(&mut self, span: Span) -> bool {
        let met = self.range_of(span);
        let mut kept = Vec::new();
        for old in &self.0[met.clone()] {
            kept.extend(Span::new(old.start, span.start.min(old.end)));
            kept.extend(Span::new(span.end.max(old.start), old.end));
        }
        let any = !met.is_empty();
        self.0.splice(met, kept);
        any
    }

    /// The spans that have a part in `within`, whole and in order.
    pub(crate) fn meeting(&self, within: Span) -> &[Span] {
        &self.0[self.range_of(within)]
    }

    /// The parts of `within` that are not in the set, in order.
    pub(crate) fn gaps(&self, within: Span) -> impl Iterator<Item = Span> {
        let met = self.meeting(within);
        let starts = std::iter::once(within.start).chain(met.iter().map(|span| span.end));
        let ends = met.iter().map(|span| span.start).chain(std::iter::once(within.end));
        starts.zip(ends).filter_map(|(start, end)| Span::new(start, end))
    }

    /// The end of the last span that ends at or before `at`; 0 if there is none. `at` if a span
    /// reaches over it.
    pub(crate) fn covered_until(&self, at: u32) -> u32 {
        let before = self.0.partition_point(|span| span.start < at);
        before.checked_sub(1).map_or(0, |last| self.0[last].end.min(at))
    }

    /// The start of the first span that starts at or after `at`; the window's end if there is none.
    /// `at` if a span covers it.
    pub(crate) fn covered_from(&self, at: u32) -> u32 {
        let next = self.0.partition_point(|span| span.end <= at);
        self.0.get(next).map_or(Span::WINDOW.end, |span| span.start.max(at))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Span> {
        self.0.iter().copied()
    }

    /// How many spans there is memory for.
    pub(crate) fn capacity(&self) -> usize {
        self.0.capacity()
    }

    fn range_of(&self, within: Span) -> std::ops::Range<usize> {
        let first = self.0.partition_point(|span| span.end <= within.start);
        let met = self.0[first..].iter().take_while(|span| span.start < within.end).count();
        first..first + met
    }
}

impl FromIterator<Span> for SpanSet {
    fn from_iter<Spans: IntoIterator<Item = Span>>(spans: Spans) -> Self {
        let mut set = Self::default();
        for span in spans {
            set.insert(span, 0);
        }
        set
    }
}

/// A span of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SubjectSpan {
    pub(crate) span: Span,
    pub(crate) subject: SubjectNo,
}

impl SubjectSpan {
    fn order_key(&self) -> (u32, u32, SubjectNo) {
        (self.span.end, self.span.start, self.subject)
    }
}

/// Spans of several subjects, which overlap; in the order of their ends, so that what meets the end
/// of a day lies at the end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overlapping(Vec<SubjectSpan>);

impl Overlapping {
    /// Follows what the set of one subject did.
    pub(crate) fn follow(&mut self, subject: SubjectNo, grown: &Grown) {
        for span in grown.gone() {
            let old = SubjectSpan { span, subject };
            if let Ok(at) = self.0.binary_search_by_key(&old.order_key(), SubjectSpan::order_key) {
                self.0.remove(at);
            }
        }
        let new = SubjectSpan { span: grown.span, subject };
        let at = self.0.partition_point(|old| old.order_key() < new.order_key());
        self.0.insert(at, new);
    }

    /// The spans that have a part in `within`, whole and in the order of their ends.
    pub(crate) fn meeting(&self, within: Span) -> impl Iterator<Item = SubjectSpan> {
        let first = self.0.partition_point(|old| old.span.end <= within.start);
        self.0[first..].iter().copied().filter(move |old| old.span.start < within.end)
    }

    /// How many spans there is memory for.
    pub(crate) fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u32, end: u32) -> Span {
        Span::new(start, end).unwrap()
    }

    fn set(spans: &[(u32, u32)]) -> SpanSet {
        spans.iter().map(|&(start, end)| span(start, end)).collect()
    }

    #[test]
    fn what_touches_is_one_and_what_is_near_is_joined() {
        assert_eq!(set(&[(5, 9), (0, 5), (7, 8)]), set(&[(0, 9)]));
        let mut near = set(&[(0, 5), (10, 12)]);
        assert_eq!(near.insert(span(1, 4), 3), None);
        let grown = near.insert(span(8, 9), 3).unwrap();
        assert_eq!((grown.gone().count(), grown.span, grown.changed()), (2, span(0, 12), Some(span(5, 12))));
        assert_eq!(near, set(&[(0, 12)]));
    }

    #[test]
    fn what_starts_earlier_changes_all_of_its_span() {
        let mut spans = set(&[(5, 9)]);
        assert_eq!(spans.insert(span(3, 6), 0).unwrap().changed(), Some(span(3, 9)));
        assert_eq!(spans.insert(span(20, 21), 0).unwrap().changed(), Some(span(20, 21)));
    }

    #[test]
    fn what_is_removed_leaves_a_hole() {
        let mut spans = set(&[(0, 10), (12, 14), (20, 30)]);
        assert!(spans.remove(span(5, 25)));
        assert_eq!(spans, set(&[(0, 5), (25, 30)]));
        assert!(spans.remove(span(1, 2)));
        assert!(!spans.remove(span(1, 2)) && !spans.remove(span(5, 25)));
        assert_eq!(spans, set(&[(0, 1), (2, 5), (25, 30)]));
    }

    #[test]
    fn gaps_and_edges_are_found_at_any_instant() {
        let spans = set(&[(5, 9), (12, 14)]);
        let gaps = |start, end| spans.gaps(span(start, end)).collect::<Vec<_>>();
        assert_eq!(gaps(0, 20), [span(0, 5), span(9, 12), span(14, 20)]);
        assert_eq!(gaps(6, 13), [span(9, 12)]);
        assert_eq!(gaps(5, 9), []);
        assert_eq!(gaps(9, 12), [span(9, 12)]);
        assert_eq!([0, 5, 6, 9, 10, 12, 99].map(|at| spans.covered_until(at)), [0, 0, 6, 9, 9, 9, 14]);
        let end = Span::WINDOW.end;
        assert_eq!([0, 5, 8, 9, 13, 14].map(|at| spans.covered_from(at)), [5, 5, 8, 12, 13, end]);
    }
}
