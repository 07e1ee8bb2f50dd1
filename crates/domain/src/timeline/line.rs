//! The line of one device: what it showed, instant by instant, and in which run (step 7 of the
//! rule). Not here: what it shows, which is for the rule to say.

use crate::timeline::numbers::ActivityNo;
use crate::timeline::stretch::{Stretch, count};
use crate::timeline::window::Span;

/// On what an instant of a line rests. The greater counts where both are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Basis {
    /// On beats alone: step 4.
    Inferred,
    /// On what was in front: steps 2 and 3.
    SeenOrHeld,
}

/// What a device shows at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) activity: ActivityNo,
    pub(crate) basis: Basis,
}

/// A stretch of a line: a run, or that part of one that rests on the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunPart {
    pub(crate) span: Span,
    pub(crate) shown: Shown,
    /// When its run started.
    pub(crate) started: u32,
}

/// What one device showed: parts of runs, in order and without overlap. Parts that touch and differ
/// only in their end are one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<RunPart>);

impl Line {
    /// The parts that meet `within`, whole and in order.
    pub(crate) fn meeting(&self, within: Span) -> impl Iterator<Item = &RunPart> {
        let first = self.0.partition_point(|part| part.span.end <= within.start);
        self.0[first..].iter().take_while(move |part| part.span.start < within.end)
    }

    /// Shows something else in `within`. Gives the stretch in which the line is now another, if
    /// any: it reaches to the end of a run that crosses the right end of `within` and has got
    /// another start.
    pub(crate) fn replace(&mut self, within: Span, shown: Vec<Stretch<Shown>>) -> Option<Span> {
        let first = self.0.partition_point(|part| part.span.end < within.start);
        let mut last =
            first + self.0[first..].iter().take_while(|part| part.span.start <= within.end).count();
        let mut after = Vec::with_capacity(last - first + shown.len());
        for part in &self.0[first..last] {
            let left = Span::new(part.span.start, part.span.end.min(within.start));
            after.extend(left.map(|span| RunPart { span, ..*part }));
        }
        for Stretch { span, of } in shown {
            append(&mut after, span, of);
        }
        for part in &self.0[first..last] {
            if let Some(right) = Span::new(part.span.start.max(within.end), part.span.end) {
                append(&mut after, right, part.shown);
            }
        }
        // The run that crosses the right end may go on in parts that stay as they are but for its
        // start.
        while let Some(part) = self.0.get(last) {
            let Some(started) = goes_on(&after, part.span, part.shown) else { break };
            if started == part.started {
                break;
            }
            after.push(RunPart { started, ..*part });
            last += 1;
        }
        count(after.len());
        let changed = difference(&self.0[first..last], &after);
        self.0.splice(first..last, after);
        changed
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn approx_bytes(&self) -> usize {
        size_of::<Self>() + self.0.capacity() * size_of::<RunPart>()
    }
}

/// When the last run started, if `span` goes on with it.
fn goes_on(parts: &[RunPart], span: Span, shown: Shown) -> Option<u32> {
    let last = parts.last()?;
    (last.span.end == span.start && last.shown.activity == shown.activity).then_some(last.started)
}

/// Adds what is shown next.
fn append(parts: &mut Vec<RunPart>, span: Span, shown: Shown) {
    let started = goes_on(parts, span, shown);
    match parts.last_mut() {
        Some(last) if started.is_some() && last.shown == shown => last.span.end = span.end,
        _ => parts.push(RunPart { span, shown, started: started.unwrap_or(span.start) }),
    }
}

/// The smallest span outside of which both are the same.
fn difference(before: &[RunPart], after: &[RunPart]) -> Option<Span> {
    let same = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let (before, after) = (&before[same..], &after[same..]);
    let start = match (before.first(), after.first()) {
        (Some(a), Some(b)) if a.span.start == b.span.start && alike(a, b) => a.span.end.min(b.span.end),
        (a, b) => [a, b].into_iter().flatten().map(|part| part.span.start).min()?,
    };
    let same = before.iter().rev().zip(after.iter().rev()).take_while(|(a, b)| a == b).count();
    let (before, after) = (&before[..before.len() - same], &after[..after.len() - same]);
    let end = match (before.last(), after.last()) {
        (Some(a), Some(b)) if a.span.end == b.span.end && alike(a, b) => a.span.start.max(b.span.start),
        (a, b) => [a, b].into_iter().flatten().map(|part| part.span.end).max()?,
    };
    Span::new(start, end)
}

/// Whether two parts differ in nothing but their ends.
fn alike(a: &RunPart, b: &RunPart) -> bool {
    a.shown == b.shown && a.started == b.started
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::activity::{Activity, Source};
    use crate::names::{AppName, DeviceId};
    use crate::timeline::numbers::Numbers;

    fn span(start: u32, end: u32) -> Span {
        Span { start, end }
    }

    /// The numbers of two activities.
    fn activities() -> [ActivityNo; 2] {
        let mut numbers = Numbers::default();
        ["A", "B"].map(|name| {
            let activity = Arc::new(Activity::of(AppName::new(name).unwrap()));
            let source = numbers.entered(&Source { device: DeviceId::new("pc").unwrap(), activity });
            numbers.parts(source).1
        })
    }

    fn shown(start: u32, end: u32, activity: ActivityNo, basis: Basis) -> Stretch<Shown> {
        Stretch { span: span(start, end), of: Shown { activity, basis } }
    }

    #[test]
    fn a_run_keeps_its_start_over_parts_that_rest_on_something_else() {
        let [a, b] = activities();
        let mut line = Line::default();
        let (seen, inferred) = (Basis::SeenOrHeld, Basis::Inferred);
        let all = vec![shown(10, 20, a, seen), shown(20, 30, a, inferred), shown(30, 40, b, seen)];
        assert_eq!(line.replace(Span::WINDOW, all), Some(span(10, 40)));
        let starts = |line: &Line| line.meeting(Span::WINDOW).map(|part| part.started).collect::<Vec<_>>();
        assert_eq!(starts(&line), [10, 10, 30]);
        // Nothing is shown before the run, then it starts earlier, then later: to its end it is
        // another one.
        assert_eq!(line.replace(span(0, 10), vec![]), None);
        assert_eq!(line.replace(span(0, 10), vec![shown(5, 10, a, seen)]), Some(span(5, 30)));
        assert_eq!(starts(&line), [5, 5, 30]);
        assert_eq!(line.replace(span(5, 12), vec![]), Some(span(5, 30)));
        assert_eq!(starts(&line), [12, 12, 30]);
    }

    #[test]
    fn what_is_shown_again_changes_nothing_and_what_grows_changes_what_it_grew_by() {
        let [a, b] = activities();
        let mut line = Line::default();
        let seen = Basis::SeenOrHeld;
        line.replace(Span::WINDOW, vec![shown(10, 20, a, seen), shown(20, 30, b, seen)]);
        assert_eq!(line.replace(span(15, 25), vec![shown(15, 20, a, seen), shown(20, 25, b, seen)]), None);
        assert_eq!(line.replace(span(25, 40), vec![shown(25, 37, b, seen)]), Some(span(30, 37)));
        assert_eq!(line.replace(span(12, 14), vec![shown(12, 14, b, seen)]), Some(span(12, 20)));
        assert_eq!(line.meeting(Span::WINDOW).count(), 4);
    }
}
