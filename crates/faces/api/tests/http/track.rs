//! `POST /usage/track`: every limit and rule of a ping, and the forms of a body. Not here: what its
//! kind says (see [`crate::kinds`]).

use std::io::Write;

use dayline_app::ports::{Partition, Payload, PingLog, Position};
use dayline_app::tracking::record::{self, Body};
use dayline_domain::{Observation, Seen};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::support::{Person, Reply, Server, ping};

const TRACK: &str = "/api/v1/usage/track";

pub(crate) async fn world() -> (Server, Person) {
    let server = Server::new();
    let ada = server.person("ada").await;
    (server, ada)
}

/// Sends a body and gives the answer.
pub(crate) async fn send(
    world: &(Server, Person),
    content_type: &str,
    body: impl Into<axum::body::Body>,
) -> Reply {
    let (server, ada) = world;
    server.post(TRACK).of(ada).body(content_type, body).send().await
}

pub(crate) async fn send_json(world: &(Server, Person), body: &Value) -> Reply {
    send(world, "application/json", body.to_string()).await
}

/// What becomes of one ping: nothing if it is accepted, else the code.
pub(crate) async fn fate(world: &(Server, Person), ping: &Value) -> String {
    let alone = send_json(world, ping).await;
    let mut codes = vec![code_of(&alone)];
    // The same alone in an array, as a line, and among good ones.
    codes.push(code_of(&send_json(world, &json!([ping])).await));
    codes.push(code_of(&send(world, "application/x-ndjson", ping.to_string()).await));
    let good = crate::support::ping("Good", "10:00:00", "10:00:05");
    let among = send_json(world, &json!([good, ping, good])).await;
    assert_eq!(among.status, 202, "{among:?}");
    codes.push(among.json()["rejected"][0]["code"].as_str().unwrap_or_default().to_owned());
    codes.dedup();
    assert_eq!(codes.len(), 1, "the same in all forms: {codes:?}");
    codes.remove(0)
}

pub(crate) fn code_of(reply: &Reply) -> String {
    if reply.status == 202 {
        assert_eq!(reply.json(), json!({"status": "queued", "accepted": 1, "rejected": []}));
        return String::new();
    }
    assert_eq!(reply.problem(), (422, "all_rejected".into()));
    let answer = reply.json();
    assert_eq!((&answer["accepted"], &answer["rejected"][0]["index"]), (&json!(0), &json!(0)));
    answer["rejected"][0]["code"].as_str().unwrap().to_owned()
}

/// A good ping with one field replaced.
pub(crate) fn with(field: &str, value: Value) -> Value {
    let mut ping = ping("Code", "10:00:00", "10:00:05");
    ping[field] = value;
    ping
}

/// All that is in the log, in the order in which it came.
pub(crate) async fn seen(world: &(Server, Person)) -> Vec<Observation> {
    let entries =
        world.0.fake.log.read_after(Partition(0), Position::START, usize::MAX).await.unwrap().entries;
    let mut seen = Vec::new();
    for entry in entries {
        let Payload::Records(bytes) = entry.payload else { panic!("damaged") };
        for record in record::split(&bytes) {
            let (user, body) = record::decode(record.unwrap()).unwrap();
            assert_eq!(user.to_string(), world.1.id);
            let Body::Observations(more) = body else { panic!("no observations") };
            seen.extend(more);
        }
    }
    seen
}

fn without(field: &str) -> Value {
    let mut ping = ping("Code", "10:00:00", "10:00:05");
    ping.as_object_mut().unwrap().remove(field);
    ping
}

#[tokio::test]
async fn an_app_name_has_1_to_255_characters_after_trimming_and_no_control_characters() {
    let world = world().await;
    for good in ["C", " Code ", &"ü".repeat(255), "\u{202e}bidi", "𝒳 \u{1f600}", "=1+1"] {
        assert_eq!(fate(&world, &with("app_name", json!(good))).await, "", "{good}");
    }
    for bad in [
        json!(""),
        json!("  "),
        json!("ü".repeat(256)),
        json!("a\u{0}b"),
        json!("a\nb"),
        json!("\u{85}b\u{85}c"),
    ] {
        assert_eq!(fate(&world, &with("app_name", bad.clone())).await, "invalid_app_name", "{bad}");
    }
}

#[tokio::test]
async fn a_device_has_1_to_128_characters_and_is_the_sessions_own_if_left_out() {
    let world = world().await;
    for good in [json!(null), json!("d"), json!("ü".repeat(128)), json!(" kept ")] {
        assert_eq!(fate(&world, &with("device_id", good.clone())).await, "", "{good}");
    }
    for bad in ["", &"ü".repeat(129), "a\tb"] {
        assert_eq!(fate(&world, &with("device_id", json!(bad))).await, "invalid_device_id", "{bad}");
    }
}

