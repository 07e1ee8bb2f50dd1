//! A day's state: the tail that grows beside the ended pieces, what was observed since the last
//! fold, and what is folded, by hour.

use dayline_app::ports::{Applied, DayWrite, StateWrite};
use dayline_domain::{DaySums, Hours, Interval, Observation, Piece, PieceChanges, UserId};

use crate::suites::Fact;
use crate::suites::store::StorePorts;
use crate::suites::worked_day::{
    DAY, Form, WorkedDay, added, app, as_use, as_uses, by_hand, grow, mark, piece, record, sorted,
};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_tail_is_read_with_the_pieces", |s| Box::pin(a_tail_is_read_with_the_pieces(s))),
    Fact::new("a_tail_may_grow_shrink_move_end_and_go", |s| {
        Box::pin(a_tail_may_grow_shrink_move_end_and_go(s))
    }),
    Fact::new("recent_observations_come_back_until_the_next_fold", |s| {
        Box::pin(recent_observations_come_back_until_the_next_fold(s))
    }),
    Fact::new("folded_hours_come_back_and_those_left_out_stay", |s| {
        Box::pin(folded_hours_come_back_and_those_left_out_stay(s))
    }),
    Fact::new("an_hour_may_become_empty", |s| Box::pin(an_hour_may_become_empty(s))),
    Fact::new("a_heavy_hour_comes_back_whole", |s| Box::pin(a_heavy_hour_comes_back_whole(s))),
    Fact::new("a_day_on_which_nothing_counts_is_a_day", |s| {
        Box::pin(a_day_on_which_nothing_counts_is_a_day(s))
    }),
    Fact::new("one_commit_writes_days_in_all_forms", |s| Box::pin(one_commit_writes_days_in_all_forms(s))),
];

async fn a_tail_is_read_with_the_pieces(store: StorePorts) {
    let user = store.register(1).await.id;
    let ended = vec![piece("A", 0, 10), piece("B", 10, 20)];
    let tail = piece("C", 20, 30);
    store.write(user, [by_hand(0, added(ended.clone()), Some(tail.clone()))]).await;
    let all = [ended, vec![tail.clone()]].concat();
    let day = store.day(user, DAY).await;
    assert_eq!((day.counted, day.has_tail), (all.clone(), true));
    assert_eq!(store.reader.read(user, DAY.interval()).await.unwrap().counted, all);
    let cut = store.reader.read_sums(user, DAY.interval(), vec![DAY]).await.unwrap();
    assert_eq!(cut.counted, all);
    let of_tail = Interval::new(tail.interval.start(), tail.interval.start().plus(1)).unwrap();
    assert_eq!(store.reader.read(user, of_tail).await.unwrap().counted, [tail]);
    // A tail alone, without any piece that has ended.
    let other = store.register(2).await.id;
    store.write(other, [by_hand(0, PieceChanges::default(), Some(piece("D", 5, 6)))]).await;
    let day = store.day(other, DAY).await;
    assert_eq!((day.counted, day.has_tail), (vec![piece("D", 5, 6)], true));
    assert_eq!(store.reader.extent(other).await.unwrap(), Some((DAY, DAY)));
}

