//! ActivityWatch: routes, forms and errors as its watchers know them.

use std::io::Write;

use dayline_app::identity::key_text::KeyFormat;
use dayline_domain::Scope;
use dayline_http_kit::KitConfig;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Method;
use serde_json::json;

use crate::support::{MINUTE, Server, basic};

const EVENT: &str = r#"{"id": null, "timestamp": "2026-11-23T13:52:22.969000+00:00", "duration": 5.009,
    "data": {"app": "XTerm", "title": "doc A - editor"}}"#;

#[tokio::test]
async fn watchers_start_as_they_do_with_their_own_server() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let watcher = server.tracker(&ada).await;
    let info = watcher.get("/api/0/info").await;
    assert_eq!(info.status, 200);
    assert_eq!((&info.json()["testing"], &info.json()["hostname"]), (&json!(false), &json!("unknown")));
    let opened =
        watcher.open("aw-watcher-window_laptop", "aw-watcher-window", "currentwindow", "laptop").await;
    assert_eq!((opened.status.as_u16(), opened.text()), (200, "{}"));
    let again =
        watcher.open("aw-watcher-window_laptop", "aw-watcher-window", "currentwindow", "laptop").await;
    assert_eq!((again.status.as_u16(), again.text()), (304, ""));
    let taken = watcher.beat("aw-watcher-window_laptop", EVENT).await;
    assert_eq!(taken.status, 200);
    let expected = json!({
        "id": 1_795_441_942_969_i64, "timestamp": "2026-11-23T13:52:22.969Z", "duration": 5.009, "data": {},
    });
    assert_eq!(taken.json(), expected);
    let (shown, _) = server.timeline(&ada).await;
    assert_eq!(shown, [("laptop".to_owned(), "XTerm".to_owned(), None, 22_969, 27_978)]);
}

#[tokio::test]
async fn a_browser_that_is_told_404_opens_its_bucket_and_goes_on() {
    let server = Server::new();
    let web = server.tracker(&server.person("ada").await).await;
    let event = r#"{"data":{"url":"https://example.org/a?q=1","title":"Page A","audible":false,"incognito":false,"tabCount":2},"duration":0,"timestamp":"2026-11-23T13:52:22.280Z"}"#;
    let unknown = web.beat("aw-watcher-web-chrome", event).await;
    assert_eq!(unknown.message(), (404, "not found".into()));
    let opened = r#"{"client":"aw-client-web","type":"web.tab.current","hostname":"unknown"}"#;
    assert_eq!(web.post("/api/0/buckets/aw-watcher-web-chrome", opened).await.status, 200);
    assert!(web.beat("aw-watcher-web-chrome", event).await.json().is_object());
}

#[tokio::test]
async fn info_is_for_everybody_whatever_they_send() {
    let server = Server::new();
    for client in [
        server.stranger(),
        server.with_authorization("Bearer nonsense"),
        server.with_authorization(&basic("anybody:dlk_nonsense")),
    ] {
        let reply = client.get("/api/0/info").await;
        assert_eq!((reply.status.as_u16(), &reply.json()["hostname"]), (200, &json!("unknown")));
    }
}

#[tokio::test]
async fn info_names_the_computer_of_the_key_so_that_pages_meet_their_windows() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let (laptop, pc) = (server.tracker(&ada).await, server.tracker(&ada).await);
    laptop.open_both("Laptop.local").await;
    pc.open_both("pc").await;
    let host = async |tracker: &crate::support::Tracker<'_>| tracker.get("/api/0/info").await.json();
    assert_eq!(host(&laptop).await["hostname"], "Laptop.local");
    assert_eq!(host(&pc).await["hostname"], "pc");
    let local = r#"{"client":"own","type":"currentwindow","hostname":"!local"}"#;
    assert_eq!(laptop.post("/api/0/buckets/own", local).await.status, 200);
    laptop.beat("own", EVENT).await;
    assert_eq!(server.timeline(&ada).await.0[0].0, "laptop");
}

