//! What every ping log keeps: order, exactly once, read limits, trimming, waiting, and being there
//! after a restart.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{BoxFuture, LogDepth, LogEntry, Partition, Payload, PingLog, Position};
use dayline_app::tracking::record;

use super::Fact;

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
    Fact::new("a_trim_forgets_up_to_its_position_and_no_further", |s| {
        Box::pin(a_trim_forgets_up_to_its_position_and_no_further(s))
    }),
    Fact::new("trimming_again_or_less_changes_nothing", |s| {
        Box::pin(trimming_again_or_less_changes_nothing(s))
    }),
    Fact::new("a_trim_beyond_the_end_spares_what_comes_later", |s| {
        Box::pin(a_trim_beyond_the_end_spares_what_comes_later(s))
    }),
    Fact::new("positions_are_never_used_again", |s| Box::pin(positions_are_never_used_again(s))),
    Fact::new("depth_counts_what_is_not_trimmed", |s| Box::pin(depth_counts_what_is_not_trimmed(s))),
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
    Fact::new("a_reader_that_trims_sees_every_record_once", |s| {
        Box::pin(a_reader_that_trims_sees_every_record_once(s))
    }),
    Fact::new("concurrent_trims_forget_what_the_furthest_says", |s| {
        Box::pin(concurrent_trims_forget_what_the_furthest_says(s))
    }),
    Fact::new("everything_is_there_after_a_restart", |s| Box::pin(everything_is_there_after_a_restart(s))),
    Fact::new("what_was_trimmed_stays_so_after_a_restart", |s| {
        Box::pin(what_was_trimmed_stays_so_after_a_restart(s))
    }),
    Fact::new("positions_grow_over_a_restart_of_an_empty_log", |s| {
        Box::pin(positions_grow_over_a_restart_of_an_empty_log(s))
    }),
];

const FIRST: Partition = Partition(0);
const APPENDERS: u64 = 64;
const RECORDS_EACH: u64 = 25;

async fn an_empty_log_reads_as_nothing(Subject { log, .. }: Subject) {
    assert!(log.partitions() >= 1);
    for partition in 0..log.partitions() {
        assert_eq!(log.read_after(Partition(partition), Position::START, usize::MAX).await, Ok(vec![]));
    }
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
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
        let read = log.read_after(FIRST, Position::START, limit).await.unwrap();
        let fitting = (1..=sizes.len()).take_while(|&n| sizes[..n].iter().sum::<usize>() <= limit).count();
        assert_eq!(read, entries[..fitting.max(1)], "with a limit of {limit}");
    }
}

async fn a_large_record_survives(Subject { log, .. }: Subject) {
    let content: Vec<u8> = (0..1 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let large = framed(&content);
    log.append(FIRST, large.clone()).await.unwrap();
    append(&*log, 7..8).await;
    let entries = log.read_after(FIRST, Position::START, 1).await.unwrap();
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
    log.trim(FIRST, Position { major: u64::MAX, minor: u64::MAX }).await.unwrap();
    for partition in all {
        let entries = log.read_after(Partition(partition), Position::START, usize::MAX).await.unwrap();
        let first = u64::from(partition) * 10;
        let expected = if partition == 0 { vec![] } else { (first..first + 3).collect() };
        assert_eq!(numbers(&entries), expected, "in partition {partition}");
    }
}

async fn a_trim_forgets_up_to_its_position_and_no_further(Subject { log, .. }: Subject) {
    append(&*log, 0..10).await;
    let entries = read_all(&*log, Position::START).await;
    log.trim(FIRST, entries[3].position).await.unwrap();
    assert_eq!(read_all(&*log, Position::START).await, entries[4..]);
    append(&*log, 10..12).await;
    log.trim(FIRST, entries[4].position).await.unwrap();
    assert_eq!(numbers(&read_all(&*log, Position::START).await), (5..12).collect::<Vec<_>>());
}

async fn trimming_again_or_less_changes_nothing(Subject { log, .. }: Subject) {
    append(&*log, 0..5).await;
    let entries = read_all(&*log, Position::START).await;
    for up_to in [entries[2].position, entries[2].position, entries[0].position, Position::START] {
        log.trim(FIRST, up_to).await.unwrap();
        assert_eq!(read_all(&*log, Position::START).await, entries[3..]);
    }
}

async fn a_trim_beyond_the_end_spares_what_comes_later(Subject { log, .. }: Subject) {
    append(&*log, 0..3).await;
    log.trim(FIRST, Position { major: u64::MAX, minor: 0 }).await.unwrap();
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
        log.trim(FIRST, last).await.unwrap();
    }
}