#[tokio::test]
async fn times_must_exist_and_have_an_offset() {
    let world = world().await;
    for (field, code) in [("start_time", "invalid_start_time"), ("end_time", "invalid_end_time")] {
        for bad in [
            "2026-11-20T10:00:00",
            "2026-11-20",
            "0000-01-01T00:00:00Z",
            "2016-12-31T23:59:60Z",
            "2026-02-30T10:00:00Z",
            "2026-11-20 10:00:00",
            "11/20/2026 10:00:00Z",
            "10:00:00Z",
            "",
            "1795168800000",
        ] {
            assert_eq!(fate(&world, &with(field, json!(bad))).await, code, "{bad}");
        }
    }
    assert_eq!(fate(&world, &with("end_time", json!("9999-12-31T23:59:59Z"))).await, "too_long");
    assert_eq!(fate(&world, &with("start_time", json!("0001-01-01T00:00:00Z"))).await, "too_long");
}

#[tokio::test]
async fn a_ping_does_not_end_before_it_starts_nor_last_longer_than_a_day() {
    let world = world().await;
    let with_times =
        |start: &str, end: &str| json!({"app_name": "Code", "start_time": start, "end_time": end});
    let same = "2026-11-20T10:00:00Z";
    assert_eq!(fate(&world, &with_times(same, same)).await, "");
    assert_eq!(fate(&world, &with_times(same, "2026-11-20T09:59:59.999Z")).await, "end_before_start");
    assert_eq!(fate(&world, &with_times("2026-11-19T10:00:00Z", same)).await, "");
    assert_eq!(fate(&world, &with_times("2026-11-19T09:59:59.999Z", same)).await, "too_long");
}

#[tokio::test]
async fn a_ping_is_at_most_5_minutes_in_the_future_and_366_days_in_the_past() {
    let world = world().await;
    let with_times =
        |start: &str, end: &str| json!({"app_name": "Code", "start_time": start, "end_time": end});
    // It is noon of 2026-11-20.
    let start = "2026-11-20T12:00:00Z";
    assert_eq!(fate(&world, &with_times(start, "2026-11-20T12:05:00Z")).await, "");
    assert_eq!(fate(&world, &with_times(start, "2026-11-20T12:05:00.001Z")).await, "too_far_in_future");
    let soon = json!([with_times(start, "2026-11-20T12:05:00.001Z"), with_times(start, "nonsense")]);
    let reply = world.0.post("/api/v1/usage/track").of(&world.1).json(&soon).send().await.json();
    let retry: Vec<_> = reply["rejected"].as_array().unwrap().iter().map(|ping| &ping["retry"]).collect();
    assert_eq!(retry, [true, false], "time mends the first alone");
    let end = "2025-11-19T12:00:01Z";
    assert_eq!(fate(&world, &with_times("2025-11-19T12:00:00Z", end)).await, "");
    assert_eq!(fate(&world, &with_times("2025-11-19T11:59:59.999Z", end)).await, "too_far_in_past");
}

#[tokio::test]
async fn history_reaches_back_twenty_years() {
    let (server, ada) = world().await;
    let send = async |query: &str, start: &str| {
        let ping = json!({"kind": "beat", "app_name": "Code", "start_time": start});
        server.post(&format!("{TRACK}{query}")).of(&ada).json(&ping).send().await.status.as_u16()
    };
    let (old, older) = ("2006-11-25T00:00:00Z", "2006-11-01T00:00:00Z");
    assert_eq!(send("?history=true", old).await, 202);
    assert_eq!(send("?history=true", older).await, 422);
    for query in ["", "?history=false"] {
        assert_eq!(send(query, old).await, 422, "{query}");
    }
    assert_eq!(send("?history=yes", old).await, 422);
}

#[tokio::test]
async fn wrong_types_and_missing_fields_are_refused_and_unknown_ones_ignored() {
    let world = world().await;
    for field in ["app_name", "start_time", "end_time"] {
        let code = format!("invalid_{field}");
        assert_eq!(fate(&world, &without(field)).await, code);
        assert_eq!(fate(&world, &with(field, json!(null))).await, code);
    }
    for wrong in [json!(5), json!(-5), json!(5.5), json!(true), json!([["a"]]), json!({"a": {"b": 1}})] {
        for field in ["app_name", "url", "start_time", "end_time", "device_id"] {
            assert_eq!(
                fate(&world, &with(field, wrong.clone())).await,
                format!("invalid_{field}"),
                "{wrong}"
            );
        }
        assert_eq!(fate(&world, &with("unknown", wrong.clone())).await, "", "{wrong}");
    }
}

#[tokio::test]
async fn a_field_given_twice_is_refused() {
    let world = world().await;
    let twice = r#"{"app_name":"A","app_name":"B","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:00:05Z"}"#;
    let reply = send(&world, "application/json", twice).await;
    assert_eq!(code_of(&reply), "invalid_app_name");
    assert_eq!(reply.json()["rejected"][0]["detail"], "app_name is given twice");
}

