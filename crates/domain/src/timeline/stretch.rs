//! Functions of time that are the same for a while: lists of stretches, in order and without
//! overlap. The rule is made of them.

use std::collections::BinaryHeap;

use crate::timeline::window::Span;

#[cfg(test)]
thread_local! {
    /// How many stretches were looked at or made on this thread: what a change costs, counted.
    pub(crate) static STRETCHES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts work; in tests alone.
#[inline]
pub(crate) fn count(stretches: usize) {
    #[cfg(test)]
    STRETCHES.set(STRETCHES.get() + stretches);
    let _ = stretches;
}

/// Something that is so for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch<T> {
    pub(crate) span: Span,
    pub(crate) of: T,
}

/// Adds the next stretch; one that touches the last and is of the same becomes one with it.
pub(crate) fn append<T: PartialEq>(list: &mut Vec<Stretch<T>>, Stretch { span, of }: Stretch<T>) {
    match list.last_mut() {
        Some(before) if before.span.end == span.start && before.of == of => before.span.end = span.end,
        _ => list.push(Stretch { span, of }),
    }
}

/// At each instant of `within`: of all that cover it, the one with the greatest rank. A rank may
/// depend on all of the span, also where that reaches out of `within`. No two of different rank may
/// be equal.
pub(crate) fn topmost<T: Copy + PartialEq, Rank: Ord>(
    covering: impl Iterator<Item = Stretch<T>>,
    rank: impl Fn(&Stretch<T>) -> Rank,
    within: Span,
) -> Vec<Stretch<T>> {
    let mut waiting: Vec<Stretch<T>> = covering.filter(|item| item.span.clip(within).is_some()).collect();
    count(waiting.len());
    if let [alone] = waiting[..] {
        // As at the end of most days.
        return alone.span.clip(within).map(|span| Stretch { span, ..alone }).into_iter().collect();
    }
    waiting.sort_by_key(|item| item.span.start);
    let mut begun = BinaryHeap::<(Rank, usize)>::new();
    let (mut list, mut next, mut now) = (Vec::new(), 0, within.start);
    while now < within.end {
        while let Some(item) = waiting.get(next).filter(|item| item.span.start <= now) {
            begun.push((rank(item), next));
            next += 1;
        }
        while begun.peek().is_some_and(|(_, top)| waiting[*top].span.end <= now) {
            begun.pop();
        }
        let changes = waiting.get(next).map_or(within.end, |item| item.span.start);
        let top = begun.peek().map(|(_, top)| waiting[*top]);
        let until = top.map_or(changes, |top| changes.min(top.span.end)).min(within.end);
        if let (Some(top), Some(span)) = (top, Span::new(now, until)) {
            append(&mut list, Stretch { span, of: top.of });
        }
        now = until;
    }
    list
}

/// The parts of `within`, in order, each with what `list` has there, if it has anything.
pub(crate) fn split<T: Copy>(
    list: &[Stretch<T>],
    within: Span,
) -> impl Iterator<Item = (Span, Option<T>)> + use<'_, T> {
    let mut next = list.partition_point(|stretch| stretch.span.end <= within.start);
    let mut now = within.start;
    std::iter::from_fn(move || {
        let rest = Span::new(now, within.end)?;
        count(1);
        let (part, of) = match list.get(next).and_then(|stretch| Some((stretch.span.clip(rest)?, stretch.of)))
        {
            Some((part, of)) if part.start == now => {
                next += 1;
                (part, Some(of))
            }
            Some((part, _)) => (Span { start: now, end: part.start }, None),
            None => (rest, None),
        };
        now = part.end;
        Some((part, of))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(start: u32, end: u32, of: u8) -> Stretch<u8> {
        Stretch { span: Span::new(start, end).unwrap(), of }
    }

    #[test]
    fn the_topmost_of_all_that_cover_an_instant_is_found() {
        let covering = [stretch(0, 20, 1), stretch(5, 10, 3), stretch(8, 12, 2), stretch(30, 40, 9)];
        let within = Span::new(2, 35).unwrap();
        let found = topmost(covering.into_iter(), |item| item.of, within);
        let expected =
            [stretch(2, 5, 1), stretch(5, 10, 3), stretch(10, 12, 2), stretch(12, 20, 1), stretch(30, 35, 9)];
        assert_eq!(found, expected);
        let by_start = topmost(covering.into_iter(), |item| item.span.start, within);
        assert_eq!(by_start[1..3], [stretch(5, 8, 3), stretch(8, 12, 2)]);
    }

    #[test]
    fn one_that_begins_below_another_does_not_part_it() {
        let covering = [stretch(0, 20, 9), stretch(5, 10, 1), stretch(20, 22, 9)];
        assert_eq!(topmost(covering.into_iter(), |item| item.of, Span::WINDOW), [stretch(0, 22, 9)]);
    }

    #[test]
    fn a_span_is_split_by_what_is_there_and_what_is_not() {
        let list = [stretch(0, 4, 1), stretch(6, 8, 2), stretch(8, 9, 3)];
        let span = |start, end| Span::new(start, end).unwrap();
        let parts: Vec<_> = split(&list, span(2, 12)).collect();
        let expected = [
            (span(2, 4), Some(1)),
            (span(4, 6), None),
            (span(6, 8), Some(2)),
            (span(8, 9), Some(3)),
            (span(9, 12), None),
        ];
        assert_eq!(parts, expected);
        assert!(split(&list, span(4, 6)).eq([(span(4, 6), None)]));
        assert!(split::<u8>(&[], span(4, 6)).eq([(span(4, 6), None)]));
    }
}
