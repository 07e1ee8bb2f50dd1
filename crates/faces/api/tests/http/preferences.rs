//! Preferences, and the past that follows them.

use dayline_app::ports::PingLog;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Person, Reply, Server};

const PREFERENCES: &str = "/api/v1/users/me/preferences";

/// Ada, whose editor told of work at 10:00 and 10:10 on each of these days of November.
async fn with_ada(days: &[u32]) -> (Server, Person) {
    let server = Server::new();
    let ada = server.person("ada").await;
    let beat = |day: &u32, minute: u32| {
        let at = format!("2026-11-{day:02}T10:{minute:02}:00Z");
        json!({"kind": "beat", "app_name": "Code", "start_time": at})
    };
    let beats: Vec<Value> = days.iter().flat_map(|day| [beat(day, 0), beat(day, 10)]).collect();
    if !beats.is_empty() {
        let reply = server.post("/api/v1/usage/track").of(&ada).json(&json!(beats)).send().await;
        assert_eq!(reply.status, 202, "{reply:?}");
    }
    server.process_log().await;
    (server, ada)
}

async fn get((server, ada): &(Server, Person)) -> Value {
    let reply = server.get(PREFERENCES).of(ada).send().await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

async fn put((server, ada): &(Server, Person), body: &Value) -> Reply {
    server.request(Method::PUT, PREFERENCES).of(ada).json(body).send().await
}

async fn total((server, ada): &(Server, Person)) -> Value {
    let path = "/api/v1/report/apps?from=2026-11-01&to=2026-11-20&tz=UTC";
    server.get(path).of(ada).send().await.json()["total_seconds"].clone()
}

async fn records((server, _): &(Server, Person)) -> u64 {
    server.fake.log.depth().await.unwrap().entries
}

#[tokio::test]
async fn who_never_chose_has_the_defaults() {
    let world = with_ada(&[]).await;
    let expected = json!({
        "beat_hold_minutes": 15, "audible_counts": true, "week_start": "monday", "day_start": "00:00",
        "raw_event_days": 0,
        "keep": null, "server_keep": null, "kept_since": null, "settling": {"days": 0, "left": 0},
    });
    assert_eq!(get(&world).await, expected);
    let reply = put(&world, &json!({})).await;
    assert_eq!((reply.status.as_u16(), reply.json()), (200, expected));
}

#[tokio::test]
async fn preferences_take_the_place_of_those_before() {
    let world = with_ada(&[]).await;
    let chosen = json!({
        "beat_hold_minutes": 60, "audible_counts": false, "week_start": "sunday", "day_start": "12:00",
        "raw_event_days": 36500,
        "keep": "18mo",
    });
    let mut expected = chosen.clone();
    expected["server_keep"] = Value::Null;
    expected["kept_since"] = json!("2025-05-20");
    expected["settling"] = json!({"days": 0, "left": 0});
    assert_eq!(put(&world, &chosen).await.json(), expected);
    assert_eq!(get(&world).await, expected);
    let reply = put(&world, &json!({"day_start": "04:30", "audible_counts": null, "unknown": 1})).await;
    let told = reply.json();
    assert_eq!((&told["beat_hold_minutes"], &told["audible_counts"]), (&json!(15), &json!(true)));
    assert_eq!((&told["week_start"], &told["day_start"]), (&json!("monday"), &json!("04:30")));
    assert_eq!(told["raw_event_days"], 0, "what is left out is as for who never chose");
}

#[tokio::test]
async fn whatever_is_wrong_with_preferences_is_named_and_nothing_is_set() {
    let world = with_ada(&[]).await;
    let before = get(&world).await;
    for (field, wrong) in [
        ("beat_hold_minutes", vec![json!(0), json!(61), json!(-1), json!(1.5), json!("15"), json!([15])]),
        ("audible_counts", vec![json!("true"), json!(1)]),
        ("raw_event_days", vec![json!(36501), json!(-1), json!(0.5), json!("7")]),
        ("week_start", vec![json!("Monday"), json!(""), json!(1)]),
        ("keep", vec![json!(""), json!("0d"), json!("3 years"), json!("101y"), json!(30)]),
        (
            "day_start",
            ["12:01", "24:00", "1:00", "0100", "00:60", "-1:00", "+1:00", "", "00:00:00"]
                .map(Value::from)
                .into(),
        ),
    ] {
        for wrong in wrong {
            let reply = put(&world, &json!({field: wrong, "week_start": wrong})).await;
            assert_eq!(reply.problem(), (422, "invalid_input".into()), "{field} {wrong}");
            assert!(reply.fields().contains(&field.to_owned()), "{field} {wrong}");
        }
    }
    assert_eq!(get(&world).await, before);
    let twice = r#"{"day_start":"01:00","day_start":"02:00"}"#;
    let reply = world.0.request(Method::PUT, PREFERENCES).of(&world.1).body("application/json", twice).send();
    assert_eq!(reply.await.fields(), ["day_start"]);
}

#[tokio::test]
async fn another_choice_settles_the_past_again_and_says_how_far_that_is() {
    let world = with_ada(&[18, 20]).await;
    assert_eq!(total(&world).await, 1_200);
    let five = json!({"beat_hold_minutes": 5});
    let reply = put(&world, &five).await;
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (202, "1"));
    assert_eq!(reply.json()["settling"], json!({"days": 2, "left": 2}));
    assert_eq!(get(&world).await["settling"]["left"], 2);
    world.0.process_log().await;
    assert_eq!(get(&world).await["settling"], json!({"days": 2, "left": 0}));
    assert_eq!(total(&world).await, 0, "beats ten minutes apart are too far from each other");

    let reply = put(&world, &five).await;
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (200, ""));
    put(&world, &json!({})).await;
    world.0.process_log().await;
    assert_eq!(total(&world).await, 1_200);
}

#[tokio::test]
async fn what_days_do_not_depend_on_settles_nothing() {
    let world = with_ada(&[20]).await;
    let before = records(&world).await;
    let reply = put(&world, &json!({"week_start": "sunday", "day_start": "04:00"})).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["settling"]["left"]), (200, &json!(0)));
    assert_eq!(records(&world).await, before);
}

#[tokio::test]
async fn the_same_again_goes_on_where_days_were_left() {
    let world = with_ada(&[20]).await;
    let before = records(&world).await;
    let five = json!({"beat_hold_minutes": 5});
    for orders in 1..=2 {
        assert_eq!(put(&world, &five).await.status, 202);
        assert_eq!(records(&world).await, before + orders);
    }
}

#[tokio::test]
async fn all_days_from_the_first_on_are_settled_in_parts() {
    let world = with_ada(&[20]).await;
    let early = [("2026-08-01T10:00:00Z"), ("2026-08-01T10:10:00Z")]
        .map(|at| json!({"kind": "beat", "app_name": "Code", "start_time": at}));
    world.0.post("/api/v1/usage/track").of(&world.1).json(&json!(early)).send().await;
    world.0.process_log().await;
    let before = records(&world).await;
    assert_eq!(put(&world, &json!({"beat_hold_minutes": 5})).await.json()["settling"]["left"], 2);
    // 113 days from the first to tomorrow, at most 31 in a record.
    assert_eq!(records(&world).await, before + 4);
    world.0.process_log().await;
    assert_eq!(get(&world).await["settling"], json!({"days": 2, "left": 0}));
}
