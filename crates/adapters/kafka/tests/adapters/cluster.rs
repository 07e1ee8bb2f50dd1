//! Three brokers: a leader that dies, machines that are missing, and deletions that a follower does
//! not hear of.

use std::time::Duration;

use dayline_app::ports::{AppendError, LogDepth, PingLog, Position};
use dayline_contract::load::Load;
use dayline_kafka::check_durability;
use dayline_testkit::{Kafka, length};
use tokio::time::Instant;

use crate::topics::{FIRST, append, open_fresh, operated, read_all, text};
use crate::until;

/// How many leaders are killed.
fn rounds() -> u64 {
    length(2, 3, 6)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_leaders_are_killed_under_load() {
    let Some(kafka) = Kafka::start(3) else { return };
    let (server, log) = open_fresh(&kafka.brokers(), 3).await;
    assert_eq!(check_durability(&server, false).await.unwrap(), Vec::<String>::new());
    let operator = operated(&kafka.brokers(), &server);
    let load = Load::start(log, false);
    for _ in 0..rounds() {
        load.goes_on(500).await;
        until("all are in sync", async || operator.in_sync()[0] == 3).await;
        let leader = operator.leader().unwrap();
        kafka.kill(leader);
        // Without it.
        load.goes_on(500).await;
        kafka.start_again(leader);
    }
    load.goes_on(500).await;
    println!("{} leaders killed, {} acknowledged, 0 lost", rounds(), load.end().await);
}

#[tokio::test]
async fn below_the_required_machines_appends_are_refused_at_once_and_what_is_there_is_read_and_trimmed() {
    let Some(kafka) = Kafka::start(3) else { return };
    let (server, log) = open_fresh(&kafka.brokers(), 3).await;
    let operator = operated(&kafka.brokers(), &server);
    for text in ["a", "b", "c"] {
        append(&log, text).await;
    }
    // One follower away: two of three have it.
    let leader = operator.leader().unwrap();
    let [follower, other] = [1, 2].map(|n| (leader + n) % 3);
    kafka.stop(follower);
    until("one is missing", async || operator.in_sync()[0] == 2).await;
    append(&log, "d").await;
    assert_eq!(log.check().await, Ok(()));
    let entries = read_all(&log, Position::START).await;
    let begin = Instant::now();
    log.settle(FIRST, entries[1].position).await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(2), "a missing follower is not waited for");
    assert_eq!(text(&read_all(&log, Position::START).await), "cd");
    // Two controllers are needed to notice that a second one is away, so it only stops being in
    // sync.
    kafka.start_again(follower);
    until("all are there", async || operator.in_sync()[0] == 3).await;
    operator.require(3);
    kafka.stop(other);
    until("one is missing", async || operator.in_sync()[0] == 2).await;
    until("appends are refused at once, with the reason", async || {
        let begin = Instant::now();
        match log.append(FIRST, b"x".to_vec()).await {
            Err(AppendError::Unavailable(why)) => {
                begin.elapsed() < Duration::from_millis(500)
                    && why.to_lowercase().contains("in-sync replicas")
            }
            _ => false,
        }
    })
    .await;
    until("it is not ready, for that reason", async || {
        log.check().await.is_err_and(|why| why.to_string().contains("in sync on 2 machines"))
    })
    .await;
    let entries = read_all(&log, Position::START).await;
    assert!(text(&entries).starts_with("cd"));
    kafka.start_again(other);
    until("appends are accepted again", async || log.append(FIRST, b"e".to_vec()).await.is_ok()).await;
    until("all are there", async || operator.in_sync()[0] == 3).await;
    until("it is ready", async || log.check().await.is_ok()).await;
    let entries = read_all(&log, Position::START).await;
    assert!(text(&entries).ends_with('e'));
    log.settle(FIRST, entries.last().unwrap().position).await.unwrap();
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
}