async fn a_tail_may_grow_shrink_move_end_and_go(store: StorePorts) {
    let user = store.register(1).await.id;
    let none = PieceChanges::default;
    let (a, b) = (|end| piece("A", 0, end), |start, end| piece("B", start, end));
    let steps = [
        (none(), Some(a(10)), vec![a(10)]),
        (none(), Some(a(15)), vec![a(15)]),
        (none(), Some(a(5)), vec![a(5)]),
        // Another one, from another start.
        (none(), Some(b(2, 12)), vec![b(2, 12)]),
        // It ends, and something else is the tail.
        (added([b(2, 12)]), Some(piece("A", 12, 20)), vec![b(2, 12), piece("A", 12, 20)]),
        (none(), Some(piece("A", 12, 30)), vec![b(2, 12), piece("A", 12, 30)]),
        // The day is closed: the tail becomes a piece.
        (added([piece("A", 12, 30)]), None, vec![b(2, 12), piece("A", 12, 30)]),
        // The last piece goes on.
        (
            PieceChanges { removed: vec![piece("A", 12, 30)], ..none() },
            Some(piece("A", 12, 40)),
            vec![b(2, 12), piece("A", 12, 40)],
        ),
        // The tail goes, and nothing takes its place.
        (none(), None, vec![b(2, 12)]),
        (PieceChanges { removed: vec![b(2, 12)], ..none() }, None, vec![]),
    ];
    for (version, (ended, tail, expected)) in (0..).zip(steps) {
        let has_tail = tail.is_some();
        store.write(user, [by_hand(version, ended, tail)]).await;
        let day = store.day(user, DAY).await;
        assert_eq!((&day.counted, day.has_tail), (&expected, has_tail), "version {version}");
        assert_eq!(store.reader.read(user, DAY.interval()).await.unwrap().counted, expected);
    }
}

async fn recent_observations_come_back_until_the_next_fold(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut day = WorkedDay::empty(DAY);
    store.write(user, [record(&mut day, &[piece("A", 0, 10)])]).await;
    for n in 1..5 {
        store.write(user, [grow(&mut day, &[piece("B", 100 * n, 100 * n + 10)])]).await;
        let stored = store.day(user, DAY).await;
        assert_eq!(stored.recent.len(), n as usize);
        assert_eq!(stored.observations.len(), n as usize + 1);
        assert!(stored.recent.iter().all(|recent| stored.observations.contains(recent)));
        day.assert_is(&stored);
    }
    // What is recent is written in place of what was.
    let only = vec![as_use(&piece("C", 600, 610))];
    let write =
        DayWrite { state: StateWrite::Recent(only.clone()), ..by_hand(5, PieceChanges::default(), None) };
    store.write(user, [write]).await;
    let stored = store.day(user, DAY).await;
    assert_eq!((stored.recent, stored.observations.len()), (only, 2));
    store.write(user, [by_hand(6, PieceChanges::default(), None)]).await;
    let stored = store.day(user, DAY).await;
    assert_eq!((stored.recent, stored.observations), (vec![], as_uses(&[piece("A", 0, 10)])));
}

/// A write of some hours of the state, by hand.
fn fold(from_version: u64, hours: Vec<(u8, Vec<Observation>)>) -> DayWrite {
    let sums = DaySums::of(DAY, []);
    DayWrite { state: StateWrite::Folded { hours, sums }, ..by_hand(from_version, added([]), None) }
}

/// A second of an hour of the window, which begins two hours before the day.
fn second_of(hour: u8, second: i64) -> Observation {
    let start = DAY.start().plus((i64::from(hour) - 2) * 3_600_000 + second * 1_000);
    let interval = Interval::new(start, start.plus(1_000)).unwrap();
    as_use(&Piece { source: app(&format!("App {}", hour % 3)), interval })
}

async fn assert_observed(store: &StorePorts, user: UserId, expected: &[Observation]) {
    assert_eq!(store.day(user, DAY).await.observations, sorted(expected));
}