async fn depth_counts_what_is_not_trimmed(Subject { log, .. }: Subject) {
    append(&*log, 0..10).await;
    let entries = read_all(&*log, Position::START).await;
    assert_eq!(log.depth().await, Ok(depth_of(&entries)));
    log.trim(FIRST, entries[6].position).await.unwrap();
    assert_eq!(log.depth().await, Ok(depth_of(&entries[7..])));
    log.trim(FIRST, entries[9].position).await.unwrap();
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
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

async fn a_reader_that_trims_sees_every_record_once(Subject { log, .. }: Subject) {
    let reader = tokio::spawn({
        let log = Arc::clone(&log);
        async move {
            let (mut seen, mut after) = (Vec::new(), Position::START);
            while seen.len() < (APPENDERS * RECORDS_EACH) as usize {
                log.wait_beyond(FIRST, after).await;
                let entries = log.read_after(FIRST, after, 256).await.unwrap();
                seen.extend(numbers(&entries));
                after = entries.last().map_or(after, |entry| entry.position);
                log.trim(FIRST, after).await.unwrap();
            }
            seen
        }
    });
    appenders(&log).await;
    assert_each_once_in_order(&soon(reader).await.unwrap());
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
}

async fn concurrent_trims_forget_what_the_furthest_says(Subject { log, .. }: Subject) {
    append(&*log, 0..40).await;
    let entries = read_all(&*log, Position::START).await;
    let trims: Vec<_> = (0..30)
        .map(|n| {
            let (log, up_to) = (Arc::clone(&log), entries[(n * 7) % 30].position);
            tokio::spawn(async move { log.trim(FIRST, up_to).await })
        })
        .collect();
    append(&*log, 40..45).await;
    for trim in trims {
        trim.await.unwrap().unwrap();
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

async fn what_was_trimmed_stays_so_after_a_restart(subject: Subject) {
    let Some(reopen) = subject.reopen else { return };
    append(&*subject.log, 0..10).await;
    let entries = read_all(&*subject.log, Position::START).await;
    subject.log.trim(FIRST, entries[5].position).await.unwrap();
    drop(subject.log);
    let log = reopen().await;
    assert_eq!(read_all(&*log, Position::START).await, entries[6..]);
    assert_eq!(log.depth().await, Ok(depth_of(&entries[6..])));
}

async fn positions_grow_over_a_restart_of_an_empty_log(subject: Subject) {
    let Some(reopen) = subject.reopen else { return };
    append(&*subject.log, 0..10).await;
    let last = read_all(&*subject.log, Position::START).await[9].position;
    subject.log.trim(FIRST, last).await.unwrap();
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

async fn append(log: &dyn PingLog, numbers: std::ops::Range<u64>) {
    for number in numbers {
        log.append(FIRST, numbered(number)).await.unwrap();
    }
}

async fn read_all(log: &dyn PingLog, after: Position) -> Vec<LogEntry> {
    log.read_after(FIRST, after, usize::MAX).await.unwrap()
}

/// Bounds what should not take long; far above what a busy machine needs.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("takes too long")
}

/// A record whose content is a number.
fn numbered(number: u64) -> Vec<u8> {
    framed(&number.to_le_bytes())
}

/// A record as a log sees it: a length and that many bytes.
fn framed(content: &[u8]) -> Vec<u8> {
    let mut record = (content.len() as u32).to_le_bytes().to_vec();
    record.extend_from_slice(content);
    record
}

fn numbers(entries: &[LogEntry]) -> Vec<u64> {
    records(entries).iter().map(|record| u64::from_le_bytes(record[4..].try_into().unwrap())).collect()
}

fn records(entries: &[LogEntry]) -> Vec<Vec<u8>> {
    entries.iter().flat_map(|entry| record::split(payload(entry))).map(|r| r.unwrap().to_vec()).collect()
}

fn payload(entry: &LogEntry) -> &[u8] {
    match &entry.payload {
        Payload::Records(bytes) => bytes,
        Payload::Damaged { reason, .. } => panic!("damaged: {reason}"),
    }
}

fn size(entry: &LogEntry) -> usize {
    payload(entry).len()
}

fn depth_of(entries: &[LogEntry]) -> LogDepth {
    LogDepth { entries: entries.len() as u64, bytes: entries.iter().map(|entry| size(entry) as u64).sum() }
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
