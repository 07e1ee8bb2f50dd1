//! Corrections: entries and erasures, tried out, made, changed and deleted.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Person, Reply, Server, ping};

const CORRECTIONS: &str = "/api/v1/usage/corrections";
/// Noon of the fakes' day, in milliseconds: the first version.
const NOON: u64 = 1_795_176_000_000;

/// Ada, who used Code from 10 to 11.
async fn with_ada() -> (Server, Person) {
    let server = Server::new();
    let ada = server.person("ada").await;
    let reply =
        server.post("/api/v1/usage/track").of(&ada).json(&ping("Code", "10:00:00", "11:00:00")).send();
    assert_eq!(reply.await.status, 202);
    server.process_log().await;
    (server, ada)
}

fn entry(start: &str, end: &str) -> Value {
    let mut entry = ping("Meeting", start, end);
    entry["project"] = json!("dayline");
    entry
}

fn erasure(start: &str, end: &str) -> Value {
    let mut erasure = ping("", start, end);
    erasure.as_object_mut().unwrap().remove("app_name");
    erasure["erase"] = json!(true);
    erasure
}

async fn send(world: &(Server, Person), method: Method, path: &str, body: &Value) -> Reply {
    let (server, ada) = world;
    let reply = server.request(method, &format!("{CORRECTIONS}{path}")).of(ada).json(body).send().await;
    server.process_log().await;
    reply
}

/// Makes a correction and gives its path.
async fn make(world: &(Server, Person), body: &Value) -> String {
    let reply = send(world, Method::POST, "", body).await;
    assert_eq!(reply.status, 202, "{reply:?}");
    format!("/{}", reply.json()["id"].as_str().unwrap())
}

/// The timeline as apps with minutes after 10.
async fn timeline((server, ada): &(Server, Person)) -> Vec<(String, String, String)> {
    let reply = server.get("/api/v1/usage/timeline?date=2026-11-20&tz=UTC").of(ada).send().await.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let minute = |value: &Value| text(value)[14..19].to_owned();
    let interval =
        |item: &Value| (text(&item["app_name"]), minute(&item["start_time"]), minute(&item["end_time"]));
    reply["intervals"].as_array().unwrap().iter().map(interval).collect()
}

fn told(expected: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    expected.iter().map(|(app, start, end)| ((*app).into(), (*start).into(), (*end).into())).collect()
}

async fn listed(world: &(Server, Person), query: &str) -> Value {
    let reply = world.0.get(&format!("{CORRECTIONS}{query}")).of(&world.1).send().await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["corrections"].clone()
}

#[tokio::test]
async fn an_entry_counts_in_place_of_what_was_seen_until_it_is_changed_or_deleted() {
    let world = with_ada().await;
    let mut meeting = entry("10:10:00", "10:20:00");
    meeting["domain"] = json!(" WWW.Example.org ");
    let reply = send(&world, Method::POST, "", &meeting).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["version"]), (202, &json!(NOON)));
    assert_eq!(
        timeline(&world).await,
        told(&[("Code", "00:00", "10:00"), ("Meeting", "10:00", "20:00"), ("Code", "20:00", "00:00")])
    );
    let id = reply.json()["id"].clone();
    let expected = json!({
        "id": id, "version": NOON, "app_name": "Meeting", "domain": "example.org", "project": "dayline",
        "device_id": "laptop", "start_time": "2026-11-20T10:10:00.000Z", "end_time": "2026-11-20T10:20:00.000Z",
    });
    assert_eq!(listed(&world, "").await, json!([expected]));

    let path = format!("/{}", id.as_str().unwrap());
    let mut other = entry("10:30:00", "10:40:00");
    other["device_id"] = json!("desk");
    let reply = send(&world, Method::PUT, &path, &other).await;
    assert_eq!((reply.status.as_u16(), reply.json()), (202, json!({"id": id, "version": NOON + 1})));
    assert_eq!(
        timeline(&world).await,
        told(&[("Code", "00:00", "30:00"), ("Meeting", "30:00", "40:00"), ("Code", "40:00", "00:00")])
    );
    let listed_now = listed(&world, "").await;
    assert_eq!((&listed_now[0]["device_id"], &listed_now[0]["domain"]), (&json!("desk"), &Value::Null));

    let reply = send(&world, Method::DELETE, &path, &json!({})).await;
    assert_eq!((reply.status.as_u16(), reply.json()), (202, json!({"id": id, "version": NOON + 2})));
    assert_eq!(timeline(&world).await, told(&[("Code", "00:00", "00:00")]));
    assert_eq!(listed(&world, "").await, json!([]));
    for method in [Method::PUT, Method::DELETE] {
        let again = send(&world, method, &path, &other).await;
        assert_eq!(again.problem(), (404, "not_found".into()), "a deleted entry is gone");
    }
}

