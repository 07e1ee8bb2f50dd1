//! How a ledger takes commits: all or nothing, from the right position and the right versions only.

use std::sync::Arc;

use dayline_app::ports::{Applied, DayKey, DayWrite, LedgerCommit, LoadedDay, Partition, Position};
use dayline_domain::{Interval, Piece, UtcDay};

use crate::suites::Fact;
use crate::suites::store::{NOW, PARTITION, StorePorts, commit, dead_letter, person};
use crate::suites::worked_day::{DAY, WorkedDay, app, first, grow, piece, record};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_commit_moves_its_partition_and_no_other", |s| {
        Box::pin(a_commit_moves_its_partition_and_no_other(s))
    }),
    Fact::new("a_position_is_kept_to_the_last_bit", |s| Box::pin(a_position_is_kept_to_the_last_bit(s))),
    Fact::new("a_commit_may_change_days_where_it_stands", |s| {
        Box::pin(a_commit_may_change_days_where_it_stands(s))
    }),
    Fact::new("a_commit_from_another_position_is_fenced_and_changes_nothing", |s| {
        Box::pin(a_commit_from_another_position_is_fenced_and_changes_nothing(s))
    }),
    Fact::new("of_many_commits_from_one_position_exactly_one_is_done", |s| {
        Box::pin(of_many_commits_from_one_position_exactly_one_is_done(s))
    }),
    Fact::new("partitions_do_not_fence_each_other", |s| Box::pin(partitions_do_not_fence_each_other(s))),
    Fact::new("a_change_from_another_version_is_stale_and_changes_nothing", |s| {
        Box::pin(a_change_from_another_version_is_stale_and_changes_nothing(s))
    }),
    Fact::new("one_stale_change_undoes_the_whole_commit", |s| {
        Box::pin(one_stale_change_undoes_the_whole_commit(s))
    }),
    Fact::new("a_change_of_a_person_who_is_gone_is_stale", |s| {
        Box::pin(a_change_of_a_person_who_is_gone_is_stale(s))
    }),
    Fact::new("deletion_racing_with_commits_leaves_nothing_behind", |s| {
        Box::pin(deletion_racing_with_commits_leaves_nothing_behind(s))
    }),
    Fact::new("letters_are_kept_with_the_position_or_not_at_all", |s| {
        Box::pin(letters_are_kept_with_the_position_or_not_at_all(s))
    }),
    Fact::new("a_ledger_that_takes_commits_says_so_and_stays_as_it_is", |s| {
        Box::pin(a_ledger_that_takes_commits_says_so_and_stays_as_it_is(s))
    }),
    Fact::new("days_load_in_the_order_asked_for", |s| Box::pin(days_load_in_the_order_asked_for(s))),
];

async fn a_commit_moves_its_partition_and_no_other(store: StorePorts) {
    assert_eq!(store.position().await, Position::START);
    assert_eq!(store.writer.apply(Arc::new(commit(0, 5))).await, Ok(Applied::Done));
    assert_eq!(store.position().await, Position { major: 5, minor: 0 });
    assert_eq!(store.writer.position(Partition(PARTITION.0 + 1)).await, Ok(Position::START));
    assert_eq!(store.writer.apply(Arc::new(commit(5, 9))).await, Ok(Applied::Done));
    assert_eq!(store.position().await, Position { major: 9, minor: 0 });
}

async fn a_position_is_kept_to_the_last_bit(store: StorePorts) {
    let at = |major, minor| Position { major, minor };
    let steps = [at(0, 1), at(1, 0), at(1_795_132_800_000, 17), at(u64::MAX - 1, u64::MAX), at(u64::MAX, 0)];
    let mut from = Position::START;
    for to in steps {
        let step = LedgerCommit { partition: Partition(u32::MAX), from, to, ..commit(0, 0) };
        assert_eq!(store.writer.apply(Arc::new(step)).await, Ok(Applied::Done));
        assert_eq!(store.writer.position(Partition(u32::MAX)).await, Ok(to));
        from = to;
    }
}

async fn a_commit_may_change_days_where_it_stands(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut day = WorkedDay::empty(DAY);
    for (second, at) in [(0, 0), (10, 0), (20, 4)] {
        let days = vec![(user, record(&mut day, &[piece("Code", second, second + 5)]))];
        if at > 0 {
            assert_eq!(store.writer.apply(Arc::new(commit(0, at))).await, Ok(Applied::Done));
        }
        let step = LedgerCommit { days, ..commit(at, at) };
        assert_eq!(store.writer.apply(Arc::new(step)).await, Ok(Applied::Done));
        assert_eq!(store.position().await, Position { major: at, minor: 0 });
        assert_eq!(store.day(user, DAY).await.version, day.version);
    }
}

