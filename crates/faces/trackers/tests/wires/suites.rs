//! The tests that clients and other servers bring with them, restated as far as they are about taking: aw-server's
//! `test_client.py`, aw-client-js's `test.ts`, aw-server-rust's `api.rs`. They look at what a server has stored; here that is
//! the timeline.

use dayline_app::identity::key_text::KeyFormat;
use dayline_domain::Scope;
use dayline_http_kit::instant;
use http::Method;
use serde_json::{Value, json};

use crate::support::{MINUTE, Server, Shown, Tracker};

const BUCKET: &str = "test-bucket";
/// Midnight before [`MINUTE`], in milliseconds after it.
const MIDNIGHT: i64 = -(13 * 60 + 52) * 60_000;

fn event(start_ms: i64, length_ms: i64, app: &str) -> Value {
    let duration = length_ms as f64 / 1_000.0;
    json!({"timestamp": instant::utc(MINUTE.plus(start_ms)), "duration": duration, "data": {"app": app}})
}

async fn opened(server: &Server) -> (dayline_app::identity::caller::Caller, Tracker<'_>) {
    let ada = server.person("ada").await;
    let client = server.tracker(&ada).await;
    assert_eq!(client.open(BUCKET, "test", "currentwindow", "testhost").await.status, 200);
    (ada, client)
}

async fn post_events(client: &Tracker<'_>, events: &Value) {
    let reply = client.post(&format!("/api/0/buckets/{BUCKET}/events"), &events.to_string()).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

fn shown(app: &str, start_ms: i64, end_ms: i64) -> Shown {
    ("testhost".into(), app.into(), None, start_ms, end_ms)
}

/// `test_heartbeat`, `test_queued_heartbeat`.
#[tokio::test]
async fn heartbeats_that_touch_or_overlap_are_one_stretch() {
    let server = Server::new();
    let (ada, client) = opened(&server).await;
    for (start, length) in [(0, 0), (1_000, 0), (1_000, 500), (1_500, 1_000), (500, 100)] {
        let reply = client.beat(BUCKET, &event(start, length, "XTerm").to_string()).await;
        assert_eq!((reply.status.as_u16(), reply.json()["id"].is_i64()), (200, true));
    }
    assert_eq!(server.timeline(&ada).await.0, [shown("XTerm", 0, 2_500)]);
}

/// `test_heartbeat_random_order`.
#[tokio::test]
async fn heartbeats_in_any_order_make_the_same_stretches() {
    let beats: Vec<Value> =
        (0..20).map(|n| event(n * 1_000, 1_000, if n < 12 { "XTerm" } else { "Mail" })).collect();
    let mut timelines = Vec::new();
    for step in [1, 3, 7, 19] {
        let server = Server::new();
        let (ada, client) = opened(&server).await;
        for n in 0..beats.len() {
            client.beat(BUCKET, &beats[n * step % beats.len()].to_string()).await;
        }
        timelines.push(server.timeline(&ada).await.0);
    }
    assert_eq!(timelines[0], [shown("XTerm", 0, 12_000), shown("Mail", 12_000, 20_000)]);
    assert!(timelines.iter().all(|timeline| *timeline == timelines[0]), "{timelines:?}");
}

/// `test_insert_event`, `test_insert_events`; `Insert event, get event, replace event, and assert`.
#[tokio::test]
async fn events_come_one_alone_or_several_and_with_a_number_or_without() {
    let server = Server::new();
    let (ada, client) = opened(&server).await;
    post_events(&client, &event(0, 1_000, "One")).await;
    post_events(&client, &json!([event(1_000, 1_000, "Two"), event(2_000, 1_000, "Three")])).await;
    let mut numbered = event(3_000, 1_000, "Four");
    numbered["id"] = json!(7);
    post_events(&client, &json!([numbered])).await;
    post_events(&client, &json!([])).await;
    let apps = ["One", "Two", "Three", "Four"];
    let expected: Vec<_> =
        apps.iter().zip(0..).map(|(app, n)| shown(app, n * 1_000, (n + 1) * 1_000)).collect();
    assert_eq!(server.timeline(&ada).await.0, expected);
}

/// `test_midnight`, `test_midnight_heartbeats`.
#[tokio::test]
async fn midnight_takes_nothing_away() {
    let server = Server::new();
    let (ada, client) = opened(&server).await;
    post_events(
        &client,
        &json!([event(MIDNIGHT - 3_600_000, 3_600_000, "Late"), event(MIDNIGHT, 3_600_000, "Early")]),
    )
    .await;
    let noon = MIDNIGHT + 12 * 3_600_000;
    for n in 0..60 {
        let around = MIDNIGHT - 2 * 3_600_000 + n * 10_000;
        client.beat(BUCKET, &event(around, 10_000, "Beats").to_string()).await;
        client.beat(BUCKET, &event(noon + n * 10_000, 10_000, "Noon").to_string()).await;
    }
    let expected = [
        shown("Beats", MIDNIGHT - 7_200_000, MIDNIGHT - 6_600_000),
        shown("Late", MIDNIGHT - 3_600_000, MIDNIGHT),
        shown("Early", MIDNIGHT, MIDNIGHT + 3_600_000),
        shown("Noon", noon, noon + 600_000),
    ];
    assert_eq!(server.timeline(&ada).await.0, expected);
}

/// `test_store_many_events`.
#[tokio::test]
async fn a_thousand_events_are_taken_at_once() {
    let server = Server::new();
    let (ada, client) = opened(&server).await;
    // Longer than the rule joins over.
    let name = |n| if n % 2 == 0 { "A" } else { "B" };
    let events: Vec<_> = (0..1_000).map(|n| event((n - 1_000) * 2_000, 2_000, name(n))).collect();
    post_events(&client, &json!(events)).await;
    let timeline = server.timeline(&ada).await.0;
    let total: i64 = timeline.iter().map(|shown| shown.4 - shown.3).sum();
    assert_eq!((timeline.len(), total), (1_000, 2_000_000));
}

/// `test_list_buckets`, `Create, delete and get buckets`, `test_bucket`.
#[tokio::test]
async fn buckets_are_opened_shown_and_deleted() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let both = server.key(&ada, KeyFormat::Prefixed, &[Scope::Track, Scope::Read]).await;
    let client = server.with_authorization(&format!("Bearer {both}"));
    assert_eq!(client.open(BUCKET, "test", "testtype", "testhost").await.status, 200);
    assert_eq!(client.open(BUCKET, "other", "othertype", "otherhost").await.status, 304);
    let bucket = client.get(&format!("/api/0/buckets/{BUCKET}")).await.json();
    assert_eq!(
        (&bucket["type"], &bucket["hostname"], &bucket["data"]),
        (&json!("testtype"), &json!("testhost"), &json!({}))
    );
    instant::parse(bucket["created"].as_str().unwrap()).unwrap();
    assert_eq!(client.get("/api/0/buckets/").await.json()[BUCKET], bucket);
    assert_eq!(client.call(Method::DELETE, &format!("/api/0/buckets/{BUCKET}"), "{}").await.status, 200);
    assert_eq!(client.get(&format!("/api/0/buckets/{BUCKET}")).await.message().0, 404);
    assert_eq!(client.get("/api/0/buckets/").await.json(), json!({}));
}