async fn folded_hours_come_back_and_those_left_out_stay(store: StorePorts) {
    let user = store.register(1).await.id;
    let all = 0..Hours::IN_WINDOW;
    let mut hours: Vec<Vec<Observation>> =
        all.clone().map(|hour| vec![second_of(hour, 0), second_of(hour, 3_599)]).collect();
    store.write(user, [fold(0, all.zip(hours.iter().cloned()).collect())]).await;
    assert_observed(&store, user, &hours.concat()).await;
    for (version, changed) in (1..).zip([vec![0], vec![27], vec![3, 4, 26], vec![], vec![0, 13]]) {
        for &hour in &changed {
            hours[usize::from(hour)] = vec![second_of(hour, i64::from(hour) + version as i64)];
        }
        let written = changed.iter().map(|&hour| (hour, hours[usize::from(hour)].clone())).collect();
        store.write(user, [fold(version, written)]).await;
        assert_observed(&store, user, &hours.concat()).await;
    }
    // Recent observations are beside them, and go with the next fold.
    let recent = vec![second_of(5, 77)];
    let write = DayWrite { state: StateWrite::Recent(recent.clone()), ..fold(6, Vec::new()) };
    store.write(user, [write]).await;
    assert_observed(&store, user, &[hours.concat(), recent].concat()).await;
    hours[9] = vec![second_of(9, 9)];
    store.write(user, [fold(7, vec![(9, hours[9].clone())])]).await;
    assert_observed(&store, user, &hours.concat()).await;
}

async fn an_hour_may_become_empty(store: StorePorts) {
    let user = store.register(1).await.id;
    store.write(user, [fold(0, vec![(2, vec![second_of(2, 1)]), (3, vec![second_of(3, 1)])])]).await;
    store.write(user, [fold(1, vec![(2, Vec::new()), (7, Vec::new())])]).await;
    assert_observed(&store, user, &[second_of(3, 1)]).await;
    store.write(user, [fold(2, vec![(3, Vec::new())])]).await;
    assert_observed(&store, user, &[]).await;
}

async fn a_heavy_hour_comes_back_whole(store: StorePorts) {
    let user = store.register(1).await.id;
    let start = DAY.start();
    let every_second = (0..3_600).map(|second| {
        let at = start.plus(second * 1_000);
        let source = app(&format!("App {}", second % 300));
        as_use(&Piece { source, interval: Interval::new(at, at.plus(1 + second % 7)).unwrap() })
    });
    let seen: Vec<Observation> = every_second.collect();
    store.write(user, [fold(0, vec![(2, seen.clone())])]).await;
    assert_observed(&store, user, &seen).await;
    let write = DayWrite { state: StateWrite::Recent(seen.clone()), ..fold(1, Vec::new()) };
    store.write(user, [write]).await;
    assert_eq!(store.day(user, DAY).await.recent, sorted(&seen));
}

async fn a_day_on_which_nothing_counts_is_a_day(store: StorePorts) {
    let user = store.register(1).await.id;
    let outside = second_of(1, 0);
    let write = fold(0, vec![(1, vec![outside.clone()])]);
    let marked = write.mark;
    store.write(user, [write]).await;
    let day = store.day(user, DAY).await;
    assert_eq!((day.version, day.counted, day.observations), (1, vec![], vec![outside]));
    assert_eq!(store.reader.marks(user, DAY.interval()).await.unwrap(), [(DAY, marked)]);
    assert_eq!(store.reader.extent(user).await.unwrap(), Some((DAY, DAY)));
    let sums = store.reader.read_sums(user, DAY.interval(), Vec::new()).await.unwrap();
    assert!(sums.counted.is_empty() && sums.sums.iter().all(|sums| sums.sources().is_empty()));
}

async fn one_commit_writes_days_in_all_forms(store: StorePorts) {
    let users = [store.register(1).await.id, store.register(2).await.id, store.register(3).await.id];
    let mut days = users.map(|_| WorkedDay::empty(DAY));
    for round in 0..6_i64 {
        let mut writes = Vec::new();
        for (n, (user, day)) in (0..).zip(users.iter().zip(&mut days)) {
            let form = if (n + round) % 3 == 0 { Form::Folded } else { Form::Growing };
            let seen = as_use(&piece(&format!("App {n}"), 100 * round, 100 * round + 10));
            let write = day.record(form, &[seen]).unwrap();
            writes.push((*user, DayWrite { mark: mark(), ..write }));
        }
        assert_eq!(store.apply(writes).await, Ok(Applied::Done));
        for (user, day) in users.iter().zip(&days) {
            day.assert_is(&store.day(*user, DAY).await);
        }
    }
}
