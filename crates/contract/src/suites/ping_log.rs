//! What every ping log keeps: order, exactly once, read limits, forgetting, waiting, and being there
//! after a restart. The subjects forget what is settled at once; what others keep is in
//! `kept_pings`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{BoxFuture, LogDepth, LogRead, Partition, PingLog, Position};

use super::Fact;
use super::numbered::{FIRST, append, depth_of, framed, numbered, numbers, read_all, records, size, soon};

/// A fresh log, and how to open it again.
pub struct Subject {
    /// The log, empty.
    pub log: Arc<dyn PingLog>,
    /// Opens the same log again after every handle to it was dropped; `None` if the log does not
    /// outlive its handle.
    pub reopen: Option<Reopen>,
}

/// Opens a log again.
pub type Reopen = Box<dyn Fn() -> BoxFuture<'static, Arc<dyn PingLog>> + Send + Sync>;

/// The facts, for [`super::prove`].
pub const FACTS: &[Fact<Subject>] = &[
    Fact::new("an_empty_log_reads_as_nothing", |s| Box::pin(an_empty_log_reads_as_nothing(s))),
    Fact::new("records_are_read_in_the_order_of_their_appends", |s| {
        Box::pin(records_are_read_in_the_order_of_their_appends(s))
    }),
    Fact::new("a_reader_goes_on_after_its_position", |s| Box::pin(a_reader_goes_on_after_its_position(s))),
    Fact::new("a_read_keeps_its_limit_but_gives_one_entry", |s| {
        Box::pin(a_read_keeps_its_limit_but_gives_one_entry(s))
    }),
    Fact::new("a_large_record_survives", |s| Box::pin(a_large_record_survives(s))),
    Fact::new("partitions_are_apart", |s| Box::pin(partitions_are_apart(s))),
    Fact::new("what_is_settled_is_forgotten_and_nothing_further", |s| {
        Box::pin(what_is_settled_is_forgotten_and_nothing_further(s))
    }),
    Fact::new("settling_again_or_less_brings_nothing_back", |s| {
        Box::pin(settling_again_or_less_brings_nothing_back(s))
    }),
    Fact::new("settling_beyond_the_end_spares_what_comes_later", |s| {
        Box::pin(settling_beyond_the_end_spares_what_comes_later(s))
    }),
    Fact::new("positions_are_never_used_again", |s| Box::pin(positions_are_never_used_again(s))),
    Fact::new("depth_counts_what_is_not_settled", |s| Box::pin(depth_counts_what_is_not_settled(s))),
    Fact::new("who_comes_back_older_is_told_once_what_it_lost", |s| {
        Box::pin(who_comes_back_older_is_told_once_what_it_lost(s))
    }),
    Fact::new("a_log_that_takes_records_says_so_and_stays_as_it_is", |s| {
        Box::pin(a_log_that_takes_records_says_so_and_stays_as_it_is(s))
    }),
    Fact::new("waiting_ends_at_once_if_entries_are_there", |s| {
        Box::pin(waiting_ends_at_once_if_entries_are_there(s))
    }),
    Fact::new("waiting_ends_with_an_append", |s| Box::pin(waiting_ends_with_an_append(s))),
    Fact::new("many_appenders_lose_and_double_nothing", |s| {
        Box::pin(many_appenders_lose_and_double_nothing(s))
    }),
    Fact::new("a_reader_that_settles_sees_every_record_once", |s| {
        Box::pin(a_reader_that_settles_sees_every_record_once(s))
    }),
    Fact::new("of_concurrent_words_the_furthest_is_what_is_forgotten", |s| {
        Box::pin(of_concurrent_words_the_furthest_is_what_is_forgotten(s))
    }),
    Fact::new("everything_is_there_after_a_restart", |s| Box::pin(everything_is_there_after_a_restart(s))),
    Fact::new("what_was_forgotten_stays_so_after_a_restart", |s| {
        Box::pin(what_was_forgotten_stays_so_after_a_restart(s))
    }),
    Fact::new("positions_grow_over_a_restart_of_an_empty_log", |s| {
        Box::pin(positions_grow_over_a_restart_of_an_empty_log(s))
    }),
];