/// What aw-watcher-web sends at its first run, in its order: it learns from `/info` late on which computer it is.
#[tokio::test]
async fn a_browser_s_first_run_goes_as_it_was_recorded() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let watchers = server.tracker(&ada).await;
    watchers.open_both("laptop").await;
    watchers.beat("aw-watcher-window_laptop", &event(0, 30_000, "Google-chrome").to_string()).await;
    let page = |path: &str, second: f64| {
        let at = instant::utc(MINUTE.plus((second * 1_000.0) as i64));
        json!({"data": {"url": format!("https://{path}"), "title": "t", "audible": false, "incognito": false, "tabCount": 2},
            "duration": 0, "timestamp": at})
        .to_string()
    };
    let send = async |bucket: &str, event: &str| {
        watchers.post(&format!("/api/0/buckets/{bucket}/heartbeat?pulsetime=80"), event).await.status.as_u16()
    };
    assert_eq!(watchers.get("/api/0/info").await.json()["hostname"], "laptop");
    for (bucket, host) in [("aw-watcher-web-chrome", "unknown"), ("aw-watcher-web-chrome_laptop", "laptop")] {
        assert_eq!(send(bucket, &page("example.org/a?q=1", 0.28)).await, 404, "{bucket}");
        assert_eq!(watchers.open(bucket, "aw-client-web", "web.tab.current", host).await.status, 200);
        assert_eq!(send(bucket, &page("example.org/a?q=1", 0.28)).await, 200, "{bucket}");
    }
    for (path, second) in [("example.org/a?q=1", 15.323), ("example.com/b", 15.324), ("example.com/b", 29.0)]
    {
        assert_eq!(send("aw-watcher-web-chrome_laptop", &page(path, second)).await, 200);
    }
    let domains: Vec<_> = server.timeline(&ada).await.0.into_iter().map(|shown| (shown.0, shown.2)).collect();
    assert!(domains.contains(&("laptop".into(), Some("example.com".into()))), "{domains:?}");
    assert!(domains.contains(&("laptop".into(), Some("example.org".into()))), "{domains:?}");
}
