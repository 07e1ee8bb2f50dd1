//! Ledger and dead letters of the fake store. Changes are applied piece by piece in the documented
//! order, and an overlap at any moment is refused, as a database's constraint would.

use std::sync::Arc;

use dayline_app::ports::{
    Applied, DayKey, DeadLetters, LedgerCommit, LedgerReader, LedgerView, LedgerWriter, LoadedDay, Partition,
    PortError, PortFuture, Position, StoredDeadLetter,
};
use dayline_app::reporting::stored_sums;
use dayline_domain::timeline::Piece;
use dayline_domain::{DayChange, DaySums, Interval, LedgerDay, PieceChanges, UserId, UtcDay, UtcMs};

use super::{FakeStore, Tables};

impl LedgerWriter for FakeStore {
    fn position(&self, partition: Partition) -> PortFuture<'_, Position> {
        self.transaction(|tables| Ok(tables.positions.get(&partition).copied().unwrap_or_default()))
    }

    fn load(&self, days: Vec<DayKey>) -> PortFuture<'_, Vec<LoadedDay>> {
        self.transaction(|tables| {
            tables.days_loaded += days.len();
            Ok(days.into_iter().map(|key| tables.load(key)).collect())
        })
    }

    fn apply(&self, commit: Arc<LedgerCommit>) -> PortFuture<'_, Applied> {
        self.transaction(|tables| {
            if commit.to < commit.from {
                return Err(PortError::Rejected("a position would move back".into()));
            }
            if tables.positions.get(&commit.partition).copied().unwrap_or_default() != commit.from {
                return Ok(Applied::Fenced);
            }
            let is_current = |(user, change): &(UserId, DayChange)| {
                let key = DayKey { user: *user, day: change.day };
                let version = tables.days.get(&key).map_or(0, |day| day.version);
                tables.users.contains_key(user) && version == change.from_version
            };
            if !commit.changes.iter().all(is_current) {
                return Ok(Applied::Stale);
            }
            for (user, change) in &commit.changes {
                tables.change(*user, change, commit.at)?;
            }
            tables.bury(&commit);
            tables.positions.insert(commit.partition, commit.to);
            Ok(Applied::Done)
        })
    }

    fn check(&self) -> PortFuture<'_, ()> {
        self.transaction(|_| Ok(()))
    }
}

impl Tables {
    fn load(&self, key: DayKey) -> LoadedDay {
        if !self.users.contains_key(&key.user) {
            return LoadedDay::NoSuchUser;
        }
        let day = self.days.get(&key).cloned().unwrap_or_default();
        let day = LedgerDay::restore(key.day, day.version, day.counted, day.outranked);
        day.map_or_else(|error| LoadedDay::Damaged(error.to_string()), |day| LoadedDay::Day(Box::new(day)))
    }

    fn change(&mut self, user: UserId, change: &DayChange, at: UtcMs) -> Result<(), PortError> {
        let refused = self.refused_app.as_deref();
        if change.counted.added.iter().any(|piece| Some(piece.source.activity.app.as_str()) == refused) {
            return Err(PortError::Rejected("an app the store refuses".into()));
        }
        let key = DayKey { user, day: change.day };
        if self.unwritable == Some(key) {
            return Err(PortError::Corrupt("a page that can't be written".into()));
        }
        let day = self.days.entry(key).or_default();
        day.version = change.to_version;
        day.changed_at = at;
        day.sums = Some((change.to_version, stored_sums::encode(&change.sums)));
        apply_changes(&mut day.counted, &change.counted, true)?;
        apply_changes(&mut day.outranked, &change.outranked, false)
    }

    fn bury(&mut self, commit: &LedgerCommit) {
        for dead in &commit.dead {
            if dead.user.is_some_and(|user| !self.users.contains_key(&user)) {
                continue;
            }
            self.last_dead += 1;
            let letter = StoredDeadLetter {
                id: self.last_dead,
                at: commit.at,
                partition: commit.partition,
                position: commit.to,
                letter: dead.clone(),
            };
            self.dead.insert(letter.id, letter);
        }
    }
}

fn apply_changes(pieces: &mut Vec<Piece>, changes: &PieceChanges, exclusive: bool) -> Result<(), PortError> {
    let missing = || PortError::Rejected("a change of a piece that is not there".into());
    for gone in &changes.removed {
        let at = pieces.iter().position(|piece| piece == gone).ok_or_else(missing)?;
        pieces.remove(at);
    }
    for resized in &changes.resized {
        let at = pieces.iter().position(|piece| *piece == resized.piece).ok_or_else(missing)?;
        let whole = Interval::new(resized.piece.interval.start(), resized.new_end).ok_or_else(missing)?;
        pieces[at].interval = whole;
        check_place(pieces, &pieces[at], exclusive)?;
    }
    for added in &changes.added {
        pieces.push(added.clone());
        check_place(pieces, added, exclusive)?;
    }
    pieces.sort_by(|a, b| (a.interval.start(), &a.source).cmp(&(b.interval.start(), &b.source)));
    Ok(())
}

