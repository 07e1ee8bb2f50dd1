//! Queries over what somebody keeps: aw-client-js's own test, what aw-client's reports ask, and what is too much.

use dayline_domain::{DAY_MS, RawEventDays};
use dayline_http_kit::instant;
use serde_json::{Value, json};

use crate::support::{MINUTE, Reply, Server, Tracker};

pub(crate) async fn client(server: &Server) -> Tracker<'_> {
    let ada = server.person("ada").await;
    server.keep(&ada, RawEventDays::MAX).await;
    let client = server.both(&ada).await;
    client.open("aw-watcher-window_pc", "aw-watcher-window", "currentwindow", "pc").await;
    client.open("aw-watcher-afk_pc", "aw-watcher-afk", "afkstatus", "pc").await;
    client
}

/// An event from so many seconds after [`MINUTE`] on.
pub(crate) fn event(second: i64, seconds: i64, data: &Value) -> Value {
    json!({"timestamp": instant::utc(MINUTE.plus(second * 1_000)), "duration": seconds, "data": data})
}

pub(crate) async fn post(client: &Tracker<'_>, bucket: &str, events: &Value) {
    let reply = client.post(&format!("/api/0/buckets/{bucket}/events"), &events.to_string()).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// Asks for the hour around [`MINUTE`].
async fn ask(client: &Tracker<'_>, query: &str) -> Reply {
    let [from, to] = [-1_800_000, 1_800_000].map(|ms| instant::utc(MINUTE.plus(ms)));
    let asked = json!({"timeperiods": [format!("{from}/{to}")], "query": query.lines().collect::<Vec<_>>()});
    client.post("/api/0/query/?name=&cache=1", &asked.to_string()).await
}

pub(crate) async fn answer(client: &Tracker<'_>, query: &str) -> Value {
    let reply = ask(client, query).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()[0].clone()
}

/// `Query` of aw-client-js.
#[tokio::test]
async fn a_bucket_is_asked_for_by_period() {
    let server = Server::new();
    let client = client(&server).await;
    client.open("aw-client-js-test", "aw-client-js-unittest", "test", "unknown").await;
    let days: Vec<String> = (-1_800..-1_797).map(|day| instant::utc(MINUTE.plus(day * DAY_MS))).collect();
    for day in &days {
        let event = json!({"timestamp": day, "duration": 0, "data": {"label": "a label"}});
        client.post("/api/0/buckets/aw-client-js-test/heartbeat?pulsetime=5", &event.to_string()).await;
    }
    let query = json!(["bucket=\"aw-client-js-test\";", "RETURN=query_bucket(bucket);"]);
    let ask = async |periods: &[String]| {
        let asked = json!({"timeperiods": periods, "query": query});
        client.post("/api/0/query/", &asked.to_string()).await.json()
    };
    let period = |from: usize, to: usize| format!("{}/{}", days[from], days[to]);
    let first = ask(&[period(0, 1), period(0, 1)]).await;
    assert_eq!((&first[0][0]["timestamp"], &first[0][1]["timestamp"]), (&json!(days[1]), &json!(days[0])));
    assert_eq!((&first[0][0]["data"]["label"], first[0][0]["id"].as_u64()), (&json!("a label"), Some(2)));
    assert_eq!(first[1], first[0]);
    let later = ask(&[period(0, 1), period(1, 2)]).await;
    assert_eq!([&later[0], &later[1]].map(|events| events.as_array().unwrap().len()), [2, 2]);
    assert_eq!(ask(&["1980-01-01T00:00:00Z/1980-01-02T00:00:00Z".into()]).await, json!([[]]));
    let old = json!({"timestamp": "1980-01-01T00:00:00.000Z", "duration": 0, "data": {}}).to_string();
    client.post("/api/0/buckets/aw-client-js-test/heartbeat?pulsetime=5", &old).await;
    let found = ask(&["1980-01-01T00:00:00Z/1980-01-02T00:00:00Z".into()]).await;
    assert_eq!(found[0].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_report_is_made_as_aw_client_asks_for_it() {
    let server = Server::new();
    let client = client(&server).await;
    let window = |second, seconds, app: &str, title: &str| {
        event(second, seconds, &json!({"app": app, "title": title}))
    };
    let windows = json!([
        window(0, 100, "Editor", "a"),
        window(103, 97, "Editor", "a"),
        window(200, 50, "Mailer", "b"),
        window(250, 50, "Editor", "c"),
    ]);
    post(&client, "aw-watcher-window_pc", &windows).await;
    let afk = |second, seconds, status: &str| event(second, seconds, &json!({"status": status}));
    post(
        &client,
        "aw-watcher-afk_pc",
        &json!([afk(0, 220, "not-afk"), afk(220, 30, "afk"), afk(250, 10, "not-afk")]),
    )
    .await;
    let report = answer(
        &client,
        r#"events = flood(query_bucket(find_bucket("aw-watcher-window_")));
not_afk = flood(query_bucket(find_bucket("aw-watcher-afk_", "pc")));
not_afk = filter_keyvals(not_afk, "status", ["not-afk"]);
browser_events = [];
not_afk = period_union(not_afk, browser_events);
events = filter_period_intersect(events, not_afk);
title_events = sort_by_duration(merge_events_by_keys(events, ["app", "title"]));
app_events = limit_events(sort_by_duration(merge_events_by_keys(title_events, ["app"])), 100);
duration = sum_durations(events);
RETURN = {"app_events": app_events, "titles": title_events, "duration": duration,
  "others": exclude_keyvals(events, "app", ["Editor"]), "n": query_bucket_eventcount("aw-watcher-window_pc")};"#,
    )
    .await;
    assert_eq!((&report["duration"], &report["n"]), (&json!(230.0), &json!(4.0)));
    let told = |events: &Value| -> Vec<(String, f64)> {
        let told = |event: &Value| {
            (event["data"]["app"].as_str().unwrap().to_owned(), event["duration"].as_f64().unwrap())
        };
        events.as_array().unwrap().iter().map(told).collect()
    };
    assert_eq!(told(&report["app_events"]), [("Editor".to_owned(), 210.0), ("Mailer".to_owned(), 20.0)]);
    assert_eq!(report["app_events"][0]["data"], json!({"app": "Editor"}));
    assert_eq!(told(&report["titles"]).len(), 3);
    assert_eq!(told(&report["others"]), [("Mailer".to_owned(), 20.0)]);
}

#[tokio::test]
async fn what_can_t_be_answered_is_told_why_in_the_words_of_the_wire() {
    let server = Server::new();
    let client = client(&server).await;
    let deep = format!("RETURN = {}1{};", "[".repeat(100), "]".repeat(100));
    let many = format!("a = [{}0];{}RETURN = a;", "0,".repeat(1_000), "b = a;".repeat(300));
    // Each line doubles it.
    let large = format!("a = [1];{}RETURN = a;", "a = [a, a];".repeat(40));
    for (query, why) in [
        ("", "the query must give something to RETURN"),
        ("RETURN = secret;", "nothing was given to secret before"),
        ("RETURN = query_bucket(\"secret\");", "there is no bucket of this name"),
        ("RETURN = find_bucket(\"secret\");", "there is no bucket whose name begins so"),
        ("RETURN = query_bucket(7);", "an argument must be a text"),
        ("RETURN = flood();", "flood lacks an argument"),
        ("RETURN = flood([], []);", "flood has too many arguments"),
        ("RETURN = flood([1]);", "an argument must be events"),
        ("RETURN = secret_function([]);", "there is no function secret_function here"),
        ("RETURN = 1 +", "there must be a ; at character 12"),
        (
            "RETURN = categorize([], [[['secret'], {'regex': 'x'}], [['secret'], {'regex': 'secret(?!x)'}]]);",
            "the pattern of rule 2 can't be used: look-around, including look-ahead and look-behind, is not supported",
        ),
        (
            "RETURN = filter_keyvals_regex([], 'app', '(secret');",
            "the pattern of filter_keyvals_regex can't be used: unclosed group",
        ),
        (&deep, "it is nested more than 32 deep at character 43"),
        (&many, "the query does too much; ask for less at a time"),
        (&large, "the query has too many events at once; ask for less at a time"),
    ] {
        let refused = ask(&client, query).await;
        assert_eq!(refused.message(), (400, format!("query can't be answered: {why}")), "{query:.50}");
    }
    for body in [
        "{",
        "{}",
        r#"{"timeperiods": "x", "query": []}"#,
        r#"{"timeperiods": ["x"], "query": ["RETURN=1;"]}"#,
    ] {
        assert_eq!(client.post("/api/0/query/", body).await.message().0, 400, "{body}");
    }
    let periods = json!({"timeperiods": vec!["2026-01-01T00:00:00Z/2026-01-02T00:00:00Z"; 367], "query": ["RETURN=1;"]});
    assert_eq!(client.post("/api/0/query/", &periods.to_string()).await.message().0, 400);
}

#[tokio::test]
async fn a_query_sees_the_caller_s_buckets_alone_and_needs_a_key_that_reads() {
    let server = Server::new();
    let hers = client(&server).await;
    post(&hers, "aw-watcher-window_pc", &json!([event(0, 9, &json!({"app": "Secret"}))])).await;
    let bob = server.person("bob").await;
    server.keep(&bob, 7).await;
    let (his, tracks) = (server.both(&bob).await, server.tracker(&bob).await);
    for query in [
        "RETURN = query_bucket(\"aw-watcher-window_pc\");",
        "RETURN = find_bucket(\"aw-\");",
        "RETURN = query_bucket_eventcount(\"aw-watcher-window_pc\");",
    ] {
        assert_eq!(ask(&his, query).await.message().0, 400, "{query}");
        assert_eq!(ask(&tracks, query).await.message().0, 403, "{query}");
        assert_eq!(ask(&server.stranger(), query).await.message().0, 401, "{query}");
        assert_eq!(ask(&hers, query).await.status, 200, "{query}");
    }
}

#[tokio::test]
async fn a_query_reads_no_more_than_it_may() {
    let server = Server::new();
    let client = client(&server).await;
    let title = "x".repeat(15 << 10);
    for batch in 0..3 {
        let events: Vec<Value> =
            (0..200).map(|n| event(-(batch * 200 + n), 0, &json!({"app": "a", "title": title}))).collect();
        post(&client, "aw-watcher-window_pc", &json!(events)).await;
    }
    let refused = ask(&client, "RETURN = query_bucket(\"aw-watcher-window_pc\");").await;
    assert!(refused.message().1.contains("too many events at once"), "{refused:?}");
    assert_eq!(
        answer(&client, "RETURN = query_bucket_eventcount(\"aw-watcher-window_pc\");").await,
        json!(600.0)
    );
}
