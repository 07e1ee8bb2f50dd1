//! The last line of defence: a ledger refuses a commit whose data can't be, whatever the program
//! thought.

use std::sync::Arc;

use dayline_app::ports::{Applied, LedgerCommit, PortError, Position};
use dayline_domain::{DayChange, DaySums, Interval, LedgerDay, Piece, PieceChanges, Resized, UserId};

use crate::suites::Fact;
use crate::suites::store::{DAY, StorePorts, commit, dead_letter, first, piece, record};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("counted_pieces_that_would_overlap_are_refused", |s| {
        Box::pin(counted_pieces_that_would_overlap_are_refused(s))
    }),
    Fact::new("counted_pieces_may_touch", |s| Box::pin(counted_pieces_may_touch(s))),
    Fact::new("outranked_pieces_of_different_sources_may_overlap", |s| {
        Box::pin(outranked_pieces_of_different_sources_may_overlap(s))
    }),
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

/// A person whose day has Code 0–10, Mail 10–20, Code 30–40 and, outranked, Chat 32–38.
async fn prepared(store: &StorePorts) -> UserId {
    let user = store.register(1).await.id;
    let pings = [piece("Code", 0, 10), piece("Mail", 10, 20), piece("Chat", 25, 38), piece("Code", 30, 40)];
    assert_eq!(store.apply(vec![(user, first(&pings))]).await, Ok(Applied::Done));
    user
}

/// A change of the prepared day that nobody's rule has made.
fn lie(counted: PieceChanges, outranked: PieceChanges) -> DayChange {
    DayChange { day: DAY, from_version: 1, to_version: 2, counted, outranked, sums: DaySums::of(DAY, []) }
}

fn added(piece: Piece) -> PieceChanges {
    PieceChanges { added: vec![piece], ..PieceChanges::default() }
}

fn removed(piece: Piece) -> PieceChanges {
    PieceChanges { removed: vec![piece], ..PieceChanges::default() }
}

fn resized(piece: Piece, new_end_s: i64) -> PieceChanges {
    let new_end = DAY.start().plus(new_end_s * 1_000);
    PieceChanges { resized: vec![Resized { piece, new_end }], ..PieceChanges::default() }
}

async fn assert_refused(store: &StorePorts, user: UserId, lies: impl IntoIterator<Item = DayChange>) {
    let before = store.snapshot(user).await;
    for lie in lies {
        let outcome = store.apply(vec![(user, lie.clone())]).await;
        assert!(matches!(outcome, Err(PortError::Rejected(_))), "{outcome:?} to {lie:?}");
        assert_eq!(store.snapshot(user).await, before);
    }
}

async fn counted_pieces_that_would_overlap_are_refused(store: StorePorts) {
    let user = prepared(&store).await;
    let none = PieceChanges::default;
    let lies = [
        added(piece("Zoom", 0, 1)),
        added(piece("Zoom", 9, 11)),
        added(piece("Zoom", 12, 13)),
        added(piece("Zoom", 19, 22)),
        added(piece("Zoom", 21, 26)),
        added(piece("Zoom", 20, 70)),
        added(piece("Code", 0, 10)),
        resized(piece("Code", 0, 10), 11),
        resized(piece("Mail", 10, 20), 26),
        resized(piece("Mail", 10, 20), 90),
        resized(piece("Chat", 25, 30), 31),
        PieceChanges { added: vec![piece("Zoom", 50, 60), piece("Zoom", 59, 61)], ..none() },
    ];
    assert_refused(&store, user, lies.map(|counted| lie(counted, none()))).await;
}

async fn counted_pieces_may_touch(store: StorePorts) {
    let user = prepared(&store).await;
    let counted = PieceChanges {
        resized: resized(piece("Mail", 10, 20), 22).resized,
        added: vec![piece("Zoom", 22, 25), piece("Zoom", 40, 50)],
        removed: Vec::new(),
    };
    assert_eq!(store.apply(vec![(user, lie(counted, PieceChanges::default()))]).await, Ok(Applied::Done));
    let read = store.reader.read(user, DAY.interval(), false).await.unwrap();
    let ends = read.counted.iter().map(|piece| piece.interval.end().since(DAY.start()) / 1_000);
    assert!(ends.eq([10, 22, 25, 30, 40, 50]));
}

