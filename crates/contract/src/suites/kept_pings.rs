//! What every ping log keeps that was opened to keep what is settled: for [`KEEP`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{Erased, LogDepth, LogRead, PingLog, Position};
use dayline_app::tracking::keep::Keep;
use dayline_app::tracking::record;
use dayline_domain::{
    Correction, CorrectionId, Interval, Observation, Says, Source, Subject as Seen, UserId, UtcMs,
};

use super::Fact;
use super::numbered::{FIRST, append, depth_of, numbers, read_all, records, size};
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

/// The facts of logs that can change what they keep.
pub const ERASING: &[Fact<Subject>] = &[
    Fact::new("what_is_erased_is_in_nothing_that_is_kept_and_all_else_is", |s| {
        Box::pin(what_is_erased_is_in_nothing_that_is_kept_and_all_else_is(s))
    }),
    Fact::new("what_waits_is_not_changed_by_an_erasure", |s| {
        Box::pin(what_waits_is_not_changed_by_an_erasure(s))
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
    // A log that counts entries has seen now how long they are.
    assert_eq!(read_all(&*log, Position::START).await, entries);
    assert_eq!(log.depth().await, Ok(depth_of(&entries[8..])));
    append(&*log, 10..11).await;
    assert_eq!(numbers(&read_all(&*log, entries[9].position).await), [10]);
}

const ADA: UserId = UserId::from_bits(1);
const BOB: UserId = UserId::from_bits(2);

/// A record of an app in use for the n-th minute.
fn ping(user: UserId, app: &str, n: i64) -> Vec<u8> {
    let source = Source::new("laptop", app, None).unwrap();
    let interval = Interval::new(UtcMs(n * 60_000), UtcMs(n * 60_000 + 60_000)).unwrap();
    let observation = Observation::new(Arc::new(Seen::from(&*source)), interval);
    record::encode_observations(user, [&observation])
}

/// Every record that is there, once, in no order.
async fn all_records(log: &dyn PingLog) -> BTreeSet<Vec<u8>> {
    records(&read_all(log, Position::START).await).into_iter().collect()
}

async fn settle_all(log: &dyn PingLog) {
    let last = read_all(log, Position::START).await.pop().unwrap();
    log.settle(FIRST, last.position).await.unwrap();
}

async fn what_is_erased_is_in_nothing_that_is_kept_and_all_else_is(Subject { log, .. }: Subject) {
    let kept = [ping(BOB, "Mail", 0), ping(BOB, "Mail", 1), ping(ADA, "Code", 5)];
    let erasure = Says::Erasure { interval: Interval::new(UtcMs(0), UtcMs(120_000)).unwrap() };
    let by = Correction { id: CorrectionId::from_bits(3), version: 3, says: erasure };
    for record in [&kept[..2], &[ping(ADA, "Secret", 0), ping(ADA, "Secret", 1)], &kept[2..]].concat() {
        log.append(FIRST, record).await.unwrap();
    }
    settle_all(&*log).await;
    log.erase(FIRST, Erased { user: ADA, by: Some(by) }).await.unwrap();
    assert_eq!(all_records(&*log).await, kept.clone().into());
    // What was moved waits at most until it was read once more.
    settle_all(&*log).await;
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
    log.erase(FIRST, Erased { user: ADA, by: None }).await.unwrap();
    assert_eq!(all_records(&*log).await, kept[..2].iter().cloned().collect());
}

async fn what_waits_is_not_changed_by_an_erasure(Subject { log, .. }: Subject) {
    log.append(FIRST, ping(ADA, "Code", 0)).await.unwrap();
    settle_all(&*log).await;
    log.append(FIRST, ping(ADA, "Code", 1)).await.unwrap();
    log.erase(FIRST, Erased { user: ADA, by: None }).await.unwrap();
    assert_eq!(all_records(&*log).await, [ping(ADA, "Code", 1)].into());
    let depth = log.depth().await.unwrap();
    assert_eq!((depth.entries, depth.bytes), (1, ping(ADA, "Code", 1).len() as u64));
}

#[cfg(test)]
mod tests {
    use crate::fakes::FakeLog;
    use crate::suites::prove;

    use super::*;

    #[tokio::test]
    async fn the_fake_keeps_the_facts() {
        for facts in [FACTS, ERASING] {
            prove(facts, async || Subject { log: Arc::new(FakeLog::keeping(KEEP)), reopen: None }).await;
        }
    }
}
