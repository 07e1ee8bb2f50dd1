//! What one batch of pings changed in a ledger day, as the smallest set of changes to stored rows.
//! Deliberately absent: how a store applies them; only the order in which it may.

use crate::day_sums::DaySums;
use crate::run::{Run, Sources};
use crate::time::{UtcDay, UtcMs};
use crate::timeline::Piece;

/// The difference between two successive versions of a ledger day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayChange {
    /// Which day.
    pub day: UtcDay,
    /// The version the change starts from; 0 if the day was never stored.
    pub from_version: u64,
    /// The version it leads to: one more.
    pub to_version: u64,
    /// Changes to the timeline.
    pub counted: PieceChanges,
    /// Changes to the outranked time.
    pub outranked: PieceChanges,
    /// What all counted pieces sum up to after the change.
    pub sums: DaySums,
}

/// Changes to the counted or to the outranked pieces of a day; each list by start.
///
/// A store applies `removed`, then `resized`, then `added`. So counted pieces do not overlap after any single step:
/// what a piece grows over is removed, since it cannot keep its start, and an added piece lies in no other new one.
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
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many pieces change.
    pub fn len(&self) -> usize {
        self.removed.len() + self.resized.len() + self.added.len()
    }

    /// What leads from the pieces `old` to the pieces `new`, both in the order of their place.
    pub(crate) fn between(old: &[Run], new: &[Run], day: UtcDay, sources: &Sources) -> Self {
        let mut changes = Self::default();
        let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
        loop {
            let next = [old.peek(), new.peek()].into_iter().flatten().map(|run| run.place()).min();
            let Some(place) = next else { break };
            let before = old.next_if(|run| run.place() == place);
            let after = new.next_if(|run| run.place() == place);
            match (before, after) {
                (Some(before), Some(after)) if before == after => {}
                (Some(&before), Some(&after)) => {
                    let pieces = sources.piece(day, before).zip(sources.piece(day, after));
                    let resized =
                        pieces.map(|(piece, after)| Resized { piece, new_end: after.interval.end() });
                    changes.resized.extend(resized);
                }
                (Some(&gone), None) => changes.removed.extend(sources.piece(day, gone)),
                (None, added) => changes.added.extend(added.and_then(|&run| sources.piece(day, run))),
            }
        }
        let start = |piece: &Piece| piece.interval.start();
        changes.removed.sort_by_key(start);
        changes.resized.sort_by_key(|resized| start(&resized.piece));
        changes.added.sort_by_key(start);
        changes
    }
}