#[tokio::test]
async fn the_correction_that_was_made_last_decides_and_comes_first() {
    let world = with_ada().await;
    let first = make(&world, &entry("10:10:00", "10:30:00")).await;
    let mut call = entry("10:20:00", "10:40:00");
    call["app_name"] = json!("Call");
    let second = make(&world, &call).await;
    let with_call = [("Code", "00:00", "10:00"), ("Meeting", "10:00", "20:00"), ("Call", "20:00", "40:00")];
    assert_eq!(timeline(&world).await[..3], told(&with_call));
    let ids = async |query: &str| {
        let all = listed(&world, query).await;
        let id = |item: &Value| format!("/{}", item["id"].as_str().unwrap());
        all.as_array().unwrap().iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, [second.clone(), first.clone()]);
    assert_eq!(ids("?from=2026-11-20T10:00:00Z&to=2026-11-20T10:20:00Z").await, [first.as_str()]);
    send(&world, Method::PUT, &first, &entry("10:10:00", "10:30:00")).await;
    assert_eq!(ids("").await, [first, second]);
    let with_meeting =
        [("Code", "00:00", "10:00"), ("Meeting", "10:00", "30:00"), ("Call", "30:00", "40:00")];
    assert_eq!(timeline(&world).await[..3], told(&with_meeting));
}

#[tokio::test]
async fn what_is_erased_is_gone_for_good() {
    let world = with_ada().await;
    let path = make(&world, &erasure("10:10:00", "10:20:00")).await;
    let cut = told(&[("Code", "00:00", "10:00"), ("Code", "20:00", "00:00")]);
    assert_eq!(timeline(&world).await, cut);
    assert_eq!(
        listed(&world, "").await,
        json!([{
            "id": path[1..], "version": NOON, "erase": true,
            "start_time": "2026-11-20T10:10:00.000Z", "end_time": "2026-11-20T10:20:00.000Z",
        }])
    );
    let (server, ada) = &world;
    let again = ping("Code", "10:12:00", "10:14:00");
    assert_eq!(server.post("/api/v1/usage/track").of(ada).json(&again).send().await.status, 202);
    server.process_log().await;
    assert_eq!(timeline(&world).await, cut, "sent again it stays erased");

    for (method, dry_run) in [(Method::PUT, ""), (Method::DELETE, ""), (Method::PUT, "?dry_run=true")] {
        let reply = send(&world, method, &format!("{path}{dry_run}"), &entry("10:10:00", "10:20:00")).await;
        assert_eq!(reply.problem(), (409, "erasure_is_final".into()));
    }
    // What is said later counts.
    make(&world, &entry("10:15:00", "10:20:00")).await;
    let with_entry = [("Code", "00:00", "10:00"), ("Meeting", "15:00", "20:00"), ("Code", "20:00", "00:00")];
    assert_eq!(timeline(&world).await, told(&with_entry));
}

