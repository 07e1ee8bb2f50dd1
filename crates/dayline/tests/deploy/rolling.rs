//! A rolling restart of the cluster of the compose file, behind nginx: clients notice nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::cluster::Cluster;
use crate::person::Person;

const CLIENTS: usize = 8;
/// Between two rounds of requests of a client.
const PACE: Duration = Duration::from_millis(10);
/// How long the last ping may take into the timeline, on a busy machine.
const SETTLED: Duration = Duration::from_secs(30);

/// Requests until told to stop, all of which must succeed; gives how many seconds were tracked.
async fn go_on(person: &Person, stop: &AtomicBool) -> Result<u32, String> {
    let mut tracked = 0;
    while !stop.load(Ordering::Relaxed) {
        person.track(tracked).await?;
        tracked += 1;
        // A proxy may not send it twice.
        let name = json!({"full_name": format!("Ada {tracked}")});
        person.ask(person.patch("/api/v1/users/me").json(&name)).await?;
        person.tracked().await?;
        tokio::time::sleep(PACE).await;
    }
    Ok(tracked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_of_all_processes_under_load_shows_clients_nothing_but_success() {
    let mut cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut people = JoinSet::new();
    for number in 0..CLIENTS {
        let (person, stop) = (Person::new(&cluster.url(), number).await, Arc::clone(&stop));
        people.spawn(async move {
            let sent = go_on(&person, &stop).await;
            (person, sent)
        });
    }
    let begin = Instant::now();
    let (cluster, restarted) = tokio::task::spawn_blocking(move || {
        let restarted = cluster.restart_one_by_one();
        (cluster, restarted)
    })
    .await
    .unwrap();
    println!("restarted in {:?}: {restarted:?}", begin.elapsed());
    assert!(restarted.len() >= 5, "{restarted:?}");
    stop.store(true, Ordering::Relaxed);
    while let Some(done) = people.join_next().await {
        let (person, sent) = done.unwrap();
        let sent = sent.unwrap_or_else(|wrong| panic!("{wrong}\n{}", cluster.nginx_log()));
        assert!(sent > 10, "{sent} under load");
        let begin = Instant::now();
        while person.tracked().await.unwrap() as u32 != sent {
            assert!(begin.elapsed() < SETTLED, "not all of {sent} s");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    drop(tokio::task::spawn_blocking(|| drop(cluster)).await);
}
