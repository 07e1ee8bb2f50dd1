//! Live events: who watches hears of every change, and nobody watches for longer than they may.

use std::time::Duration;

use axum::body::Body;
use dayline_api::ApiConfig;
use dayline_app::ports::{DayChanged, LiveEvents};
use dayline_domain::{UtcDay, UtcMs};
use dayline_http_kit::ConnectionConfig;
use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::{Person, Server, ping};
use crate::tcp::{PATIENCE, listen};

const LIVE: &str = "/api/v1/live";
const NOON: i64 = 1_795_176_000_000;

/// An event as a client of the standard reads it.
#[derive(Debug, PartialEq)]
struct Event {
    name: String,
    id: Option<i64>,
    data: Value,
}

fn event(name: &str, id: Option<i64>, data: Value) -> Event {
    Event { name: name.to_owned(), id, data }
}

fn changed(id: Option<i64>, date: &str, version: u64) -> Event {
    event("changed", id, json!({"date": date, "version": version}))
}

struct Stream {
    body: Body,
    text: String,
}

impl Stream {
    async fn open(server: &Server, person: &Person, last_id: Option<&str>) -> Self {
        let call = server.get(LIVE).of(person);
        let call = if let Some(id) = last_id { call.header("last-event-id", id) } else { call };
        let (head, body) = call.open().await;
        assert_eq!(head.status, 200);
        assert_eq!(head.headers["content-type"], "text/event-stream");
        assert_eq!(head.headers["cache-control"], "no-store");
        Self { body, text: String::new() }
    }

    /// The next block of lines; `None` at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some(length) = self.text.find("\n\n") {
                let block = self.text[..length].to_owned();
                self.text.drain(..length + 2);
                return Some(block);
            }
            let frame = timeout(PATIENCE, self.body.frame()).await.expect("something comes")?;
            self.text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        }
    }

    /// The next event, comments and blocks without one left out.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            let Some(data) = field("data: ") else { continue };
            return Some(Event {
                name: field("event: ").unwrap().to_owned(),
                id: field("id: ").map(|id| id.parse().unwrap()),
                data: serde_json::from_str(data).unwrap(),
            });
        }
    }
}

async fn track(server: &Server, person: &Person, app: &str, start: &str, end: &str) {
    let reply = server.post("/api/v1/usage/track").of(person).json(&ping(app, start, end)).send().await;
    assert_eq!(reply.status, 202);
    server.process_log().await;
}

#[tokio::test]
async fn a_watcher_hears_of_each_change_of_their_own_days_and_no_others() {
    let server = Server::new();
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    let mut stream = Stream::open(&server, &ada, None).await;
    assert_eq!(stream.next().await, Some(event("ready", Some(NOON), json!({}))));
    track(&server, &eve, "Evil", "09:00:00", "09:00:05").await;
    server.fake.clock.advance(1);
    track(&server, &ada, "Code", "10:00:00", "10:00:05").await;
    assert_eq!(stream.next().await, Some(changed(Some(NOON + 1), "2026-11-20", 1)));
    track(&server, &ada, "Mail", "11:00:00", "11:00:05").await;
    assert_eq!(stream.next().await, Some(changed(Some(NOON + 1), "2026-11-20", 2)));
}

#[tokio::test]
async fn who_comes_back_is_told_what_changed_meanwhile() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let mut stream = Stream::open(&server, &ada, None).await;
    let seen = stream.next().await.unwrap().id.unwrap().to_string();
    drop(stream);
    server.fake.clock.advance(60_000);
    track(&server, &ada, "Code", "10:00:00", "10:00:05").await;
    server.fake.clock.advance(60_000);

    let mut stream = Stream::open(&server, &ada, Some(&seen)).await;
    assert_eq!(stream.next().await, Some(changed(None, "2026-11-20", 1)));
    let ready = stream.next().await.unwrap();
    assert_eq!(ready, event("ready", Some(NOON + 120_000), json!({})));

    let mut stream = Stream::open(&server, &ada, Some(&ready.id.unwrap().to_string())).await;
    assert_eq!(stream.next().await.unwrap().name, "ready", "nothing changed since");
}

