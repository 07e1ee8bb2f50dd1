//! A rolling restart of the cluster of the compose file, behind nginx: clients notice nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dayline_app::ports::Clock;
use dayline_domain::DAY_MS;
use dayline_local::SystemClock;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::cluster::Cluster;

const CLIENTS: usize = 8;
/// Between two rounds of requests of a client.
const PACE: Duration = Duration::from_millis(10);
/// How long the last ping may take into the timeline, on a busy machine.
const SETTLED: Duration = Duration::from_secs(30);

/// Somebody who tracks, reads and changes something, over connections of their own.
struct Person {
    client: Client,
    url: String,
    token: String,
    /// On which all of it is tracked.
    day: String,
}

impl Person {
    async fn new(url: &str, number: usize) -> Self {
        let client = Client::new();
        let who = json!({"email": format!("person{number}@example.org"), "password": "tea at half past four",
            "full_name": "Ada", "device_id": "laptop"});
        let users = client.post(format!("{url}/api/v1/users")).json(&who).send().await.unwrap();
        assert_eq!(users.status(), 201);
        let tokens = client.post(format!("{url}/api/v1/auth/login")).json(&who).send().await.unwrap();
        let tokens: Value = tokens.json().await.unwrap();
        let token = tokens["access_token"].as_str().unwrap().to_owned();
        let day = SystemClock.now().plus(-2 * DAY_MS).day().to_string();
        Self { client, url: url.to_owned(), token, day }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Sends the request; says what is wrong with the answer.
    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Value, String> {
        let answer = request.bearer_auth(&self.token).send().await.map_err(|error| format!("{error:?}"))?;
        let (status, text) = (answer.status(), answer.text().await.map_err(|error| format!("{error:?}"))?);
        if !status.is_success() {
            return Err(format!("{status} {text}"));
        }
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// Requests until told to stop, all of which must succeed; gives how many seconds were tracked.
    async fn go_on(&self, stop: &AtomicBool) -> Result<u32, String> {
        let mut tracked = 0;
        while !stop.load(Ordering::Relaxed) {
            let ping = json!({"app_name": "Code", "start_time": self.at_second(tracked),
                "end_time": self.at_second(tracked + 1)});
            self.ask(self.client.post(self.at("/api/v1/usage/track")).json(&ping)).await?;
            tracked += 1;
            // A proxy may not send it twice.
            let name = json!({"full_name": format!("Ada {tracked}")});
            self.ask(self.client.patch(self.at("/api/v1/users/me")).json(&name)).await?;
            self.tracked().await?;
            tokio::time::sleep(PACE).await;
        }
        Ok(tracked)
    }

    fn at_second(&self, second: u32) -> String {
        format!("{}T{:02}:{:02}:{:02}Z", self.day, second / 3600, second / 60 % 60, second % 60)
    }

    /// The seconds in the report.
    async fn tracked(&self) -> Result<f64, String> {
        let path = format!("/api/v1/report/apps?date={}", self.day);
        let report = self.ask(self.client.get(self.at(&path))).await?;
        Ok(report["items"][0]["seconds"].as_f64().unwrap_or_default())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_of_all_processes_under_load_shows_clients_nothing_but_success() {
    let mut cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut people = JoinSet::new();
    for number in 0..CLIENTS {
        let (person, stop) = (Person::new(&cluster.url(), number).await, Arc::clone(&stop));
        people.spawn(async move {
            let sent = person.go_on(&stop).await;
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
