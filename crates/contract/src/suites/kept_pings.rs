//! What every ping log keeps that was opened to keep what is settled: for [`KEEP`].

use std::time::Duration;

use dayline_app::ports::{LogDepth, LogRead, Position};
use dayline_app::tracking::keep::Keep;

use super::Fact;
use super::numbered::{FIRST, append, depth_of, numbers, read_all, size};
use super::ping_log::Subject;

/// What the subjects are opened to keep.
pub const KEEP: Keep = Keep { time: Duration::from_hours(1), bytes: 4_096 };

/// The facts, for [`super::prove`].
pub const FACTS: &[Fact<Subject>] = &[
    Fact::new("what_is_settled_waits_no_more_and_is_there_for_who_comes_back_older", |s| {
        Box::pin(what_is_settled_waits_no_more_and_is_there_for_who_comes_back_older(s))
    }),
    Fact::new("of_a_ledger_that_went_back_more_waits", |s| {
        Box::pin(of_a_ledger_that_went_back_more_waits(s))
    }),
    Fact::new("what_does_not_fit_any_more_is_forgotten_and_told_of", |s| {
        Box::pin(what_does_not_fit_any_more_is_forgotten_and_told_of(s))
    }),
    Fact::new("settling_beyond_the_end_spares_what_comes_later", |s| {
        Box::pin(settling_beyond_the_end_spares_what_comes_later(s))
    }),
    Fact::new("what_is_kept_is_there_after_a_restart", |s| {
        Box::pin(what_is_kept_is_there_after_a_restart(s))
    }),
];

async fn what_is_settled_waits_no_more_and_is_there_for_who_comes_back_older(Subject { log, .. }: Subject) {
    append(&*log, 0..10).await;
    let entries = read_all(&*log, Position::START).await;
    for settled in [3, 6, 9] {
        log.settle(FIRST, entries[settled].position).await.unwrap();
        assert_eq!(log.depth().await, Ok(depth_of(&entries[settled + 1..])));
    }
    for older in 0..10 {
        let read = log.read_after(FIRST, entries[older].position, usize::MAX).await.unwrap();
        assert_eq!(read, LogRead { lost: None, entries: entries[older + 1..].to_vec() });
    }
    let read = log.read_after(FIRST, Position::START, usize::MAX).await.unwrap();
    assert_eq!(read, LogRead { lost: None, entries });
}

async fn of_a_ledger_that_went_back_more_waits(Subject { log, .. }: Subject) {
    append(&*log, 0..10).await;
    let entries = read_all(&*log, Position::START).await;
    for settled in [9, 4, 6] {
        log.settle(FIRST, entries[settled].position).await.unwrap();
        assert_eq!(log.depth().await, Ok(depth_of(&entries[settled + 1..])));
    }
    log.settle(FIRST, Position::START).await.unwrap();
    assert_eq!(log.depth().await, Ok(depth_of(&entries)));
}

async fn what_does_not_fit_any_more_is_forgotten_and_told_of(Subject { log, .. }: Subject) {
    append(&*log, 0..1).await;
    let first = read_all(&*log, Position::START).await.remove(0);
    let all = 2 * KEEP.bytes / size(&first) as u64;
    let mut after = first.position;
    for n in 1..all {
        append(&*log, n..n + 1).await;
        let new = read_all(&*log, after).await;
        assert_eq!(numbers(&new), [n]);
        after = new[0].position;
        log.settle(FIRST, after).await.unwrap();
    }
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
    let read = log.read_after(FIRST, first.position, usize::MAX).await.unwrap();
    let kept: u64 = read.entries.iter().map(|entry| size(entry) as u64).sum();
    assert!((KEEP.bytes / 2..=KEEP.bytes).contains(&kept), "{kept} bytes kept");
    assert_eq!(numbers(&read.entries), (all - read.entries.len() as u64..all).collect::<Vec<_>>());
    let lost = read.lost.unwrap();
    assert!(lost.entries > 0, "{lost:?}");
    let read_on = log.read_after(FIRST, lost.up_to, usize::MAX).await.unwrap();
    assert_eq!(read_on, LogRead { lost: None, entries: read.entries });
}

async fn settling_beyond_the_end_spares_what_comes_later(Subject { log, .. }: Subject) {
    append(&*log, 0..3).await;
    log.settle(FIRST, Position { major: u64::MAX, minor: 0 }).await.unwrap();
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
    append(&*log, 3..4).await;
    let entries = read_all(&*log, Position::START).await;
    assert_eq!(numbers(&entries), [0, 1, 2, 3]);
    assert_eq!(log.depth().await, Ok(depth_of(&entries[3..])));
}

async fn what_is_kept_is_there_after_a_restart(subject: Subject) {
    let Some(reopen) = subject.reopen else { return };
    append(&*subject.log, 0..10).await;
    let entries = read_all(&*subject.log, Position::START).await;
    subject.log.settle(FIRST, entries[7].position).await.unwrap();
    drop(subject.log);
    let log = reopen().await;
    log.settle(FIRST, entries[7].position).await.unwrap();
    assert_eq!(log.depth().await, Ok(depth_of(&entries[8..])));
    assert_eq!(read_all(&*log, Position::START).await, entries);
    append(&*log, 10..11).await;
    assert_eq!(numbers(&read_all(&*log, entries[9].position).await), [10]);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::fakes::FakeLog;
    use crate::suites::prove;

    use super::*;

    #[tokio::test]
    async fn the_fake_keeps_the_facts() {
        prove(FACTS, async || Subject { log: Arc::new(FakeLog::keeping(KEEP)), reopen: None }).await;
    }
}