#[tokio::test]
async fn keys_are_taken_in_each_form_and_others_are_told_so() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let plain = server.key(&ada, KeyFormat::Prefixed, &[Scope::Track]).await;
    let uuid = server.key(&ada, KeyFormat::Uuid, &[Scope::Track]).await;
    for key in [&plain, &uuid] {
        for authorization in
            [format!("Bearer {key}"), basic(&format!("ada%40example.org:{key}")), basic(&format!("{key}:"))]
        {
            let status =
                server.with_authorization(&authorization).open("b", "c", "currentwindow", "pc").await;
            assert!(matches!(status.status.as_u16(), 200 | 304), "{authorization}");
        }
    }
    for wrong in ["Bearer dlk_nonsense", "Basic !", "Digest x", &basic(&format!("x:{plain}x"))] {
        let refused = server.with_authorization(wrong).beat("b", EVENT).await;
        assert_eq!(refused.message().0, 401, "{wrong}");
    }
    assert_eq!(server.stranger().beat("b", EVENT).await.message().0, 401);
    let in_query = format!("/api/0/buckets/b/heartbeat?pulsetime=1&api_key={plain}");
    assert_eq!(server.stranger().post(&in_query, EVENT).await.status, 401);
}

#[tokio::test]
async fn slashes_gzip_and_content_types_do_not_matter() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let watcher = server.tracker(&ada).await;
    watcher.open_both("laptop").await;
    let path = "api/0/buckets/aw-watcher-window_laptop/heartbeat";
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(EVENT.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    for (path, headers, body) in [
        (format!("//{path}?pulsetime=2"), &[][..], EVENT.as_bytes()),
        (
            format!("/{path}/?pulsetime=2.0"),
            &[("content-type", "text/plain"), ("charset", "utf-8")][..],
            EVENT.as_bytes(),
        ),
        (format!("/{path}?pulsetime=80"), &[("content-encoding", "gzip")][..], &packed[..]),
    ] {
        let reply = watcher.call_with(Method::POST, &path, headers, body.to_vec()).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
    }
    let reader = server.key(&ada, KeyFormat::Prefixed, &[Scope::Read]).await;
    let reader = server.with_authorization(&format!("Bearer {reader}"));
    assert_eq!(reader.get("/api/0/buckets/").await.json(), reader.get("//api/0/buckets").await.json());
}

#[tokio::test]
async fn what_can_never_be_right_is_refused_in_the_words_of_the_wire() {
    let server = Server::new();
    let watcher = server.tracker(&server.person("ada").await).await;
    watcher.open_both("laptop").await;
    let bucket = "/api/0/buckets/aw-watcher-window_laptop";
    for (path, body, message) in [
        ("/heartbeat", EVENT, "pulsetime is missing"),
        ("/heartbeat?pulsetime=soon", EVENT, "pulsetime must be a number of seconds"),
        ("/heartbeat?pulsetime=nan", EVENT, "pulsetime must be a number of seconds"),
        ("/heartbeat?pulsetime=1", "{", "the body is not json: line 1, column 1"),
        (
            "/heartbeat?pulsetime=1",
            "[]",
            "the event needs a timestamp, data and perhaps a duration, each of its type",
        ),
        (
            "/heartbeat?pulsetime=1",
            r#"{"timestamp":"2026-11-23T13:52:22Z","duration":-1,"data":{}}"#,
            "duration must not be negative",
        ),
        ("/events", r#"[{"timestamp":"2026-11-23T13:52:22Z","data":7}]"#, "data must be an object"),
        ("", "{}", "a bucket needs the texts client, type and hostname"),
    ] {
        let refused = watcher.post(&format!("{bucket}{path}"), body).await;
        assert_eq!(refused.message(), (400, message.into()), "{path} {body}");
    }
    let put = watcher.call(Method::PUT, bucket, "{}").await;
    assert_eq!(put.message().0, 405);
}

#[tokio::test]
async fn what_has_times_that_can_t_be_is_taken_and_dropped() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let watcher = server.tracker(&ada).await;
    watcher.open_both("laptop").await;
    for (timestamp, duration) in [
        ("2026-11-24T13:52:22Z", "0"),
        ("1998-01-01T00:00:00Z", "0"),
        ("2026-11-20T00:00:00Z", "172800"),
        ("2026-11-23T13:52:22Z", "1e300"),
    ] {
        let event =
            format!(r#"{{"timestamp":"{timestamp}","duration":{duration},"data":{{"app":"XTerm"}}}}"#);
        assert_eq!(watcher.beat("aw-watcher-window_laptop", &event).await.status, 200, "{event}");
    }
    assert_eq!(server.timeline(&ada).await.0, []);
    let old = r#"{"timestamp":"2007-01-01T00:00:00Z","duration":5,"data":{"app":"XTerm"}}"#;
    watcher.beat("aw-watcher-window_laptop", old).await;
    let long = r#"{"timestamp":"2026-11-20T13:52:22Z","duration":172800,"data":{"status":"afk"}}"#;
    watcher.beat("aw-watcher-afk_laptop", long).await;
    let logged = server.fake.app.ping_log.read_after(
        dayline_app::ports::Partition(0),
        dayline_app::ports::Position::START,
        usize::MAX,
    );
    assert_eq!(logged.await.unwrap().entries.len(), 2, "what is old and who is long away are taken");
}

#[tokio::test]
async fn several_events_at_once_are_all_taken_and_bad_ones_cost_no_other() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let watcher = server.tracker(&ada).await;
    watcher.open_both("laptop").await;
    let second = |n: i64| dayline_http_kit::instant::utc(MINUTE.plus(n * 10));
    let events =
        (0..1_200).map(|n| json!({"timestamp": second(n), "duration": 0.01, "data": {"app": "XTerm"}}));
    let mut events: Vec<_> = events.collect();
    events.insert(600, json!({"timestamp": "yesterday", "data": {}}));
    let path = "/api/0/buckets/aw-watcher-window_laptop/events";
    let taken = watcher.post(path, &json!(events).to_string()).await;
    assert_eq!((taken.status.as_u16(), taken.text()), (200, "null"));
    assert_eq!(server.timeline(&ada).await.0, [("laptop".into(), "XTerm".into(), None, 0, 12_000)]);
    assert_eq!(watcher.post(path, EVENT).await.status, 200, "one alone, as the reference takes it");
    assert_eq!(watcher.post("/api/0/buckets/nobodys/events", EVENT).await.message().0, 404);
}