async fn a_commit_from_another_position_is_fenced_and_changes_nothing(store: StorePorts) {
    let user = store.register(1).await.id;
    assert_eq!(store.apply(vec![(user, first(&[piece("Code", 0, 5)]))]).await, Ok(Applied::Done));
    let before = store.snapshot(user).await;
    let mut day = WorkedDay::of(&store.day(user, DAY).await);
    let days = vec![(user, record(&mut day, &[piece("Code", 10, 15)]))];
    let dead = vec![dead_letter(None, "fenced")];
    for (from, to) in [(0, 1), (0, 2), (2, 3), (7, 7)] {
        let step = LedgerCommit { days: days.clone(), dead: dead.clone(), ..commit(from, to) };
        assert_eq!(store.writer.apply(Arc::new(step)).await, Ok(Applied::Fenced), "{from}");
        let minor = Position { major: 1, minor: 1 };
        let step = LedgerCommit { from: minor, days: days.clone(), ..commit(0, 9) };
        assert_eq!(store.writer.apply(Arc::new(step)).await, Ok(Applied::Fenced));
        assert_eq!(store.snapshot(user).await, before);
    }
    let untouched = LedgerCommit { partition: Partition(77), ..commit(3, 4) };
    assert_eq!(store.writer.apply(Arc::new(untouched)).await, Ok(Applied::Fenced));
    assert_eq!(store.writer.position(Partition(77)).await, Ok(Position::START));
}

async fn of_many_commits_from_one_position_exactly_one_is_done(store: StorePorts) {
    let user = store.register(1).await.id;
    for round in 0..5 {
        let day = WorkedDay::of(&store.day(user, DAY).await);
        let mut racing = tokio::task::JoinSet::new();
        for n in 1..=8 {
            let (writer, mut day) = (store.writer.clone(), day.clone());
            let start = round * 1_000 + 100 * n;
            let days = vec![(user, record(&mut day, &[piece("Code", start, start + n)]))];
            let (from, to) = (round as u64 * 10, round as u64 * 10 + 10);
            let step = LedgerCommit { days, dead: vec![dead_letter(None, "x")], ..commit(from, to) };
            racing.spawn(async move { (writer.apply(Arc::new(step)).await.unwrap(), day) });
        }
        let outcomes = racing.join_all().await;
        let done: Vec<_> = outcomes.iter().filter(|(applied, _)| *applied == Applied::Done).collect();
        let fenced = outcomes.iter().filter(|(applied, _)| *applied == Applied::Fenced).count();
        assert_eq!((done.len(), fenced), (1, 7));
        let stored = store.day(user, DAY).await;
        done[0].1.assert_is(&stored);
        assert_eq!(store.dead_letters.count().await.unwrap(), round as u64 + 1);
    }
}

async fn partitions_do_not_fence_each_other(store: StorePorts) {
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..16 {
        let (writer, partition) = (store.writer.clone(), Partition(n));
        let user = store.register(u64::from(n)).await.id;
        racing.spawn(async move {
            let mut day = WorkedDay::empty(DAY);
            for major in 0..5 {
                let start = i64::try_from(major).unwrap() * 10;
                let days = vec![(user, grow(&mut day, &[piece("Code", start, start + 5)]))];
                let step = LedgerCommit { partition, days, ..commit(major, major + 1) };
                assert_eq!(writer.apply(Arc::new(step)).await, Ok(Applied::Done));
            }
        });
    }
    racing.join_all().await;
    for n in 0..16 {
        assert_eq!(store.day(person(n).id, DAY).await.version, 5);
    }
}

async fn a_change_from_another_version_is_stale_and_changes_nothing(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut day = WorkedDay::empty(DAY);
    let zero = record(&mut day, &[piece("Code", 0, 5)]);
    let one = record(&mut day, &[piece("Code", 10, 15)]);
    let two = record(&mut day, &[piece("Code", 20, 25)]);
    assert_eq!(store.apply(vec![(user, one.clone())]).await, Ok(Applied::Stale), "nothing is stored yet");
    assert_eq!(store.day(user, DAY).await.version, 0);
    assert_eq!(store.apply(vec![(user, zero.clone())]).await, Ok(Applied::Done));
    let before = store.snapshot(user).await;
    for stale in [zero, two.clone()] {
        assert_eq!(store.apply(vec![(user, stale)]).await, Ok(Applied::Stale));
        assert_eq!(store.snapshot(user).await, before);
    }
    store.write(user, [one]).await;
    store.write(user, [two]).await;
    day.assert_is(&store.day(user, DAY).await);
}

async fn one_stale_change_undoes_the_whole_commit(store: StorePorts) {
    let users = [store.register(1).await.id, store.register(2).await.id, store.register(3).await.id];
    assert_eq!(store.apply(vec![(users[1], first(&[piece("Code", 0, 5)]))]).await, Ok(Applied::Done));
    let days = users.map(|user| (user, first(&[piece("Mail", 0, 5)]))).to_vec();
    let step = LedgerCommit { days, dead: vec![dead_letter(None, "stale")], ..commit(1, 2) };
    assert_eq!(store.writer.apply(Arc::new(step)).await, Ok(Applied::Stale));
    for user in [users[0], users[2]] {
        assert_eq!(store.day(user, DAY).await.version, 0);
        assert_eq!(store.reader.read(user, DAY.interval()).await.unwrap().counted, []);
    }
    assert_eq!(store.position().await, Position { major: 1, minor: 0 });
    assert_eq!(store.dead_letters.count().await.unwrap(), 0);
}

