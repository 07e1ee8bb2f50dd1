//! Pieces that the ledger cuts at midnight, made whole again: all at once, or part by part.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::activity::{Piece, Source};
use crate::time::{DAY_MS, Interval, UtcMs};

/// Pieces, counted or outranked, in which those that only midnight UTC separates are one. They stay
/// in the order of their starts.
pub fn join_at_midnight(pieces: impl IntoIterator<Item = Piece>) -> Vec<Piece> {
    let mut joined = Vec::<Piece>::new();
    // Where in `joined` the piece of each source stands that ended at a midnight last.
    let mut at_midnight = HashMap::<Arc<Source>, usize>::new();
    for Piece { source, interval } in pieces {
        let touches = |at: &usize| joined[*at].interval.end() == interval.start();
        let earlier = at_midnight.get(&source).copied().filter(touches);
        let at = earlier.unwrap_or(joined.len());
        if interval.end().0.rem_euclid(DAY_MS) == 0 {
            at_midnight.insert(Arc::clone(&source), at);
        }
        match earlier {
            Some(at) => joined[at].interval = joined[at].interval.hull(interval),
            None => joined.push(Piece { source, interval }),
        }
    }
    joined
}

/// Joins the counted pieces of a stretch that is read part by part: those that only midnight UTC or
/// the end of a part separates are one.
#[derive(Debug, Default)]
pub struct Joining {
    last: Option<Piece>,
}

impl Joining {
    /// Takes the pieces of the next part; gives those that nothing can be joined to any more.
    pub fn add(&mut self, pieces: impl IntoIterator<Item = Piece>) -> Vec<Piece> {
        let mut whole = Vec::new();
        for piece in pieces {
            match &mut self.last {
                Some(last)
                    if last.interval.end() == piece.interval.start() && last.source == piece.source =>
                {
                    last.interval = last.interval.hull(piece.interval);
                }
                last => whole.extend(last.replace(piece)),
            }
        }
        whole
    }

    /// The last piece.
    pub fn end(self) -> Option<Piece> {
        self.last
    }
}

/// Joins pieces of a stretch that may overlap, such as outranked ones, part by part. A piece that
/// goes on behind its part must not keep back those that start after it, so their ends are looked up
/// first: the parts are read twice, from the last to the first and then from the first to the last.
#[derive(Debug, Default)]
pub struct OverlapJoining {
    /// Where pieces end that start with a part, by that start.
    ends: HashMap<UtcMs, HashMap<Arc<Source>, UtcMs>>,
    /// Whose pieces reached the end of the last part.
    open: HashSet<Arc<Source>>,
}

impl OverlapJoining {
    /// Whether nothing was looked at yet.
    pub fn is_new(&self) -> bool {
        self.ends.is_empty()
    }

    /// Looks at the pieces of a part, after those of the part behind it. Parts end at midnights UTC.
    pub fn look_back(&mut self, part: Interval, pieces: &[Piece]) {
        let first = pieces.iter().filter(|piece| piece.interval.start() == part.start());
        let ends = first.map(|piece| (Arc::clone(&piece.source), self.end_of(part, piece))).collect();
        self.ends.insert(part.start(), ends);
    }

    /// Takes the pieces of the next part; gives those that start in it, whole.
    pub fn add(&mut self, part: Interval, pieces: Vec<Piece>) -> Vec<Piece> {
        let reaches_end = |piece: &&Piece| piece.interval.end() == part.end();
        let open = pieces.iter().filter(reaches_end).map(|piece| Arc::clone(&piece.source)).collect();
        let before = std::mem::replace(&mut self.open, open);
        let starts_here =
            |piece: &Piece| piece.interval.start() > part.start() || !before.contains(&piece.source);
        let whole = |piece: Piece| {
            let end = self.end_of(part, &piece);
            let interval = Interval::new(piece.interval.start(), end).unwrap_or(piece.interval);
            Piece { interval, ..piece }
        };
        pieces.into_iter().filter(starts_here).map(whole).collect()
    }

    fn end_of(&self, part: Interval, piece: &Piece) -> UtcMs {
        let end = piece.interval.end();
        if end < part.end() {
            return end;
        }
        self.ends.get(&end).and_then(|ends| ends.get(&piece.source)).copied().unwrap_or(end)
    }
}
