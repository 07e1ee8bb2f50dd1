//! What changed between two settlements of a day, run by run.

use crate::timeline::run::Run;

/// What changes at one place: the run before and the run after, which differ.
pub(crate) type RunChange = (Option<Run>, Option<Run>);

/// What leads from the runs `old` to the runs `new`, all in the order of their place.
pub(crate) fn changes_between(old: &[Run], new: &[Run]) -> Vec<RunChange> {
    let (mut old, mut new) = (old.iter().copied().peekable(), new.iter().copied().peekable());
    let mut changes = Vec::new();
    while let Some(place) = [old.peek(), new.peek()].into_iter().flatten().map(Run::place).min() {
        let before = old.next_if(|run| run.place() == place);
        let after = new.next_if(|run| run.place() == place);
        if before != after {
            changes.push((before, after));
        }
    }
    changes
}