fn check_place(pieces: &[Piece], with: &Piece, exclusive: bool) -> Result<(), PortError> {
    if with.interval.cut_at_midnight().count() > 1 {
        return Err(PortError::Rejected("a piece lies in more than one day".into()));
    }
    let overlapping = pieces.iter().filter(|piece| piece.interval.clip(with.interval).is_some()).count();
    if exclusive && overlapping > 1 {
        return Err(PortError::Rejected("counted pieces overlap".into()));
    }
    Ok(())
}

impl LedgerReader for FakeStore {
    fn versions(&self, user: UserId, interval: Interval) -> PortFuture<'_, Vec<(UtcDay, u64)>> {
        self.transaction(|tables| Ok(tables.view(user, interval, false).versions))
    }

    fn changed_since(&self, user: UserId, since: UtcMs) -> PortFuture<'_, Vec<(UtcDay, u64)>> {
        self.transaction(|tables| {
            let changed = tables.days.iter().filter(|(key, day)| key.user == user && day.changed_at >= since);
            Ok(changed.map(|(key, day)| (key.day, day.version)).collect())
        })
    }

    fn extent(&self, user: UserId) -> PortFuture<'_, Option<(UtcDay, UtcDay)>> {
        self.transaction(|tables| {
            let mut days = tables.days.keys().filter(|key| key.user == user).map(|key| key.day);
            let first = days.next();
            Ok(first.map(|first| (first, days.next_back().unwrap_or(first))))
        })
    }

    fn read(&self, user: UserId, interval: Interval, outranked: bool) -> PortFuture<'_, LedgerView> {
        self.transaction(|tables| Ok(tables.view(user, interval, outranked)))
    }

    fn read_sums(&self, user: UserId, interval: Interval, cut: Vec<UtcDay>) -> PortFuture<'_, LedgerView> {
        self.transaction(|tables| {
            let mut view = tables.view(user, interval, false);
            for (day, version) in &view.versions {
                let stored = tables.days.get(&DayKey { user, day: *day }).and_then(|day| day.sums.as_ref());
                let current = stored.filter(|(of, _)| of == version && !cut.contains(day));
                view.sums.extend(current.and_then(|(_, bytes)| stored_sums::decode(*day, bytes).ok()));
            }
            let is_summed = |piece: &Piece| {
                view.sums.binary_search_by_key(&piece.interval.start().day(), DaySums::day).is_ok()
            };
            view.counted.retain(|piece| !is_summed(piece));
            Ok(view)
        })
    }
}

impl Tables {
    fn view(&self, user: UserId, interval: Interval, outranked: bool) -> LedgerView {
        let touching = |pieces: &[Piece]| -> Vec<Piece> {
            pieces.iter().filter(|piece| piece.interval.clip(interval).is_some()).cloned().collect()
        };
        let mut view = LedgerView::default();
        for (key, day) in self.days.iter().filter(|(key, _)| key.user == user) {
            if key.day.interval().clip(interval).is_none() {
                continue;
            }
            view.versions.push((key.day, day.version));
            view.counted.extend(touching(&day.counted));
            if outranked {
                view.outranked.extend(touching(&day.outranked));
            }
        }
        view
    }
}

impl DeadLetters for FakeStore {
    fn list(&self, after: u64, limit: usize) -> PortFuture<'_, Vec<StoredDeadLetter>> {
        self.transaction(|tables| {
            Ok(tables.dead.range(after.saturating_add(1)..).take(limit).map(|(_, l)| l.clone()).collect())
        })
    }

    fn list_of(&self, user: UserId, after: u64, limit: usize) -> PortFuture<'_, Vec<StoredDeadLetter>> {
        self.transaction(|tables| {
            let later = tables.dead.range(after.saturating_add(1)..).map(|(_, letter)| letter);
            let theirs = later.filter(|stored| stored.letter.user == Some(user));
            Ok(theirs.take(limit).cloned().collect())
        })
    }

    fn find(&self, id: u64) -> PortFuture<'_, Option<StoredDeadLetter>> {
        self.transaction(|tables| Ok(tables.dead.get(&id).cloned()))
    }

    fn delete(&self, id: u64) -> PortFuture<'_, bool> {
        self.transaction(|tables| Ok(tables.dead.remove(&id).is_some()))
    }

    fn count(&self) -> PortFuture<'_, u64> {
        self.transaction(|tables| Ok(tables.dead.len() as u64))
    }
}