async fn outranked_pieces_of_different_sources_may_overlap(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut day = LedgerDay::empty(DAY);
    let pings = [piece("A", 0, 30), piece("B", 5, 30), piece("C", 10, 30), piece("D", 10, 30)];
    let change = record(&mut day, &pings);
    assert!(change.outranked.added.len() >= 3);
    assert_eq!(store.apply(vec![(user, change)]).await, Ok(Applied::Done));
    assert!(store.day(user, DAY).await.outranked().eq(day.outranked()));
}

async fn a_change_of_a_piece_that_is_not_there_is_refused(store: StorePorts) {
    let user = prepared(&store).await;
    let none = PieceChanges::default;
    let absent = [
        piece("Zoom", 50, 60),
        piece("Zoom", 0, 10),
        piece("Mail", 0, 10),
        piece("Code", 0, 9),
        piece("Code", 1, 10),
    ];
    let counted = absent
        .into_iter()
        .flat_map(|piece| [removed(piece.clone()), resized(piece, 8)].map(|counted| lie(counted, none())));
    assert_refused(&store, user, counted).await;
    let absent = [piece("Zoom", 30, 38), piece("Code", 30, 38), piece("Chat", 30, 37), piece("Chat", 31, 38)];
    let outranked = absent.into_iter().flat_map(|piece| {
        [removed(piece.clone()), resized(piece, 39)].map(|outranked| lie(none(), outranked))
    });
    assert_refused(&store, user, outranked).await;
}

async fn a_piece_that_leaves_its_day_is_refused(store: StorePorts) {
    let user = prepared(&store).await;
    let (start, end) = (DAY.start(), DAY.interval().end());
    let mut late = piece("Zoom", 0, 1);
    late.interval = Interval::new(end.plus(-1), end.plus(1)).unwrap();
    let mut long = piece("Zoom", 0, 1);
    long.interval = Interval::new(start.plus(50_000), start.plus(50_000 + 86_400_000)).unwrap();
    let none = PieceChanges::default;
    for piece in [late, long] {
        assert_refused(&store, user, [lie(added(piece.clone()), none()), lie(none(), added(piece))]).await;
    }
    let lies = [
        lie(resized(piece("Code", 30, 40), 86_401), none()),
        lie(none(), resized(piece("Chat", 30, 38), 86_401)),
    ];
    assert_refused(&store, user, lies).await;
    let mut last = piece("Zoom", 0, 1);
    last.interval = Interval::new(end.plus(-1), end).unwrap();
    assert_eq!(store.apply(vec![(user, lie(added(last), none()))]).await, Ok(Applied::Done));
}

async fn a_piece_that_shrinks_to_nothing_is_refused(store: StorePorts) {
    let user = prepared(&store).await;
    let none = PieceChanges::default;
    let lies = [
        lie(resized(piece("Mail", 10, 20), 10), none()),
        lie(resized(piece("Mail", 10, 20), 5), none()),
        lie(none(), resized(piece("Chat", 30, 38), 30)),
    ];
    assert_refused(&store, user, lies).await;
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
    let lie = lie(added(piece("Zoom", 0, 1)), PieceChanges::default());
    let changes = vec![(before, honest()), (liar, lie), (after, honest())];
    let dead = vec![dead_letter(None, "refused"), dead_letter(Some(before), "refused")];
    let snapshot = store.snapshot(liar).await;
    let outcome = store.writer.apply(Arc::new(LedgerCommit { changes, dead, ..commit(1, 2) })).await;
    assert!(matches!(outcome, Err(PortError::Rejected(_))), "{outcome:?}");
    assert_eq!(store.snapshot(liar).await, snapshot);
    for user in [before, after] {
        let view = store.reader.read(user, DAY.interval(), true).await.unwrap();
        assert_eq!(view, dayline_app::ports::LedgerView::default());
        // And the honest change alone is still good.
        assert_eq!(store.apply(vec![(user, honest())]).await, Ok(Applied::Done));
    }
}