#[tokio::test]
async fn buckets_are_shown_to_keys_that_read_and_only_their_person_s() {
    let server = Server::new();
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let watcher = server.tracker(&ada).await;
    watcher.open_both("laptop").await;
    for path in ["/api/0/buckets", "/api/0/buckets/aw-watcher-afk_laptop"] {
        let refused = watcher.get(path).await;
        assert_eq!(refused.message(), (403, "this needs a key with the scope read, or a session".into()));
    }
    let read = [Scope::Read];
    let reader = async |of| {
        let key = server.key(of, KeyFormat::Prefixed, &read).await;
        server.with_authorization(&basic(&format!("x:{key}")))
    };
    let (hers, his) = (reader(&ada).await, reader(&bob).await);
    let item = json!({
        "id": "aw-watcher-afk_laptop", "name": null, "type": "afkstatus", "client": "aw-watcher-afk",
        "hostname": "laptop", "created": "2026-11-23T13:53:00.000Z", "data": {}, "last_updated": null,
    });
    let all = hers.get("/api/0/buckets").await.json();
    assert_eq!((all.as_object().unwrap().len(), &all["aw-watcher-afk_laptop"]), (2, &item));
    assert_eq!(hers.get("/api/0/buckets/aw-watcher-afk_laptop").await.json(), item);
    assert_eq!(his.get("/api/0/buckets").await.json(), json!({}));
    assert_eq!(his.get("/api/0/buckets/aw-watcher-afk_laptop").await.message().0, 404);
    // Nor can anybody else write to it, or take it away.
    let other = server.tracker(&bob).await;
    assert_eq!(other.beat("aw-watcher-window_laptop", EVENT).await.message().0, 404);
    assert_eq!(other.call(Method::DELETE, "/api/0/buckets/aw-watcher-afk_laptop", "{}").await.status, 404);
    assert_eq!(hers.beat("aw-watcher-window_laptop", EVENT).await.message().0, 403);
    assert_eq!(
        watcher.call(Method::DELETE, "/api/0/buckets/aw-watcher-afk_laptop?force=1", "{}").await.status,
        200
    );
    assert_eq!(
        watcher.call(Method::DELETE, "/api/0/buckets/aw-watcher-afk_laptop", "").await.message().0,
        404
    );
}

#[tokio::test]
async fn extensions_that_the_operator_allows_may_call() {
    let allowed = ["moz-extension://*".parse().unwrap()].to_vec();
    let server = Server::with(KitConfig { allowed_origins: allowed, ..KitConfig::default() });
    let asks = async |origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        let path = "/api/0/buckets/aw-watcher-web-firefox/heartbeat";
        server.stranger().call_with(Method::OPTIONS, path, &headers, "").await
    };
    let may = asks("moz-extension://1b2c3d4e-0000-4000-8000-000000000000").await;
    assert_eq!(may.status, 200);
    assert_eq!(
        may.headers["access-control-allow-origin"],
        "moz-extension://1b2c3d4e-0000-4000-8000-000000000000"
    );
    assert!(!asks("https://evil.example").await.headers.contains_key("access-control-allow-origin"));
}
