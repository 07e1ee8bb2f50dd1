//! What one batch of pings changed in a ledger day, as the smallest set of changes to stored rows.
//! Deliberately absent: how a store applies them; only the order in which it may.

use crate::time::{UtcDay, UtcMs};
use crate::timeline::day_sums::DaySums;
use crate::timeline::piece::Piece;
use crate::timeline::run::{Run, Sources};
use crate::timeline::run_change::RunChange;

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

    /// The changes as the surface shows them.
    pub(crate) fn of(changes: &[RunChange], day: UtcDay, sources: &Sources) -> Self {
        let piece = |run: Option<Run>| run.and_then(|run| sources.piece(day, run));
        let mut pieces = Self::default();
        for &(before, after) in changes {
            match (piece(before), piece(after)) {
                (Some(piece), Some(after)) => {
                    pieces.resized.push(Resized { piece, new_end: after.interval.end() });
                }
                (Some(gone), None) => pieces.removed.push(gone),
                (None, added) => pieces.added.extend(added),
            }
        }
        let start = |piece: &Piece| piece.interval.start();
        pieces.removed.sort_by_key(start);
        pieces.resized.sort_by_key(|resized| start(&resized.piece));
        pieces.added.sort_by_key(start);
        pieces
    }
}