const APPENDERS: u64 = 64;
const RECORDS_EACH: u64 = 25;

async fn an_empty_log_reads_as_nothing(Subject { log, .. }: Subject) {
    assert!(log.partitions() >= 1);
    for partition in 0..log.partitions() {
        assert_eq!(
            log.read_after(Partition(partition), Position::START, usize::MAX).await,
            Ok(LogRead::default())
        );
    }
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
    assert_eq!(log.throttled(), Duration::ZERO);
}

async fn records_are_read_in_the_order_of_their_appends(Subject { log, .. }: Subject) {
    append(&*log, 0..20).await;
    let entries = read_all(&*log, Position::START).await;
    assert_eq!(numbers(&entries), (0..20).collect::<Vec<_>>());
    assert!(entries[0].position > Position::START);
    assert!(entries.is_sorted_by(|a, b| a.position < b.position));
}

async fn a_reader_goes_on_after_its_position(Subject { log, .. }: Subject) {
    append(&*log, 0..10).await;
    let entries = read_all(&*log, Position::START).await;
    for (read, entry) in entries.iter().enumerate() {
        assert_eq!(read_all(&*log, entry.position).await, entries[read + 1..]);
    }
}

async fn a_read_keeps_its_limit_but_gives_one_entry(Subject { log, .. }: Subject) {
    append(&*log, 0..10).await;
    let entries = read_all(&*log, Position::START).await;
    let sizes: Vec<_> = entries.iter().map(size).collect();
    for limit in [0, 1, sizes[0], sizes[0] + 1, sizes[0] + sizes[1], sizes[..5].iter().sum()] {
        let read = log.read_after(FIRST, Position::START, limit).await.unwrap().entries;
        let fitting = (1..=sizes.len()).take_while(|&n| sizes[..n].iter().sum::<usize>() <= limit).count();
        assert_eq!(read, entries[..fitting.max(1)], "with a limit of {limit}");
    }
}