#[tokio::test]
async fn a_bad_ping_never_blocks_the_good_ones() {
    let world = world().await;
    let good = ping("Code", "10:00:00", "10:00:05");
    let bad = ping("Code", "10:00:05", "10:00:00");
    let reply = send_json(&world, &json!([good, bad, 5, good, null, [good], "text", good])).await;
    assert_eq!(reply.status, 202);
    assert_eq!(
        reply.json(),
        json!({"status": "queued", "accepted": 3, "rejected": [
            {"index": 1, "code": "end_before_start", "detail": "end_time must not be before start_time", "retry": false},
            {"index": 2, "code": "invalid_ping", "detail": "a ping must be a json object", "retry": false},
            {"index": 4, "code": "invalid_ping", "detail": "a ping must be a json object", "retry": false},
            {"index": 5, "code": "invalid_ping", "detail": "a ping must be a json object", "retry": false},
            {"index": 6, "code": "invalid_ping", "detail": "a ping must be a json object", "retry": false},
        ]})
    );
}

#[tokio::test]
async fn deep_and_huge_json_is_taken_or_refused_but_does_no_harm() {
    let world = world().await;
    let ping = ping("Code", "10:00:00", "10:00:05").to_string();
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let unknown = ping.replacen('{', &format!(r#"{{"x":{},"#, deep(400_000)), 1);
    assert_eq!(code_of(&send(&world, "application/json", unknown).await), "");
    let as_name = ping.replace(r#""Code""#, &deep(400_000));
    assert_eq!(code_of(&send(&world, "application/json", as_name).await), "invalid_app_name");
    assert_eq!(code_of(&send(&world, "application/json", deep(500_000)).await), "invalid_ping");
    let number = ping.replacen('{', &format!(r#"{{"x":1e999999,"y":{},"#, "9".repeat(900_000)), 1);
    assert_eq!(code_of(&send(&world, "application/json", number).await), "");
    let number = ping.replace(r#""Code""#, "1e999999");
    assert_ne!(code_of(&send(&world, "application/json", number).await), "");
    for open in ["[", "{\"a\":", "[[", "\""] {
        let reply = send(&world, "application/json", open.repeat(100_000)).await;
        assert_eq!(reply.problem(), (400, "malformed_json".into()), "{open}");
    }
}

#[tokio::test]
async fn what_is_no_json_at_all_is_malformed_and_nothing_of_it_is_taken() {
    let world = world().await;
    let good = ping("Code", "10:00:00", "10:00:05").to_string();
    for body in [
        String::new(),
        "{".into(),
        format!("{good},"),
        format!("[{good},"),
        format!("[{good}] x"),
        format!("[{good},]"),
        good.replace('"', "'"),
        format!("\u{feff}\u{feff}{good}"),
        format!("{good}\u{feff}"),
        "nul".into(),
    ] {
        let reply = send(&world, "application/json", body.clone()).await;
        assert_eq!(reply.problem(), (400, "malformed_json".into()), "{body}");
    }
    for body in ["5", "null", "true", "\"text\"", " 1.5 "] {
        assert_eq!(
            send(&world, "application/json", body).await.problem(),
            (422, "invalid_input".into()),
            "{body}"
        );
    }
    let utf_16: Vec<u8> = format!("\u{feff}[{good}]").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for body in [&b"{\"app_name\": \"\xc3\x28\""[..], b"\xff", b"[\xff]", &utf_16] {
        let reply = send(&world, "application/json", body.to_vec()).await;
        assert_eq!(reply.problem(), (400, "invalid_utf8".into()), "{body:?}");
    }
    assert_eq!(world.0.fake.log.depth().await.unwrap().entries, 0);
}

#[tokio::test]
async fn no_ping_at_all_is_refused() {
    let world = world().await;
    for (content_type, body) in
        [("application/json", "[]"), ("application/x-ndjson", ""), ("application/x-ndjson", "\n \r\n")]
    {
        let reply = send(&world, content_type, body).await;
        assert_eq!(reply.problem(), (422, "no_pings".into()));
        assert_eq!((&reply.json()["accepted"], &reply.json()["rejected"]), (&json!(0), &json!([])));
    }
}

#[tokio::test]
async fn a_request_has_up_to_a_thousand_pings() {
    let world = world().await;
    let pings = |count: usize| vec![ping("Code", "10:00:00", "10:00:05"); count];
    let lines = |count: usize| format!("{}\n", ping("Code", "10:00:00", "10:00:05")).repeat(count);
    let reply = send_json(&world, &json!(pings(1_000))).await;
    assert_eq!(reply.json(), json!({"status": "queued", "accepted": 1_000, "rejected": []}));
    assert_eq!(send(&world, "application/x-ndjson", lines(1_000)).await.status, 202);
    let too_many = (413, "too_many_pings".to_owned());
    assert_eq!(send_json(&world, &json!(pings(1_001))).await.problem(), too_many);
    assert_eq!(send(&world, "application/x-ndjson", lines(1_001)).await.problem(), too_many);
    assert_eq!(send_json(&world, &json!(vec![5; 1_001])).await.problem(), too_many);
}

#[tokio::test]
async fn a_request_has_up_to_one_mebibyte_also_after_unpacking() {
    let world = world().await;
    let padded = |bytes: usize| {
        let ping = ping("Code", "10:00:00", "10:00:05").to_string();
        format!("{ping}{}", " ".repeat(bytes - ping.len()))
    };
    let (fits, too_large) = (padded(1 << 20), padded((1 << 20) + 1));
    assert_eq!(send(&world, "application/json", fits.clone()).await.status, 202);
    let reply = send(&world, "application/json", too_large.clone()).await;
    assert_eq!(reply.problem(), (413, "body_too_large".into()));
    let packed = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let send_packed = async |body: Vec<u8>| {
        let call = world.0.post(TRACK).of(&world.1).header("content-encoding", "gzip");
        call.body("application/json", body).send().await
    };
    assert_eq!(send_packed(packed(&fits)).await.status, 202);
    assert_eq!(send_packed(packed(&too_large)).await.problem(), (413, "body_too_large".into()));
    let bomb = packed(&"0".repeat(8 << 20));
    assert_eq!(send_packed(bomb).await.problem(), (413, "body_too_large".into()));
    let invalid = (400, "invalid_gzip".to_owned());
    assert_eq!(send_packed(fits.into_bytes()).await.problem(), invalid);
    let cut_off = packed(&padded(10_000));
    assert_eq!(send_packed(cut_off[..cut_off.len() - 9].to_vec()).await.problem(), invalid);
}

#[tokio::test]
async fn a_malformed_line_is_that_lines_rejection() {
    let world = world().await;
    let good = ping("Code", "10:00:00", "10:00:05").to_string();
    let body = format!("{good}\r\n\n{{nope\n  {good}  \n[{good}]\n5\n{good}");
    let reply = send(&world, "application/x-ndjson", body).await.json();
    assert_eq!(reply["accepted"], 3);
    let rejected = reply["rejected"].as_array().unwrap().iter();
    let rejected: Vec<_> =
        rejected.map(|r| (r["index"].as_u64().unwrap(), r["code"].as_str().unwrap())).collect();
    assert_eq!(rejected, [(1, "malformed_json"), (3, "invalid_ping"), (4, "invalid_ping")]);
}

#[tokio::test]
async fn one_persons_flood_is_a_429() {
    let world = world().await;
    world.0.fake.limits.allow_pings(1);
    assert_eq!(send_json(&world, &ping("Code", "10:00:00", "10:00:05")).await.status, 202);
    let reply = send_json(&world, &ping("Code", "10:00:00", "10:00:05")).await;
    assert_eq!((reply.problem(), reply.header("retry-after")), ((429, "too_many_requests".into()), "7"));
}

#[tokio::test]
async fn exactly_what_was_sent_is_in_the_log_but_of_a_url_only_the_host() {
    let world = world().await;
    let pings = json!([
        {"app_name": " F\u{fc}\"x\\ ", "url": "https://WWW.github.com/secret/path?token=secret#secret",
         "start_time": "2026-11-20T11:00:00.123456789+01:00", "end_time": "2026-11-20T10:00:05.9999Z", "device_id": "\u{1f4f1}"},
        ping("Code", "10:00:00", "10:00:05"),
    ]);
    assert_eq!(send_json(&world, &pings).await.status, 202);
    let entries = world.0.fake.log.read_after(Partition(0), Position::START, 1 << 20).await.unwrap().entries;
    let Payload::Records(bytes) = &entries[0].payload else { panic!("damaged") };
    assert!(!String::from_utf8_lossy(bytes).contains("secret"));
    let seen = seen(&world).await;
    let seen = seen.iter().map(|seen| {
        let (subject, at) = (seen.subject(), seen.interval());
        let Seen::Use { app, domain, .. } = &subject.seen else { panic!("no use: {seen:?}") };
        let domain = domain.as_ref().map(|domain| domain.as_str().to_owned());
        let (device, app) = (subject.device.as_str().to_owned(), app.as_str().to_owned());
        (device, app, domain, at.start().0, at.end().0)
    });
    let ten = 1_795_168_800_000;
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [
            ("\u{1f4f1}".into(), "F\u{fc}\"x\\".into(), Some("github.com".into()), ten + 123, ten + 5_999),
            ("laptop".into(), "Code".into(), None, ten, ten + 5_000),
        ]
    );
}
