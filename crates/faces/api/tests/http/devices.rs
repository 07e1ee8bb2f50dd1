//! The devices of which something is known.

use serde_json::{Value, json};

use crate::support::{Person, Server, ping};

async fn devices(server: &Server, person: &Person) -> Value {
    let reply = server.get("/api/v1/devices").of(person).send().await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["devices"].clone()
}

#[tokio::test]
async fn devices_have_their_last_use_and_the_kinds_of_what_was_observed() {
    let server = Server::new();
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    assert_eq!(devices(&server, &ada).await, json!([]), "signed in, but nothing was observed");
    let login = json!({"email": ada.email, "password": crate::support::PASSWORD, "device_id": "phone",
        "device_name": "Ada's phone"});
    server.post("/api/v1/auth/login").json(&login).send().await;
    let on = |device: &str, mut ping: Value| {
        ping["device_id"] = json!(device);
        ping
    };
    let of = |kind: &str, start: &str, end: &str| {
        let mut ping = ping("Firefox", start, end);
        ping["kind"] = json!(kind);
        ping
    };
    let mut early = of("use", "08:00:00", "08:00:05");
    (early["start_time"], early["end_time"]) = (json!("2026-10-01T08:00:00Z"), json!("2026-10-01T08:00:05Z"));
    let pings = json!([
        ping("Code", "09:00:00", "09:10:00"),
        of("away", "09:10:00", "09:30:00"),
        on("phone", of("beat", "09:05:00", "09:05:00")),
        on("phone", of("here", "10:05:00", "10:06:00")),
        on("phone", of("page", "09:05:00", "09:06:00")),
        on("old", early),
    ]);
    let reply = server.post("/api/v1/usage/track").of(&ada).json(&pings).send().await;
    assert_eq!(reply.json()["accepted"], 6, "{reply:?}");
    server.process_log().await;
    let device = |id: &str, name: Value, at: &str, kinds: Value| json!({"device_id": id, "name": name, "last_use": format!("2026-{at}.000Z"), "kinds": kinds});
    assert_eq!(
        devices(&server, &ada).await,
        json!([
            device("phone", json!("Ada's phone"), "11-20T10:06:00", json!(["page", "beat", "here"])),
            device("laptop", json!(null), "11-20T09:30:00", json!(["use", "away"])),
            device("old", json!(null), "10-01T08:00:05", json!([])),
        ])
    );
    assert_eq!(devices(&server, &eve).await, json!([]));
}

async fn change(server: &Server, person: &Person, device: &str, change: Value) -> crate::support::Reply {
    let path = format!("/api/v1/devices/{device}");
    server.request(http::Method::PATCH, &path).of(person).json(&change).send().await
}

/// Ada, who has used some devices.
async fn with_devices(server: &Server, ids: &[&str]) -> Person {
    let ada = server.person("ada").await;
    for (n, id) in ids.iter().enumerate() {
        let mut ping = ping("Code", &format!("09:0{n}:00"), &format!("09:0{n}:30"));
        ping["device_id"] = json!(id);
        server.post("/api/v1/usage/track").of(&ada).json(&ping).send().await;
    }
    server.process_log().await;
    ada
}

fn names(devices: &Value) -> Vec<(&str, &Value)> {
    let devices = devices.as_array().unwrap().iter();
    devices.map(|device| (device["device_id"].as_str().unwrap(), &device["name"])).collect()
}

