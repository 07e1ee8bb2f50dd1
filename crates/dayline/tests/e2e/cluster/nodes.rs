//! What happens on one node is known on the other in time: revoked credentials, live events, keys.

use std::time::{Duration, Instant};

use reqwest::Response;
use serde_json::{Value, json};

use super::caller::Caller;
use super::installation;
use crate::support::account::{account, eventually, newcomer, ping, register, send, sign_in, totals};
use crate::support::now;
use crate::support::postgres::Postgres;
use crate::support::server::Installation;
use crate::support::shared::Shared;

/// How soon a node must refuse what was revoked on another.
const REVOKED: Duration = Duration::from_secs(2);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(2);

/// Waits until a node refuses this caller; gives how long that took.
async fn until_refused(caller: &Caller) -> Duration {
    let begin = Instant::now();
    eventually(401, REVOKED + SLACK, async || caller.report_status().await).await;
    begin.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ended_on_one_node_is_refused_on_the_other_also_while_redis_is_away() {
    let installation = installation();
    let _server = installation.start(&[]);
    let [here, there] = [&installation.urls()[0], &installation.urls()[1]];
    register(&installation, "ada").await;
    let redis = &installation.shared().redis;
    for device in ["laptop", "phone"] {
        let caller = Caller::signed_in(here, "ada", device).await;
        let elsewhere = caller.at(there);
        assert_eq!(elsewhere.report_status().await, 200);
        if device == "phone" {
            redis.kill();
        }
        assert_eq!(caller.post("/api/v1/auth/logout", &json!({})).await.status(), 204);
        let took = until_refused(&elsewhere).await;
        println!("{device}: refused on the other node after {took:?}");
        assert_eq!(caller.report_status().await, 401);
    }
    redis.start_again();
    let caller = Caller::signed_in(here, "ada", "desk").await;
    eventually(202, Duration::from_secs(5), async || caller.at(there).track(now().plus(-60_000)).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_deleted_on_one_node_is_refused_on_the_other_also_while_redis_is_away() {
    let installation = installation();
    let _server = installation.start(&[]);
    let [here, there] = [&installation.urls()[0], &installation.urls()[1]];
    register(&installation, "ada").await;
    let ada = Caller::signed_in(here, "ada", "laptop").await;
    for redis_is_there in [true, false] {
        let (id, key) = make_key(&ada, "nas").await;
        let elsewhere = Caller::new(there, &key);
        assert_eq!(elsewhere.report_status().await, 200);
        if !redis_is_there {
            installation.shared().redis.kill();
        }
        assert_eq!(ada.delete(&format!("/api/v1/api-keys/{id}")).await.status(), 204);
        println!("key refused on the other node after {:?}", until_refused(&elsewhere).await);
    }
}

/// Makes a key for tracking and reading; gives its id and its text.
async fn make_key(owner: &Caller, name: &str) -> (String, String) {
    let body = json!({ "name": name, "scopes": ["track", "read"] });
    let made: Value = owner.post("/api/v1/api-keys", &body).await.json().await.unwrap();
    let text = |name: &str| made[name].as_str().unwrap_or_else(|| panic!("{name} in {made}")).to_owned();
    (text("id"), text("key"))
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_keys_used_before_let_in_and_deleted_ones_do_not() {
    let mut postgres = Postgres::start();
    let installation = Installation::over(Shared::over(postgres.database()));
    let _server = installation.start(&[]);
    let [here, there] = [&installation.urls()[0], &installation.urls()[1]];
    let device = newcomer(&installation, "ada").await;
    let ada = Caller::signed_in(here, "ada", "desk").await;
    let ((_, good), (gone_id, gone)) = (make_key(&ada, "nas").await, make_key(&ada, "gone").await);
    let nodes = [Caller::new(here, &good), Caller::new(there, &good)];
    // Each ping begins where the one before ended, so that each adds a second.
    let day = now().plus(-86_400_000).day();
    let mut next = day.start();
    let mut send_one = async |node: &Caller| {
        assert_eq!(node.track(next).await, 202);
        next = next.plus(1_000);
        next.0 - day.start().0
    };
    for node in &nodes {
        send_one(node).await;
    }
    assert_eq!(Caller::new(there, &gone).report_status().await, 200);
    assert_eq!(ada.delete(&format!("/api/v1/api-keys/{gone_id}")).await.status(), 204);

    postgres.stop();
    let (begin, mut slowest, mut sent_ms) = (Instant::now(), Duration::ZERO, 0);
    while begin.elapsed() < Duration::from_secs(3) {
        for node in &nodes {
            let started = Instant::now();
            sent_ms = send_one(node).await;
            slowest = slowest.max(started.elapsed());
        }
    }
    assert_eq!(Caller::new(there, &gone).track(day.start()).await, 401, "it was deleted");
    println!("{} pings by key while the database was away, the slowest in {slowest:?}", sent_ms / 1_000 - 2);
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    postgres.start_again();
    let date = day.to_string();
    eventually(Some(sent_ms), Duration::from_secs(30), async || {
        let report = device.report("apps", &date, "UTC").await.ok()?;
        report.items.first().map(|item| (item.seconds * 1_000.0).round() as i64)
    })
    .await;
}

/// A page that hears of changes, as an event stream.
struct Page {
    stream: Response,
    heard: String,
}

impl Page {
    async fn open(caller: &Caller, last_seen: Option<&str>) -> Self {
        let mut request = caller.http.get(format!("{}/api/v1/live", caller.url)).bearer_auth(&caller.bearer);
        if let Some(id) = last_seen {
            request = request.header("last-event-id", id);
        }
        let stream = request.send().await.unwrap();
        assert_eq!(stream.status(), 200);
        Self { stream, heard: String::new() }
    }

    /// Listens until something was said; gives all that was heard up to the end of that event.
    async fn until(&mut self, what: &str) -> String {
        let hearing = async {
            loop {
                if let Some(at) = self.heard.find(what)
                    && let Some(end) = self.heard[at..].find("\n\n")
                {
                    let rest = self.heard.split_off(at + end + 2);
                    return std::mem::replace(&mut self.heard, rest);
                }
                let chunk = self.stream.chunk().await.unwrap().expect("the stream goes on");
                self.heard.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        };
        tokio::time::timeout(Duration::from_secs(10), hearing).await.expect("it is heard in time")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_made_over_one_node_is_heard_on_the_other_and_after_an_interruption() {
    let installation = installation();
    let _server = installation.start(&[]);
    let [here, there] = [&installation.urls()[0], &installation.urls()[1]];
    register(&installation, "ada").await;
    let writer = Caller::signed_in(here, "ada", "laptop").await;
    let reader = writer.at(there);
    let mut page = Page::open(&reader, None).await;
    page.until("event: ready").await;

    let begin = Instant::now();
    assert_eq!(writer.track(now().plus(-60_000)).await, 202);
    let heard = page.until("event: changed").await;
    println!("heard on the other node {:?} after the 202", begin.elapsed());
    let id = heard.lines().find_map(|line| line.strip_prefix("id: ")).unwrap_or_else(|| panic!("{heard}"));

    // Interrupted; meanwhile another day changes. It comes back, to the other node.
    drop(page);
    let day_before = now().plus(-86_400_000 * 2);
    let device = sign_in(&installation, &account("ada").into(), "phone").await;
    send(&device, ping("Mail", day_before, 1_000)).await;
    let date = day_before.day().to_string();
    eventually(1, Duration::from_secs(10), async || totals(&device, "apps", &date, "UTC").await.len()).await;
    let mut page = Page::open(&writer, Some(id)).await;
    let beginning = page.until("event: ready").await;
    assert!(beginning.contains(&format!("\"date\":\"{date}\"")), "{beginning}");
    assert!(!beginning.contains("resync"), "{beginning}");
}
