//! What one call of `record` or `correct` changed in a ledger day, as the smallest set of
//! changes to stored rows. Not here: how a store applies them; only the order in which it may.

use crate::activity::Piece;
use crate::observation::Observation;
use crate::time::{UtcDay, UtcMs};
use crate::timeline::day::hours::Hours;
use crate::timeline::day::runs::RunChanges;
use crate::timeline::numbers::Numbers;
use crate::timeline::window::Window;

/// The difference between two successive versions of a ledger day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayChange {
    /// The UTC day that both versions are of.
    pub day: UtcDay,
    /// The version the change starts from; 0 if the day was never stored.
    pub from_version: u64,
    /// The version it leads to: one more.
    pub to_version: u64,
    /// Changes to the timeline; none where only the state is another.
    pub counted: PieceChanges,
    /// What was recorded and not known before, cut to the window and without what is erased.
    /// Together with the stored state it gives the new one.
    pub observed: Vec<Observation>,
    /// The hours of the window whose part of the state is another than before.
    pub hours: Hours,
    /// Whether the day's corrections are others than before.
    pub corrected: bool,
}

/// Changes to the counted pieces of a day; each list by start.
///
/// A store applies `removed`, then `resized`, then `added`. So no two pieces overlap after any
/// single step: what a piece grows over is removed, since it cannot keep its start, and an added
/// piece lies in no other new one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PieceChanges {
    /// Pieces that are gone.
    pub removed: Vec<Piece>,
    /// Pieces that end elsewhere.
    pub resized: Vec<Resized>,
    /// New pieces.
    pub added: Vec<Piece>,
}

/// A piece that keeps its source and start and gets another end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resized {
    /// The piece before the change.
    pub piece: Piece,
    /// Its end after the change.
    pub new_end: UtcMs,
}

impl PieceChanges {
    /// What leads from the pieces `old` to the pieces `new`, in any order, of each of which no two
    /// start together.
    pub fn between(old: &[Piece], new: &[Piece]) -> Self {
        let sorted = |pieces: &[Piece]| {
            let mut pieces = pieces.to_vec();
            pieces.sort_by_key(|piece| piece.interval.start());
            pieces
        };
        let (old, new) = (sorted(old), sorted(new));
        let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
        let mut changes = Self::default();
        loop {
            let starts = [old.peek(), new.peek()].map(|piece| piece.map(|piece| piece.interval.start()));
            let Some(start) = starts.into_iter().flatten().min() else { return changes };
            let before = old.next_if(|piece| piece.interval.start() == start);
            let after = new.next_if(|piece| piece.interval.start() == start);
            changes.add(before, after);
        }
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many pieces change.
    pub fn len(&self) -> usize {
        self.removed.len() + self.resized.len() + self.added.len()
    }

    /// The changes as the surface shows them.
    pub(crate) fn of(changes: &RunChanges, window: Window, numbers: &Numbers) -> Self {
        let mut pieces = Self::default();
        for (before, after) in changes.iter() {
            let piece = |run: Option<_>| run.and_then(|run| numbers.piece(window, run));
            pieces.add(piece(before), piece(after));
        }
        pieces
    }

    /// Adds what changes where a piece starts.
    fn add(&mut self, before: Option<Piece>, after: Option<Piece>) {
        match (before, after) {
            (Some(before), Some(after)) if before.source == after.source => {
                let new_end = after.interval.end();
                if before.interval.end() != new_end {
                    self.resized.push(Resized { piece: before, new_end });
                }
            }
            (before, after) => {
                self.removed.extend(before);
                self.added.extend(after);
            }
        }
    }
}