#[tokio::test]
async fn a_device_is_called_what_its_person_says_wherever_it_is_signed_in() {
    let server = Server::new();
    let ada = with_devices(&server, &["laptop", "a/b ü"]).await;
    let login = json!({"email": ada.email, "password": crate::support::PASSWORD, "device_id": "a/b ü",
        "device_name": "As it says itself"});
    server.post("/api/v1/auth/login").json(&login).send().await;
    assert_eq!(names(&devices(&server, &ada).await)[0], ("a/b ü", &json!("As it says itself")));
    let reply = change(&server, &ada, "laptop", json!({"name": " My laptop "})).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let expected = json!({"device_id": "laptop", "name": "My laptop", "last_use": "2026-11-20T09:00:30.000Z",
        "kinds": ["use"]});
    assert_eq!(reply.json(), expected);
    let reply = change(&server, &ada, "a%2Fb%20%C3%BC", json!({"name": "Odd"})).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["device_id"]), (200, &json!("a/b ü")));
    let after = devices(&server, &ada).await;
    assert_eq!(names(&after), [("a/b ü", &json!("Odd")), ("laptop", &json!("My laptop"))]);
    change(&server, &ada, "laptop", json!({"name": "Another"})).await;
    assert_eq!(names(&devices(&server, &ada).await)[1], ("laptop", &json!("Another")));
    let audit = server.get("/api/v1/users/me/audit").of(&ada).send().await.json();
    assert_eq!(
        (&audit["entries"][0]["kind"], &audit["entries"][0]["subject"]),
        (&json!("device_renamed"), &json!("laptop"))
    );
}

#[tokio::test]
async fn a_name_that_is_none_is_refused_and_an_unknown_device_is_not_found() {
    let server = Server::new();
    let ada = with_devices(&server, &["laptop"]).await;
    for (name, why) in [
        (json!(""), "must not be empty"),
        (json!("x".repeat(129)), "must have at most 128 characters"),
        (json!("a\u{0}b"), "must not contain control characters"),
        (json!(7), "must be a string"),
        (json!(null), "is missing"),
    ] {
        let reply = change(&server, &ada, "laptop", json!({"name": name})).await;
        assert_eq!(reply.problem(), (422, "invalid_input".into()), "{name}");
        assert_eq!(reply.json()["errors"][0], json!({"field": "name", "detail": why}), "{name}");
    }
    for unknown in ["phone", "%FF", "%00", &"x".repeat(129)] {
        let reply = change(&server, &ada, unknown, json!({"name": "Mine"})).await;
        assert_eq!(reply.problem(), (404, "not_found".into()), "{unknown}");
    }
    assert_eq!(names(&devices(&server, &ada).await), [("laptop", &Value::Null)]);
}

async fn merge(server: &Server, person: &Person, device: &str, into: &str) -> crate::support::Reply {
    change(server, person, device, json!({"merge_into": into})).await
}

async fn per_device(server: &Server, person: &Person) -> Vec<(String, f64)> {
    let report = server.get("/api/v1/report/devices?date=2026-11-20&tz=UTC").of(person).send().await.json();
    let item = |item: &Value| (item["device_id"].as_str().unwrap().into(), item["seconds"].as_f64().unwrap());
    report["items"].as_array().unwrap().iter().map(item).collect()
}

async fn settling(server: &Server, person: &Person) -> Value {
    server.get("/api/v1/users/me/preferences").of(person).send().await.json()["settling"].clone()
}

