//! Why an instant is what it is, over HTTP. What each step has to tell is tested with the rule.

use serde_json::{Value, json};

use crate::support::{Person, Server};

async fn with_ada() -> (Server, Person) {
    let server = Server::new();
    let ada = server.person("ada").await;
    let of = |kind: &str, app: &str, device: &str, start: &str, end: &str| {
        json!({
            "kind": kind, "app_name": app, "device_id": device, "start_time": format!("2026-11-20T{start}Z"),
            "end_time": format!("2026-11-20T{end}Z"),
        })
    };
    let mut page = of("page", "Firefox", "laptop", "10:00:00", "10:00:30");
    (page["url"], page["audible"]) = (json!("https://github.com/a"), json!(true));
    let mut beat = of("beat", "vim", "desk", "09:55:00", "09:55:00");
    (beat["project"], beat["language"]) = (json!("dayline"), json!("Rust"));
    let pings = json!([
        of("use", "Firefox", "laptop", "10:00:00", "10:10:00"),
        page,
        beat,
        of("beat", "vim", "desk", "10:05:00", "10:05:00"),
        of("use", "Chat", "phone", "10:02:00", "10:02:05"),
        of("away", "", "phone", "10:02:00", "10:30:00"),
    ]);
    let reply = server.post("/api/v1/usage/track").of(&ada).json(&pings).send().await;
    assert_eq!(reply.json()["accepted"], 6, "{reply:?}");
    server.process_log().await;
    (server, ada)
}

async fn why((server, ada): &(Server, Person), time: &str) -> Value {
    let reply = server.get(&format!("/api/v1/usage/why?at=2026-11-20T{time}Z")).of(ada).send().await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

#[tokio::test]
async fn an_instant_is_told_with_what_each_device_had_to_show() {
    let world = with_ada().await;
    let utc = |time: &str| json!(format!("2026-11-20T{time}.000Z"));
    let activity = |app: &str, domain: Value, project: Value, language: Value| json!({"app_name": app, "domain": domain, "project": project, "language": language});
    let firefox = activity("Firefox", json!("github.com"), json!(null), json!(null));
    let vim = activity("vim", json!(null), json!("dayline"), json!("Rust"));
    let with = |mut activity: Value, field: &str, value: Value| {
        activity[field] = value;
        activity
    };
    let stretch = |kind: &str, device: &str, start: &str, end: &str| json!({"kind": kind, "device_id": device, "start_time": utc(start), "end_time": utc(end)});
    let beat = json!({
        "kind": "beat", "app_name": "vim", "project": "dayline", "language": "Rust", "device_id": "desk",
        "start_time": utc("09:55:00"),
    });
    let mut seen = stretch("use", "laptop", "10:00:00", "10:10:00");
    (seen["app_name"], seen["domain"], seen["project"]) = (json!("Firefox"), json!(null), json!(null));
    let mut page = stretch("page", "laptop", "10:00:00", "10:00:30");
    (page["app_name"], page["domain"], page["audible"]) =
        (json!("Firefox"), json!("github.com"), json!(true));
    assert_eq!(
        why(&world, "10:01:00.000").await,
        json!({
            "at": utc("10:01:00"), "edition": 2, "counts": with(firefox.clone(), "device_id", json!("laptop")),
            "correction": null,
            "devices": [
                {
                    "device_id": "desk", "outcome": "only_inferred", "page": null, "away": null, "here": null,
                    "in_front": {"step": 4, "observation": beat, "until": utc("10:05:00")}, "beat": beat,
                    "shown": with(vim, "since", utc("09:55:00")),
                },
                {
                    "device_id": "laptop", "outcome": "counts", "beat": null, "away": null, "here": null,
                    "in_front": {"step": 2, "observation": seen, "until": null},
                    "page": {"observation": page, "held": true, "names_domain": true, "keeps": true},
                    "shown": with(firefox, "since", utc("10:00:00")),
                },
            ],
        })
    );
    let phone = why(&world, "10:02:03.000").await["devices"][2].clone();
    assert_eq!((&phone["device_id"], &phone["outcome"]), (&json!("phone"), &json!("away")));
    assert_eq!(phone["away"], json!({"start_time": utc("10:02:00"), "end_time": utc("10:30:00")}));
    assert_eq!((&phone["in_front"]["step"], &phone["shown"]), (&json!(2), &json!(null)));
}

#[tokio::test]
async fn a_correction_that_decides_is_told() {
    let world = with_ada().await;
    let (server, ada) = &world;
    let entry = json!({
        "app_name": "Meeting", "start_time": "2026-11-20T10:00:00Z", "end_time": "2026-11-20T10:02:00Z",
    });
    let made = server.post("/api/v1/usage/corrections").of(ada).json(&entry).send().await.json();
    server.process_log().await;
    let told = why(&world, "10:01:00").await;
    assert_eq!((&told["counts"]["app_name"], &told["correction"]["id"]), (&json!("Meeting"), &made["id"]));
    assert_eq!(told["devices"][1]["outcome"], "corrected");
    assert_eq!(why(&world, "10:02:00").await["correction"], json!(null));
}

#[tokio::test]
async fn of_an_instant_of_which_nothing_is_known_nothing_is_told() {
    let world = with_ada().await;
    let told = why(&world, "18:00:00").await;
    assert_eq!(
        told,
        json!({"at": "2026-11-20T18:00:00.000Z", "edition": 2, "counts": null, "correction": null, "devices": []})
    );
    let (server, ada) = &world;
    for at in ["1990-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        let reply = server.get(&format!("/api/v1/usage/why?at={at}")).of(ada).send().await;
        assert_eq!((reply.status.as_u16(), &reply.json()["devices"]), (200, &json!([])), "{at}");
    }
    for query in ["", "?at=", "?at=2026-11-20", "?at=2026-11-20T10:00:00"] {
        let reply = server.get(&format!("/api/v1/usage/why{query}")).of(ada).send().await;
        assert_eq!((reply.problem().0, reply.fields()), (422, vec!["at".into()]), "{query}");
    }
}