#[tokio::test]
async fn corrections_are_audited_and_exported() {
    let world = with_ada().await;
    let entry_path = make(&world, &entry("10:10:00", "10:20:00")).await;
    let erasure_path = make(&world, &erasure("10:40:00", "10:50:00")).await;
    send(&world, Method::PUT, &entry_path, &entry("10:15:00", "10:20:00")).await;
    let (server, ada) = &world;
    let audit = server.get("/api/v1/users/me/audit?limit=3").of(ada).send().await.json();
    let told: Vec<_> =
        audit["entries"].as_array().unwrap().iter().map(|e| (&e["kind"], &e["subject"])).collect();
    let (entry_id, erasure_id) = (json!(entry_path[1..]), json!(erasure_path[1..]));
    let (corrected, erased) = (json!("corrected"), json!("erased"));
    assert_eq!(told, [(&corrected, &entry_id), (&erased, &erasure_id), (&corrected, &entry_id)]);

    let export = server.get("/api/v1/users/me/export").of(ada).send().await;
    let lines = export.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut lines: Vec<Value> = lines.filter(|line| line["type"] == "correction").collect();
    for line in &mut lines {
        line.as_object_mut().unwrap().remove("type");
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line["version"].as_u64()));
    assert_eq!(json!(lines), listed(&world, "").await);
    assert!(export.text().contains(r#""correction":2"#));
}

#[tokio::test]
async fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let world = with_ada().await;
    let path = make(&world, &entry("10:10:00", "10:20:00")).await;
    let before = (timeline(&world).await, listed(&world, "").await);
    let item = |app: &str, project: Value, before: u32, after: u32| {
        json!({
            "app_name": app, "domain": null, "project": project, "language": null,
            "seconds_before": before, "seconds_after": after,
        })
    };
    let code = |after| item("Code", Value::Null, 3_000, after);
    let meeting = |after| item("Meeting", json!("dayline"), 600, after);
    let mut call = entry("10:00:00", "10:30:00");
    call["app_name"] = json!("Call");
    let called = item("Call", json!("dayline"), 0, 1_800);
    for (method, path, body, expected) in [
        (Method::POST, "", call.clone(), json!([called, code(1_800), meeting(0)])),
        (Method::POST, "", erasure("10:00:00", "10:30:00"), json!([code(1_800), meeting(0)])),
        (Method::POST, "", entry("10:10:00", "10:20:00"), json!([])),
        (Method::PUT, &path, entry("10:50:00", "11:10:00"), json!([meeting(1_200)])),
        (Method::PUT, &path, entry("08:00:00", "08:05:00"), json!([code(3_600), meeting(300)])),
        (Method::DELETE, &path, json!({}), json!([code(3_600), meeting(0)])),
    ] {
        let reply = send(&world, method.clone(), &format!("{path}?dry_run=true"), &body).await;
        assert_eq!(
            (reply.status.as_u16(), reply.json()),
            (200, json!({"items": expected})),
            "{method} {body}"
        );
        assert_eq!((timeline(&world).await, listed(&world, "").await), before, "{method} {body}");
    }
    // On a day of which nothing is known.
    let mut early = call;
    (early["start_time"], early["end_time"]) = (json!("2026-11-10T23:00:00Z"), json!("2026-11-11T01:00:00Z"));
    let reply = send(&world, Method::POST, "?dry_run=true", &early).await.json();
    assert_eq!(reply["items"][0]["seconds_after"], 7_200);
    assert_eq!(reply["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_correction_is_named() {
    let world = with_ada().await;
    let with = |field: &str, value: Value| {
        let mut entry = entry("10:10:00", "10:20:00");
        entry[field] = value;
        entry
    };
    let lasting = |start: &str, end: &str| {
        let mut entry = with("start_time", json!(start));
        entry["end_time"] = json!(end);
        entry
    };
    let mut erases_one = erasure("10:10:00", "10:20:00");
    erases_one["app_name"] = json!("Code");
    let mut erases_project = erasure("10:10:00", "10:20:00");
    erases_project["project"] = json!("dayline");
    for (body, field) in [
        (json!({}), "start_time"),
        (with("app_name", json!(null)), "app_name"),
        (with("app_name", json!(" ")), "app_name"),
        (with("app_name", json!(5)), "app_name"),
        (with("domain", json!("a/b")), "domain"),
        (with("domain", json!("")), "domain"),
        (with("project", json!("x".repeat(256))), "project"),
        (with("device_id", json!("")), "device_id"),
        (with("erase", json!("yes")), "erase"),
        (with("start_time", json!("10:00")), "start_time"),
        (with("end_time", json!("2026-11-20T10:10:00Z")), "end_time"),
        (lasting("2026-10-01T00:00:00Z", "2026-11-01T00:00:00.001Z"), "end_time"),
        (lasting("2006-10-01T00:00:00Z", "2006-10-02T00:00:00Z"), "start_time"),
        (with("end_time", json!("2026-11-20T12:05:00.001Z")), "end_time"),
        (erases_one, "app_name"),
        (erases_project, "project"),
    ] {
        let reply = send(&world, Method::POST, "", &body).await;
        assert_eq!(reply.problem(), (422, "invalid_input".into()), "{body}");
        assert_eq!(reply.fields()[0], field, "{body}");
    }
    for good in [
        lasting("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
        with("end_time", json!("2026-11-20T12:05:00Z")),
        json!({"erase": true, "start_time": "2026-11-20T11:00:00Z", "end_time": "2026-12-10T00:00:00Z"}),
        json!({"erase": true, "app_name": null, "start_time": "2007-11-20T11:00:00Z", "end_time": "2007-11-21T00:00:00Z"}),
    ] {
        make(&world, &good).await;
    }
    let path = make(&world, &entry("10:10:00", "10:20:00")).await;
    let reply = send(&world, Method::PUT, &path, &erasure("10:10:00", "10:20:00")).await;
    assert_eq!((reply.problem().0, reply.fields()), (422, vec!["erase".into()]));
    for (query, field) in
        [("dry_run=1", "dry_run"), ("dry_run=", "dry_run"), ("dry_run=true&dry_run=true", "dry_run")]
    {
        let reply = send(&world, Method::POST, &format!("?{query}"), &entry("10:10:00", "10:20:00")).await;
        assert_eq!((reply.problem().0, reply.fields()), (422, vec![field.into()]), "{query}");
    }
    for (query, field) in [
        ("from=2026-11-20T10:00:00Z", "to"),
        ("to=2026-11-20T10:00:00Z", "from"),
        ("from=2026-11-20T10:00:00Z&to=2026-11-20T10:00:00Z", "to"),
        ("from=x&to=2026-11-20T10:00:00Z", "from"),
    ] {
        let reply = world.0.get(&format!("{CORRECTIONS}?{query}")).of(&world.1).send().await;
        assert_eq!((reply.problem().0, reply.fields()), (422, vec![field.into()]), "{query}");
    }
}

#[tokio::test]
async fn what_was_never_made_is_not_found() {
    let world = with_ada().await;
    for id in ["/00000000-0000-7000-8000-000000000000", "/x"] {
        for dry_run in ["", "?dry_run=true"] {
            for method in [Method::PUT, Method::DELETE] {
                let reply =
                    send(&world, method, &format!("{id}{dry_run}"), &entry("10:10:00", "10:20:00")).await;
                assert_eq!(reply.problem(), (404, "not_found".into()));
            }
        }
    }
}

#[tokio::test]
async fn a_key_may_make_entries_if_it_may_track_but_never_erase() {
    let world = with_ada().await;
    let (server, ada) = &world;
    let with_key = async |scopes: Value| {
        let key = json!({"name": "tracker", "scopes": scopes});
        let key = server.post("/api/v1/api-keys").of(ada).json(&key).send().await.json();
        Person { access: key["key"].as_str().unwrap().to_owned(), ..Person::default() }
    };
    let (track, read) = (with_key(json!(["track"])).await, with_key(json!(["read"])).await);
    let both = with_key(json!(["track", "read"])).await;
    let (said, erased) = (entry("10:10:00", "10:20:00"), erasure("10:10:00", "10:20:00"));
    for (person, query, body, status) in [
        (&track, "", &said, 202),
        (&track, "?dry_run=true", &said, 403),
        (&track, "", &erased, 403),
        (&read, "", &said, 403),
        (&read, "?dry_run=true", &said, 403),
        (&both, "?dry_run=true", &said, 200),
        (&both, "", &erased, 403),
        (&both, "?dry_run=true", &erased, 403),
    ] {
        let call = server.post(&format!("{CORRECTIONS}{query}")).of(person).json(body);
        assert_eq!(call.send().await.status.as_u16(), status, "{query} {body}");
    }
    server.process_log().await;
    let made = listed(&world, "").await;
    assert_eq!((made.as_array().unwrap().len(), &made[0]["device_id"]), (1, &json!("tracker")));
}