#[tokio::test]
async fn a_merged_device_counts_as_the_other_one_before_and_after() {
    let server = Server::new();
    let ada = with_devices(&server, &["old", "laptop", "phone"]).await;
    let entry = json!({"app_name": "Call", "device_id": "old", "start_time": "2026-11-20T08:00:00Z",
        "end_time": "2026-11-20T08:01:00Z"});
    let reply = server.post("/api/v1/usage/corrections").of(&ada).json(&entry).send().await;
    assert_eq!(reply.status, 202, "{reply:?}");
    server.process_log().await;
    assert_eq!(per_device(&server, &ada).await[0], ("old".into(), 90.0));
    let reply = merge(&server, &ada, "old", "laptop").await;
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (202, "1"));
    assert_eq!(reply.json(), json!({"device_id": "laptop", "settling": {"days": 1, "left": 1}}));
    // The list knows at once, and the days follow. Half a minute between the two is held, as on any device.
    assert_eq!(names(&devices(&server, &ada).await).len(), 2);
    server.process_log().await;
    assert_eq!(settling(&server, &ada).await, json!({"days": 1, "left": 0}));
    assert_eq!(per_device(&server, &ada).await, [("laptop".into(), 150.0), ("phone".into(), 30.0)]);
    // And what is told from now on, of the same day and of another.
    for day in ["19", "20"] {
        let mut late = ping("Code", "12:00:00", "12:00:30");
        late["device_id"] = json!("old");
        late["start_time"] = json!(format!("2026-11-{day}T07:00:00Z"));
        late["end_time"] = json!(format!("2026-11-{day}T07:00:30Z"));
        server.post("/api/v1/usage/track").of(&ada).json(&late).send().await;
    }
    server.process_log().await;
    assert_eq!(per_device(&server, &ada).await[0], ("laptop".into(), 180.0));
    let timeline = "/api/v1/usage/timeline?from=2026-11-19T00:00:00Z&to=2026-11-21T00:00:00Z";
    let timeline = server.get(timeline).of(&ada).send().await.json();
    let old = |piece: &Value| piece["device_id"] == "old";
    assert!(!timeline["intervals"].as_array().unwrap().iter().any(old), "{timeline}");
    let listed = devices(&server, &ada).await;
    assert_eq!(names(&listed).iter().map(|(id, _)| *id).collect::<Vec<_>>(), ["phone", "laptop"]);
    let audit = server.get("/api/v1/users/me/audit").of(&ada).send().await.json();
    assert_eq!(
        (&audit["entries"][0]["kind"], &audit["entries"][0]["subject"]),
        (&json!("device_merged"), &json!("old"))
    );
    let export = server.get("/api/v1/users/me/export").of(&ada).send().await.text().to_owned();
    let said = export.lines().find(|line| line.contains(r#""type":"device""#)).unwrap();
    let expected = json!({"type": "device", "device_id": "old", "name": null, "merged_into": "laptop"});
    assert_eq!(serde_json::from_str::<Value>(said).unwrap(), expected);
}

#[tokio::test]
async fn a_chain_of_merges_leads_to_its_end_and_the_same_again_is_no_error() {
    let server = Server::new();
    let ada = with_devices(&server, &["a", "b", "c"]).await;
    for (from, into, end) in [("a", "b", "b"), ("b", "c", "c"), ("a", "b", "c"), ("a", "c", "c")] {
        let reply = merge(&server, &ada, from, into).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["device_id"]), (202, &json!(end)), "{from}");
        server.process_log().await;
    }
    assert_eq!(per_device(&server, &ada).await, [("c".into(), 150.0)]);
    assert_eq!(names(&devices(&server, &ada).await).len(), 1);
}

#[tokio::test]
async fn a_merge_that_can_t_be_is_refused_and_changes_nothing() {
    let server = Server::new();
    let ada = with_devices(&server, &["a", "b", "c", "d"]).await;
    let eve = server.person("eve").await;
    assert_eq!(merge(&server, &ada, "a", "b").await.status, 202);
    server.process_log().await;
    let before = per_device(&server, &ada).await;
    for (from, into, why) in [
        ("c", json!("c"), "must be another device"),
        ("b", json!("a"), "is merged into this device: merge it into one that is not"),
        ("a", json!("c"), "must be b, into which the device is merged already"),
        ("c", json!(""), "must not be empty"),
        ("c", json!(7), "must be a string"),
    ] {
        let reply = change(&server, &ada, from, json!({"merge_into": into})).await;
        assert_eq!(reply.problem(), (422, "invalid_input".into()), "{from} {into}");
        assert_eq!(reply.json()["errors"], json!([{"field": "merge_into", "detail": why}]), "{from} {into}");
    }
    let both = change(&server, &ada, "c", json!({"name": "Mine", "merge_into": "d"})).await;
    assert_eq!(both.fields(), ["merge_into"]);
    // Nobody's device, another's, and another's as the one to merge into.
    server.post("/api/v1/usage/track").of(&eve).json(&ping("Code", "09:00:00", "09:00:30")).send().await;
    server.process_log().await;
    for (person, from, into) in
        [(&ada, "e", "a"), (&ada, "c", "e"), (&eve, "c", "d"), (&eve, "a", "b"), (&eve, "laptop", "c")]
    {
        assert_eq!(merge(&server, person, from, into).await.problem(), (404, "not_found".into()));
    }
    // A merged device has no name of its own any more.
    let renamed = change(&server, &ada, "a", json!({"name": "Mine"})).await;
    assert_eq!(renamed.problem(), (404, "not_found".into()));
    server.process_log().await;
    assert_eq!(per_device(&server, &ada).await, before);
}
