//! What counts in a day, as runs, and how it changes.

use crate::timeline::numbers::SourceNo;
use crate::timeline::stretch::{Stretch, append, count};
use crate::timeline::window::Span;

type Run = Stretch<SourceNo>;

/// Maximal runs in order and without overlap.
#[derive(Debug, Clone, Default)]
pub(crate) struct Runs(Vec<Run>);

impl Runs {
    /// Puts something else into `within`, and notes what that changes.
    pub(crate) fn replace(&mut self, within: Span, runs: Vec<Run>, changes: &mut RunChanges) {
        let first = self.0.partition_point(|run| run.span.end < within.start);
        let last = first + self.0[first..].iter().take_while(|run| run.span.start <= within.end).count();
        let before = &self.0[first..last];
        let part =
            |run: &Run, start: u32, end: u32| Span::new(start, end).map(|span| Stretch { span, ..*run });
        let mut after = Vec::with_capacity(before.len() + runs.len());
        after.extend(
            before.iter().filter_map(|run| part(run, run.span.start, run.span.end.min(within.start))),
        );
        for run in runs {
            append(&mut after, run);
        }
        count(after.len() + before.len());
        for run in before {
            if let Some(right) = part(run, run.span.start.max(within.end), run.span.end) {
                append(&mut after, right);
            }
            changes.remove(*run);
        }
        for run in &after {
            changes.add(*run);
        }
        self.0.splice(first..last, after);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Run> {
        self.0.iter().copied()
    }

    pub(crate) fn last(&self) -> Option<Run> {
        self.0.last().copied()
    }

    /// About how much memory they take, in bytes.
    pub(crate) fn approx_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Run>()
    }
}

/// What changed, by where runs start and of which source they are, in that order.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunChanges(Vec<RunChange>);

/// The end before and the end after of a run, if there was and is such a run.
#[derive(Debug, Clone, Copy)]
struct RunChange {
    key: (u32, SourceNo),
    before: Option<u32>,
    after: Option<u32>,
}

impl RunChanges {
    fn remove(&mut self, run: Run) {
        self.at(run, Some(run.span.end)).after = None;
    }

    fn add(&mut self, run: Run) {
        self.at(run, None).after = Some(run.span.end);
    }

    /// The change of a run that nothing had touched yet if it is new here; then it ended at
    /// `before`.
    fn at(&mut self, run: Run, before: Option<u32>) -> &mut RunChange {
        let key = (run.span.start, run.of);
        let at = self.0.partition_point(|change| change.key < key);
        if self.0.get(at).is_none_or(|change| change.key != key) {
            self.0.insert(at, RunChange { key, before, after: None });
        }
        &mut self.0[at]
    }

    /// The runs before and after, by start, of which at least one is there and which differ.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Option<Run>, Option<Run>)> {
        let changed = self.0.iter().filter(|change| change.before != change.after);
        changed.map(|change| {
            let (start, of) = change.key;
            let run =
                |end: Option<u32>| end.and_then(|end| Some(Stretch { span: Span::new(start, end)?, of }));
            (run(change.before), run(change.after))
        })
    }
}