async fn a_large_record_survives(Subject { log, .. }: Subject) {
    let content: Vec<u8> = (0..1 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let large = framed(&content);
    log.append(FIRST, large.clone()).await.unwrap();
    append(&*log, 7..8).await;
    let entries = log.read_after(FIRST, Position::START, 1).await.unwrap().entries;
    assert_eq!(records(&entries), [large]);
    assert_eq!(numbers(&read_all(&*log, entries[0].position).await), [7]);
}

async fn partitions_are_apart(Subject { log, .. }: Subject) {
    let all = 0..log.partitions();
    for partition in all.clone() {
        for n in 0..3 {
            log.append(Partition(partition), numbered(u64::from(partition) * 10 + n)).await.unwrap();
        }
    }
    log.settle(FIRST, Position { major: u64::MAX, minor: u64::MAX }).await.unwrap();
    for partition in all {
        let entries =
            log.read_after(Partition(partition), Position::START, usize::MAX).await.unwrap().entries;
        let first = u64::from(partition) * 10;
        let expected = if partition == 0 { vec![] } else { (first..first + 3).collect() };
        assert_eq!(numbers(&entries), expected, "in partition {partition}");
    }
}

async fn what_is_settled_is_forgotten_and_nothing_further(Subject { log, .. }: Subject) {
    append(&*log, 0..10).await;
    let entries = read_all(&*log, Position::START).await;
    log.settle(FIRST, entries[3].position).await.unwrap();
    assert_eq!(read_all(&*log, Position::START).await, entries[4..]);
    append(&*log, 10..12).await;
    log.settle(FIRST, entries[4].position).await.unwrap();
    assert_eq!(numbers(&read_all(&*log, Position::START).await), (5..12).collect::<Vec<_>>());
}

async fn settling_again_or_less_brings_nothing_back(Subject { log, .. }: Subject) {
    append(&*log, 0..5).await;
    let entries = read_all(&*log, Position::START).await;
    for up_to in [entries[2].position, entries[2].position, entries[0].position, Position::START] {
        log.settle(FIRST, up_to).await.unwrap();
        assert_eq!(read_all(&*log, Position::START).await, entries[3..]);
    }
}

async fn settling_beyond_the_end_spares_what_comes_later(Subject { log, .. }: Subject) {
    append(&*log, 0..3).await;
    log.settle(FIRST, Position { major: u64::MAX, minor: 0 }).await.unwrap();
    assert_eq!(read_all(&*log, Position::START).await, []);
    append(&*log, 3..4).await;
    assert_eq!(numbers(&read_all(&*log, Position::START).await), [3]);
}

async fn positions_are_never_used_again(Subject { log, .. }: Subject) {
    let mut last = Position::START;
    for n in 0..5 {
        append(&*log, n..n + 1).await;
        let entries = read_all(&*log, Position::START).await;
        assert_eq!(numbers(&entries), [n]);
        assert!(entries[0].position > last);
        last = entries[0].position;
        log.settle(FIRST, last).await.unwrap();
    }
}

async fn depth_counts_what_is_not_settled(Subject { log, .. }: Subject) {
    append(&*log, 0..10).await;
    let entries = read_all(&*log, Position::START).await;
    assert_eq!(log.depth().await, Ok(depth_of(&entries)));
    log.settle(FIRST, entries[6].position).await.unwrap();
    assert_eq!(log.depth().await, Ok(depth_of(&entries[7..])));
    log.settle(FIRST, entries[9].position).await.unwrap();
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
}

async fn who_comes_back_older_is_told_once_what_it_lost(Subject { log, .. }: Subject) {
    append(&*log, 0..10).await;
    let entries = read_all(&*log, Position::START).await;
    for (settled, left) in [(entries[5].position, &entries[6..]), (entries[9].position, &[])] {
        log.settle(FIRST, settled).await.unwrap();
        let read = log.read_after(FIRST, entries[2].position, usize::MAX).await.unwrap();
        assert_eq!(read.entries, left);
        let lost = read.lost.unwrap();
        assert!(lost.entries > 0 && lost.up_to >= settled, "{lost:?}");
        let read_on = log.read_after(FIRST, lost.up_to, usize::MAX).await.unwrap();
        assert_eq!(read_on, LogRead { lost: None, entries: left.to_vec() });
        let on_time = log.read_after(FIRST, settled, usize::MAX).await.unwrap();
        assert_eq!(on_time, read_on);
    }
}

async fn a_log_that_takes_records_says_so_and_stays_as_it_is(Subject { log, .. }: Subject) {
    log.check().await.unwrap();
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
    append(&*log, 0..3).await;
    let entries = read_all(&*log, Position::START).await;
    for check in std::iter::repeat_with(|| log.check()).take(3) {
        soon(check).await.unwrap();
    }
    assert_eq!(read_all(&*log, Position::START).await, entries);
    assert_eq!(log.depth().await, Ok(depth_of(&entries)));
    append(&*log, 3..4).await;
    assert_eq!(numbers(&read_all(&*log, Position::START).await), [0, 1, 2, 3]);
}

async fn waiting_ends_at_once_if_entries_are_there(Subject { log, .. }: Subject) {
    append(&*log, 0..2).await;
    let entries = read_all(&*log, Position::START).await;
    for after in [Position::START, entries[0].position] {
        soon(log.wait_beyond(FIRST, after)).await;
    }
}

async fn waiting_ends_with_an_append(Subject { log, .. }: Subject) {
    let mut after = Position::START;
    for n in 0..5 {
        let waiting = tokio::spawn({
            let log = Arc::clone(&log);
            async move { log.wait_beyond(FIRST, after).await }
        });
        tokio::task::yield_now().await;
        append(&*log, n..n + 1).await;
        soon(waiting).await.unwrap();
        let entries = read_all(&*log, after).await;
        assert_eq!(numbers(&entries), [n]);
        after = entries[0].position;
    }
}

async fn many_appenders_lose_and_double_nothing(Subject { log, .. }: Subject) {
    appenders(&log).await;
    let entries = read_all(&*log, Position::START).await;
    assert_each_once_in_order(&numbers(&entries));
    assert_eq!(log.depth().await, Ok(depth_of(&entries)));
}

async fn a_reader_that_settles_sees_every_record_once(Subject { log, .. }: Subject) {
    let reader = tokio::spawn({
        let log = Arc::clone(&log);
        async move {
            let (mut seen, mut after) = (Vec::new(), Position::START);
            while seen.len() < (APPENDERS * RECORDS_EACH) as usize {
                log.wait_beyond(FIRST, after).await;
                let entries = log.read_after(FIRST, after, 256).await.unwrap().entries;
                seen.extend(numbers(&entries));
                after = entries.last().map_or(after, |entry| entry.position);
                log.settle(FIRST, after).await.unwrap();
            }
            seen
        }
    });
    appenders(&log).await;
    assert_each_once_in_order(&soon(reader).await.unwrap());
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
}

async fn of_concurrent_words_the_furthest_is_what_is_forgotten(Subject { log, .. }: Subject) {
    append(&*log, 0..40).await;
    let entries = read_all(&*log, Position::START).await;
    let words: Vec<_> = (0..30)
        .map(|n| {
            let (log, up_to) = (Arc::clone(&log), entries[(n * 7) % 30].position);
            tokio::spawn(async move { log.settle(FIRST, up_to).await })
        })
        .collect();
    append(&*log, 40..45).await;
    for word in words {
        word.await.unwrap().unwrap();
    }
    assert_eq!(numbers(&read_all(&*log, Position::START).await), (30..45).collect::<Vec<_>>());
}

async fn everything_is_there_after_a_restart(subject: Subject) {
    let Some(reopen) = subject.reopen else { return };
    appenders(&subject.log).await;
    let entries = read_all(&*subject.log, Position::START).await;
    drop(subject.log);
    let log = reopen().await;
    assert_eq!(read_all(&*log, Position::START).await, entries);
    assert_eq!(log.depth().await, Ok(depth_of(&entries)));
}

async fn what_was_forgotten_stays_so_after_a_restart(subject: Subject) {
    let Some(reopen) = subject.reopen else { return };
    append(&*subject.log, 0..10).await;
    let entries = read_all(&*subject.log, Position::START).await;
    subject.log.settle(FIRST, entries[5].position).await.unwrap();
    drop(subject.log);
    let log = reopen().await;
    assert_eq!(read_all(&*log, Position::START).await, entries[6..]);
    assert_eq!(log.depth().await, Ok(depth_of(&entries[6..])));
}

async fn positions_grow_over_a_restart_of_an_empty_log(subject: Subject) {
    let Some(reopen) = subject.reopen else { return };
    append(&*subject.log, 0..10).await;
    let last = read_all(&*subject.log, Position::START).await[9].position;
    subject.log.settle(FIRST, last).await.unwrap();
    drop(subject.log);
    let log = reopen().await;
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
    append(&*log, 10..11).await;
    let entries = read_all(&*log, last).await;
    assert_eq!(numbers(&entries), [10]);
    assert!(entries[0].position > last);
}

/// Runs the appenders; each appends its records one after another, as a tracker does.
async fn appenders(log: &Arc<dyn PingLog>) {
    let appenders: Vec<_> = (0..APPENDERS)
        .map(|appender| {
            let log = Arc::clone(log);
            let first = appender * RECORDS_EACH;
            tokio::spawn(async move { append(&*log, first..first + RECORDS_EACH).await })
        })
        .collect();
    for appender in appenders {
        soon(appender).await.unwrap();
    }
}

fn assert_each_once_in_order(seen: &[u64]) {
    let mut by_appender = BTreeMap::<u64, Vec<u64>>::new();
    for number in seen {
        by_appender.entry(number / RECORDS_EACH).or_default().push(*number);
    }
    for appender in 0..APPENDERS {
        let first = appender * RECORDS_EACH;
        let expected: Vec<_> = (first..first + RECORDS_EACH).collect();
        assert_eq!(by_appender.remove(&appender), Some(expected));
    }
    assert!(by_appender.is_empty());
}

#[cfg(test)]
mod tests {
    use crate::fakes::FakeLog;
    use crate::suites::prove;

    use super::*;

    #[tokio::test]
    async fn the_fake_keeps_the_facts() {
        prove(FACTS, async || Subject { log: Arc::<FakeLog>::default(), reopen: None }).await;
    }
}
