//! The last line of defence: a ledger refuses a commit whose data can't be, whatever the program
//! thought.

use std::sync::Arc;

use dayline_app::ports::{Applied, DayWrite, LedgerCommit, LedgerView, PortError, Position};
use dayline_domain::{Interval, Piece, PieceChanges, Resized, UserId, UtcDay};

use crate::suites::Fact;
use crate::suites::store::{StorePorts, commit, dead_letter};
use crate::suites::worked_day::{DAY, added, app, by_hand, first, piece, seconds};

use super::corrections::erasure;

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("counted_pieces_that_would_overlap_are_refused", |s| {
        Box::pin(counted_pieces_that_would_overlap_are_refused(s))
    }),
    Fact::new("counted_pieces_may_touch", |s| Box::pin(counted_pieces_may_touch(s))),
    Fact::new("a_tail_that_is_not_the_last_piece_is_refused", |s| {
        Box::pin(a_tail_that_is_not_the_last_piece_is_refused(s))
    }),
    Fact::new("a_tail_is_no_ended_piece", |s| Box::pin(a_tail_is_no_ended_piece(s))),
    Fact::new("a_change_of_a_piece_that_is_not_there_is_refused", |s| {
        Box::pin(a_change_of_a_piece_that_is_not_there_is_refused(s))
    }),
    Fact::new("a_piece_that_leaves_its_day_is_refused", |s| {
        Box::pin(a_piece_that_leaves_its_day_is_refused(s))
    }),
    Fact::new("a_piece_that_shrinks_to_nothing_is_refused", |s| {
        Box::pin(a_piece_that_shrinks_to_nothing_is_refused(s))
    }),
    Fact::new("a_position_never_moves_back", |s| Box::pin(a_position_never_moves_back(s))),
    Fact::new("a_refused_commit_changes_nothing_at_all", |s| {
        Box::pin(a_refused_commit_changes_nothing_at_all(s))
    }),
];

/// A person whose day has Code 0–10, Mail 10–20, Chat 25–30, Code 30–40 and, as the tail, Code
/// 45–50.
async fn prepared(store: &StorePorts) -> UserId {
    let user = store.register(1).await.id;
    let ended = [piece("Code", 0, 10), piece("Mail", 10, 20), piece("Chat", 25, 30), piece("Code", 30, 40)];
    store.write(user, [by_hand(0, added(ended), Some(tail()))]).await;
    user
}

fn tail() -> Piece {
    piece("Code", 45, 50)
}

/// A write of the prepared day's ended pieces.
fn lie(ended: PieceChanges) -> DayWrite {
    by_hand(1, ended, Some(tail()))
}

fn removed(piece: Piece) -> PieceChanges {
    PieceChanges { removed: vec![piece], ..PieceChanges::default() }
}

fn resized(piece: Piece, new_end_s: i64) -> PieceChanges {
    let new_end = DAY.start().plus(new_end_s * 1_000);
    PieceChanges { resized: vec![Resized { piece, new_end }], ..PieceChanges::default() }
}

async fn assert_refused(store: &StorePorts, user: UserId, lies: impl IntoIterator<Item = DayWrite>) {
    let before = store.snapshot(user).await;
    for lie in lies {
        let outcome = store.apply(vec![(user, lie.clone())]).await;
        assert!(matches!(outcome, Err(PortError::Rejected(_))), "{outcome:?} to {lie:?}");
        assert_eq!(store.snapshot(user).await, before);
    }
}

async fn counted_pieces_that_would_overlap_are_refused(store: StorePorts) {
    let user = prepared(&store).await;
    let lies = [
        added([piece("Zoom", 0, 1)]),
        added([piece("Zoom", 9, 11)]),
        added([piece("Zoom", 12, 13)]),
        added([piece("Zoom", 19, 22)]),
        added([piece("Zoom", 21, 26)]),
        added([piece("Zoom", 20, 42)]),
        added([piece("Code", 0, 10)]),
        resized(piece("Code", 0, 10), 11),
        resized(piece("Mail", 10, 20), 26),
        resized(piece("Mail", 10, 20), 44),
        resized(piece("Chat", 25, 30), 31),
        added([piece("Zoom", 41, 43), piece("Zoom", 42, 44)]),
    ];
    assert_refused(&store, user, lies.map(lie)).await;
}

async fn counted_pieces_may_touch(store: StorePorts) {
    let user = prepared(&store).await;
    let ended = PieceChanges {
        resized: resized(piece("Mail", 10, 20), 22).resized,
        added: vec![piece("Zoom", 22, 25), piece("Zoom", 40, 50)],
        removed: Vec::new(),
    };
    store.write(user, [by_hand(1, ended, Some(piece("Chat", 50, 60)))]).await;
    let read = store.reader.read(user, DAY.interval()).await.unwrap();
    let ends = read.counted.iter().map(|piece| piece.interval.end().since(DAY.start()) / 1_000);
    assert!(ends.eq([10, 22, 25, 30, 40, 50, 60]));
}