#[tokio::test]
async fn an_event_of_which_only_part_was_seen_is_told_again() {
    let server = Server::new();
    let ada = server.person("ada").await;
    track(&server, &ada, "Code", "10:00:00", "10:00:05").await;
    // Clocks of workers differ: a commit that says it is older than the last event may have come
    // later.
    let mut stream = Stream::open(&server, &ada, Some(&(NOON + 4_000).to_string())).await;
    assert_eq!(stream.next().await, Some(changed(None, "2026-11-20", 1)));
    let mut stream = Stream::open(&server, &ada, Some(&(NOON + 5_001).to_string())).await;
    assert_eq!(stream.next().await.unwrap().name, "resync", "an id from the future tells nothing");
}

#[tokio::test]
async fn an_id_that_is_none_means_everything() {
    let server = Server::new();
    let ada = server.person("ada").await;
    track(&server, &ada, "Code", "10:00:00", "10:00:05").await;
    for id in ["", "x", "-1", "99999999999999999999"] {
        let mut stream = Stream::open(&server, &ada, Some(id)).await;
        assert_eq!(stream.next().await, Some(changed(None, "2026-11-20", 1)), "{id}");
    }
}

#[tokio::test]
async fn a_watcher_who_is_too_slow_is_told_to_look_at_everything() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let mut stream = Stream::open(&server, &ada, None).await;
    assert_eq!(stream.next().await.unwrap().name, "ready");
    let user = ada.id.parse().unwrap();
    for version in 1..=1_000 {
        let change = DayChanged { user, day: UtcDay(20_000), version, at: UtcMs(NOON) };
        server.fake.live.announce(&[change]);
    }
    assert_eq!(stream.next().await, Some(event("resync", Some(NOON), json!({}))));
    assert_eq!(stream.next().await.unwrap().name, "changed");
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_sends_a_sign_of_life_every_15_seconds() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let mut stream = Stream::open(&server, &ada, None).await;
    stream.next().await.unwrap();
    for _ in 0..3 {
        let since = tokio::time::Instant::now();
        assert_eq!(stream.block().await, Some(":".to_owned()));
        let waited = since.elapsed().as_secs_f64();
        assert!((14.9..16.1).contains(&waited), "{waited}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_within_a_second_when_its_session_does() {
    let server = Server::new();
    let laptop = server.person("ada").await;
    let phone = server.sign_in(laptop.clone(), "phone").await;
    let mut stream = Stream::open(&server, &phone, None).await;
    stream.next().await.unwrap();
    let path = format!("/api/v1/auth/sessions/{}", phone.session);
    assert_eq!(server.request(Method::DELETE, &path).of(&laptop).send().await.status, 204);
    let since = tokio::time::Instant::now();
    let end = stream.next().await.unwrap();
    assert_eq!((end.name.as_str(), &end.data["code"]), ("end", &json!("session_revoked")));
    assert!(since.elapsed() <= Duration::from_secs(1));
    assert_eq!(stream.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_its_token_does() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let mut stream = Stream::open(&server, &ada, None).await;
    stream.next().await.unwrap();
    server.fake.clock.advance(15 * 60_000);
    let end = stream.next().await.unwrap();
    assert_eq!((end.name.as_str(), &end.data["code"]), ("end", &json!("not_signed_in")));
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn one_person_has_a_bounded_number_of_streams() {
    let server = Server::new();
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(Stream::open(&server, &ada, None).await);
    }
    let reply = server.get(LIVE).of(&ada).send().await;
    assert_eq!((reply.problem(), reply.header("retry-after")), ((429, "too_many_streams".into()), "10"));
    assert_eq!(server.get(LIVE).of(&eve).send().await.status, 200);
    open.pop();
    assert_eq!(server.get(LIVE).of(&ada).send().await.status, 200);
}

#[tokio::test]
async fn all_streams_together_are_bounded() {
    let server = Server::with_api(&ApiConfig { max_live_streams: 1 });
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    let open = Stream::open(&server, &ada, None).await;
    assert_eq!(server.get(LIVE).of(&eve).send().await.problem(), (503, "unavailable".into()));
    drop(open);
    assert_eq!(server.get(LIVE).of(&eve).send().await.status, 200);
}

fn get(person: &Person) -> String {
    format!("GET {LIVE} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\r\n", person.access)
}

#[tokio::test]
async fn a_shut_down_does_not_wait_for_streams() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let config = ConnectionConfig { grace: PATIENCE, ..ConnectionConfig::default() };
    let listening = listen(server.router.clone(), config).await;
    let mut client = listening.connect().await;
    client.write(&get(&ada)).await;
    client.read_until("event: ready").await;
    listening.shutdown.cancel();
    let rest = client.read_to_end().await;
    assert!(rest.contains("event: end\ndata: {\"code\":\"stopping\""), "{rest}");
    drop(client);
    timeout(PATIENCE / 2, listening.serving).await.expect("stops before its grace").unwrap();
}

#[tokio::test]
async fn a_stream_lives_on_beyond_the_time_that_a_connection_may_be_idle() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let config = ConnectionConfig { idle_timeout: Duration::from_millis(50), ..ConnectionConfig::default() };
    let listening = listen(server.router.clone(), config).await;
    let mut client = listening.connect().await;
    client.write(&get(&ada)).await;
    client.read_until("event: ready").await;
    // Longer than the time and the linger after it; a stream cut off by them would be cut off by
    // now.
    sleep(Duration::from_millis(2_500)).await;
    track(&server, &ada, "Code", "10:00:00", "10:00:05").await;
    client.read_until(r#"data: {"date":"2026-11-20","version":1}"#).await;
}

#[tokio::test]
async fn a_client_that_is_gone_gives_its_place_up() {
    let server = Server::with_api(&ApiConfig { max_live_streams: 1 });
    let ada = server.person("ada").await;
    let listening = listen(server.router.clone(), ConnectionConfig::default()).await;
    let mut client = listening.connect().await;
    client.write(&get(&ada)).await;
    client.read_until("event: ready").await;
    assert_eq!(server.get(LIVE).of(&ada).send().await.status, 503);
    drop(client);
    let freed = async {
        while server.get(LIVE).of(&ada).send().await.status != 200 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, freed).await.expect("a place is free again");
}

/// What the cookie of a page's session is called, where nothing is known of the client.
const COOKIE: &str = "__Host-dayline";

/// What pages link to as files.
const FILES: [&str; 4] = [
    "/api/v1/users/me/export",
    "/api/v1/report/jobs/00000000-0000-0000-0000-000000000000/result",
    "/api/v1/report/jobs/00000000-0000-0000-0000-000000000000/result.csv",
    "/api/v1/report/jobs/00000000-0000-0000-0000-000000000000/result.ndjson",
];

#[tokio::test]
async fn a_page_of_this_site_reads_a_few_things_by_the_cookie_of_its_session() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let cookie = format!("{COOKIE}={}", ada.access);
    let from = |sites: &[&str], path: &str| {
        let call = server.get(path).header("cookie", &cookie);
        sites.iter().fold(call, |call, site| call.header("sec-fetch-site", site))
    };
    assert_eq!(from(&["same-origin"], LIVE).send().await.status, 200);
    for file in FILES {
        let status = |site: &'static str| from(&[site], file).send();
        assert!([200, 404].contains(&status("same-origin").await.status.as_u16()), "{file}");
        assert_eq!(status("cross-site").await.status, 401, "{file}");
    }
    for sites in [&[][..], &["cross-site"], &["same-site"], &["none"], &["same-origin", "same-origin"]] {
        assert_eq!(from(sites, LIVE).send().await.status, 401, "{sites:?}");
    }
    for path in [
        "/api/v1/users/me",
        "/api/v1/usage/timeline",
        "/api/v1/live/x",
        "/api/v1/usage/export",
        "/api/v1/users/me/export.json",
        "/api/v1/report/jobs",
        "/api/v1/report/jobs/00000000-0000-0000-0000-000000000000",
        "/api/v1/report/jobs/00000000-0000-0000-0000-000000000000/x/result",
    ] {
        let status = from(&["same-origin"], path).send().await.status.as_u16();
        assert!([401, 404].contains(&status), "{path}: {status}");
    }
    let write = server.request(Method::DELETE, "/api/v1/users/me").header("cookie", &cookie);
    assert_eq!(write.header("sec-fetch-site", "same-origin").send().await.status, 401);
}

#[tokio::test]
async fn a_key_in_that_cookie_is_nobodys_session() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let key = json!({"name": "reader", "scopes": ["read"]});
    let key = server.post("/api/v1/api-keys").of(&ada).json(&key).send().await;
    let key = key.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(server.get(LIVE).header("authorization", &format!("Bearer {key}")).send().await.status, 200);
    let call = server.get(LIVE).header("cookie", &format!("{COOKIE}={key}"));
    assert_eq!(call.header("sec-fetch-site", "same-origin").send().await.status, 401);
}