async fn a_change_of_a_person_who_is_gone_is_stale(store: StorePorts) {
    let (stays, goes) = (store.register(1).await.id, store.register(2).await.id);
    store.accounts.delete(goes, NOW).await.unwrap().unwrap();
    for gone in [goes, person(3).id] {
        let days = [stays, gone].map(|user| (user, first(&[piece("Code", 0, 5)]))).to_vec();
        assert_eq!(store.apply(days).await, Ok(Applied::Stale));
        assert_eq!(store.day(stays, DAY).await.version, 0);
        assert_eq!(store.position().await, Position::START);
    }
}

async fn deletion_racing_with_commits_leaves_nothing_behind(store: StorePorts) {
    let stays = store.register(0).await.id;
    for n in 1..=20 {
        let goes = store.register(n).await.id;
        let day = UtcDay(i32::try_from(n).unwrap());
        let days = [stays, goes].map(|user| (user, write_on(day))).to_vec();
        let step = LedgerCommit { days, dead: vec![dead_letter(Some(goes), "x")], ..commit(0, 0) };
        let step = LedgerCommit { partition: Partition(n as u32), ..step };
        let writer = store.writer.clone();
        let applied = tokio::spawn(async move { writer.apply(Arc::new(step)).await.unwrap() });
        store.accounts.delete(goes, NOW).await.unwrap().unwrap();
        let applied = applied.await.unwrap();
        assert!(matches!(applied, Applied::Done | Applied::Stale), "{applied:?}");
        let kept = store.day(stays, day).await;
        assert_eq!(kept.version, u64::from(applied == Applied::Done));
        let gone = store.writer.load(vec![DayKey { user: goes, day: DAY }]).await.unwrap().remove(0);
        assert!(matches!(gone, LoadedDay::NoSuchUser));
        assert_eq!(store.dead_letters.count().await.unwrap(), 0);
    }
}

/// What is written of a day that was used for its first five seconds.
fn write_on(day: UtcDay) -> DayWrite {
    let interval = Interval::new(day.start(), day.start().plus(5_000)).unwrap();
    record(&mut WorkedDay::empty(day), &[Piece { source: app("Code"), interval }])
}

async fn letters_are_kept_with_the_position_or_not_at_all(store: StorePorts) {
    let user = store.register(1).await.id;
    let dead = vec![dead_letter(Some(user), "a"), dead_letter(None, "b")];
    let write = first(&[piece("Code", 0, 5)]);
    let good = LedgerCommit { dead, days: vec![(user, write.clone())], ..commit(0, 1) };
    assert_eq!(store.writer.apply(Arc::new(good.clone())).await, Ok(Applied::Done));
    assert_eq!(store.dead_letters.count().await.unwrap(), 2);
    assert_eq!(store.writer.apply(Arc::new(good.clone())).await, Ok(Applied::Fenced));
    let stale = LedgerCommit { from: good.to, to: Position { major: 2, minor: 0 }, ..good };
    assert_eq!(store.writer.apply(Arc::new(stale)).await, Ok(Applied::Stale));
    assert_eq!(store.dead_letters.count().await.unwrap(), 2);
    assert_eq!(store.position().await, Position { major: 1, minor: 0 });
}

async fn a_ledger_that_takes_commits_says_so_and_stays_as_it_is(store: StorePorts) {
    assert_eq!(store.writer.check().await, Ok(()));
    let user = store.register(1).await.id;
    assert_eq!(store.apply(vec![(user, first(&[piece("Code", 0, 10)]))]).await, Ok(Applied::Done));
    let before = store.snapshot(user).await;
    assert_eq!(store.writer.check().await, Ok(()));
    assert_eq!(store.snapshot(user).await, before);
}

async fn days_load_in_the_order_asked_for(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    let stranger = person(3).id;
    store.apply(vec![(ada, write_on(UtcDay(3))), (bob, write_on(UtcDay(1)))]).await.unwrap();
    let keys = [(bob, 1), (stranger, 1), (ada, 1), (ada, 3), (bob, 1), (ada, 2)];
    let keys = keys.map(|(user, day)| DayKey { user, day: UtcDay(day) });
    let loaded = store.writer.load(keys.to_vec()).await.unwrap();
    let versions = loaded.iter().map(|day| match day {
        LoadedDay::Day(day) => Some((day.day, day.version, day.counted.len())),
        LoadedDay::NoSuchUser => None,
        LoadedDay::Damaged(why) => panic!("{why}"),
    });
    let stored = |day| Some((UtcDay(day), 1, 1));
    let empty = |day| Some((UtcDay(day), 0, 0));
    assert!(versions.eq([stored(1), None, empty(1), stored(3), stored(1), empty(2)]));
    assert!(store.writer.load(Vec::new()).await.unwrap().is_empty());
}