async fn a_tail_that_is_not_the_last_piece_is_refused(store: StorePorts) {
    let user = prepared(&store).await;
    let none = PieceChanges::default;
    let other = |start, end| Some(piece("Zoom", start, end));
    let lies = [
        // Tails over pieces that have ended, or in front of them.
        by_hand(1, none(), other(35, 50)),
        by_hand(1, none(), other(39, 41)),
        by_hand(1, none(), other(30, 40)),
        by_hand(1, none(), other(0, 80)),
        by_hand(1, none(), other(20, 25)),
        // Pieces that end over the tail, or behind it.
        by_hand(1, added([piece("Zoom", 44, 46)]), Some(tail())),
        by_hand(1, added([piece("Zoom", 46, 47)]), Some(tail())),
        by_hand(1, added([piece("Zoom", 50, 60)]), Some(tail())),
        by_hand(1, added([piece("Zoom", 49, 60)]), other(59, 70)),
        by_hand(1, resized(piece("Code", 30, 40), 46), Some(tail())),
    ];
    assert_refused(&store, user, lies).await;
    // What it follows is looked for among all changes: it may take the place of a piece that goes.
    store.write(user, [by_hand(1, removed(piece("Code", 30, 40)), other(30, 50))]).await;
}

async fn a_tail_is_no_ended_piece(store: StorePorts) {
    let user = prepared(&store).await;
    let lies = [removed(piece("Code", 45, 50)), resized(piece("Code", 45, 50), 60)];
    assert_refused(&store, user, lies.map(|ended| by_hand(1, ended, None))).await;
}

async fn a_change_of_a_piece_that_is_not_there_is_refused(store: StorePorts) {
    let user = prepared(&store).await;
    let absent = [
        piece("Zoom", 41, 43),
        piece("Zoom", 0, 10),
        piece("Mail", 0, 10),
        piece("Code", 0, 9),
        piece("Code", 1, 10),
    ];
    let lies = absent.into_iter().flat_map(|piece| [removed(piece.clone()), resized(piece, 8)].map(lie));
    assert_refused(&store, user, lies).await;
}

async fn a_piece_that_leaves_its_day_is_refused(store: StorePorts) {
    let user = prepared(&store).await;
    let (start, end) = (DAY.start(), DAY.interval().end());
    let whole = |start, end| Piece { source: app("Zoom"), interval: Interval::new(start, end).unwrap() };
    let late = whole(end.plus(-1), end.plus(1));
    let long = whole(start.plus(50_000), start.plus(50_000 + 86_400_000));
    for piece in [late, long] {
        let ended = by_hand(1, added([piece.clone()]), None);
        assert_refused(&store, user, [ended, by_hand(1, PieceChanges::default(), Some(piece))]).await;
    }
    assert_refused(&store, user, [by_hand(1, resized(piece("Code", 30, 40), 86_401), None)]).await;
    let last = || whole(end.plus(-2), end.plus(-1));
    store.write(user, [by_hand(1, added([last()]), Some(whole(end.plus(-1), end)))]).await;
    let tomorrow = UtcDay(DAY.0 + 1).start();
    let elsewhere = [(start.plus(-1), start.plus(1)), (start.plus(-9), start), (tomorrow, tomorrow.plus(5))];
    for piece in elsewhere.map(|(start, end)| whole(start, end)) {
        let emptied = PieceChanges { removed: counted(&store, user).await, ..PieceChanges::default() };
        assert_refused(&store, user, [by_hand(2, emptied, Some(piece))]).await;
    }
}

/// The ended pieces of a person's day.
async fn counted(store: &StorePorts, user: UserId) -> Vec<Piece> {
    let day = store.day(user, DAY).await;
    assert!(day.has_tail);
    day.counted[..day.counted.len() - 1].to_vec()
}

async fn a_piece_that_shrinks_to_nothing_is_refused(store: StorePorts) {
    let user = prepared(&store).await;
    let lies = [resized(piece("Mail", 10, 20), 10), resized(piece("Mail", 10, 20), 5)];
    assert_refused(&store, user, lies.map(lie)).await;
}

async fn a_position_never_moves_back(store: StorePorts) {
    assert_eq!(store.writer.apply(Arc::new(commit(0, 5))).await, Ok(Applied::Done));
    let back = store.writer.apply(Arc::new(commit(5, 4))).await;
    assert!(matches!(back, Err(PortError::Rejected(_))), "{back:?}");
    assert_eq!(store.position().await, Position { major: 5, minor: 0 });
}

async fn a_refused_commit_changes_nothing_at_all(store: StorePorts) {
    let liar = prepared(&store).await;
    let (before, after) = (store.register(2).await.id, store.register(3).await.id);
    let honest = || first(&[piece("A", 0, 30), piece("B", 5, 10)]);
    let lie = lie(added([piece("Zoom", 0, 1)]));
    let days = vec![(before, honest()), (liar, lie), (after, honest())];
    let corrections = vec![(before, erasure(1, 7, seconds(0, 5)))];
    let dead = vec![dead_letter(None, "refused"), dead_letter(Some(before), "refused")];
    let snapshot = store.snapshot(liar).await;
    let outcome =
        store.writer.apply(Arc::new(LedgerCommit { days, dead, corrections, ..commit(1, 2) })).await;
    assert!(matches!(outcome, Err(PortError::Rejected(_))), "{outcome:?}");
    assert_eq!(store.snapshot(liar).await, snapshot);
    for user in [before, after] {
        let view = store.reader.read(user, DAY.interval()).await.unwrap();
        assert_eq!(view, LedgerView::default());
        assert_eq!(store.reader.corrections(user, Some(DAY.interval())).await.unwrap(), []);
        // And the honest change alone is still good.
        assert_eq!(store.apply(vec![(user, honest())]).await, Ok(Applied::Done));
    }
}
