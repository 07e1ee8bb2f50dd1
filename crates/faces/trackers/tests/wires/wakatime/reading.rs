//! What clients read: the status bar, sums and lists.

use dayline_app::identity::key_text::KeyFormat;
use dayline_domain::Scope;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::plugin::{BEGIN, Person, VIM, VSCODE, bulk, call, file, get, person, post};
use crate::support::Server;

/// Somebody's coding of a day: two hours of `proj`, in the middle of them half an hour of `other` in vim, and a
/// terminal besides, which is no editor.
async fn coded(server: &Server, name: &str) -> Person {
    let person = person(server, name).await;
    let at = |minute: f64| minute * 60.0 - 10_800.0;
    let mut heartbeats = Vec::new();
    for minute in (0..=120).step_by(10) {
        let minute = f64::from(minute);
        let mut heartbeat = file(at(minute), "proj");
        if (60.0..90.0).contains(&minute) {
            heartbeat = json!({"entity": "b.c", "time": BEGIN + at(minute), "project": "other", "language": "C",
                "user_agent": VIM});
        }
        heartbeats.push(heartbeat);
    }
    let terminal = |minute: f64| json!({"entity": "Terminal", "type": "app", "time": BEGIN + at(minute), "user_agent": VSCODE});
    heartbeats.extend([terminal(140.0), terminal(150.0)]);
    bulk(server, &person, &json!(heartbeats)).await.assert_taken(15);
    server.process_log().await;
    person
}

/// What a route of the caller answers.
async fn read(server: &Server, person: &Person, path: &str) -> Value {
    let reply = get(server, &format!("/api/v1/users/current/{path}")).of(person).send().await;
    assert_eq!(reply.status, StatusCode::OK, "{path}: {reply:?}");
    assert_eq!(reply.headers["cache-control"], "no-store", "{path}");
    reply.body
}

/// Names and seconds of a list.
fn parts(list: &Value) -> Vec<(&str, f64)> {
    let parts = list.as_array().unwrap().iter();
    parts.map(|part| (part["name"].as_str().unwrap(), part["total_seconds"].as_f64().unwrap())).collect()
}

#[tokio::test]
async fn the_status_bar_shows_what_was_coded_today() {
    let server = Server::new();
    let ada = coded(&server, "ada").await;
    let bar = read(&server, &ada, "statusbar/today").await;
    let data = &bar["data"];
    let total = &data["grand_total"];
    assert_eq!(total["text"], "2 hrs");
    assert_eq!(
        (&total["hours"], &total["minutes"], &total["total_seconds"]),
        (&json!(2), &json!(0), &json!(7_200.0))
    );
    assert_eq!(total["digital"], "2:00");
    assert_eq!(parts(&data["categories"]), [("Coding", 7_200.0)]);
    assert_eq!(parts(&data["projects"]), [("proj", 5_400.0), ("other", 1_800.0)]);
    assert_eq!(parts(&data["languages"]), [("Python", 5_400.0), ("C", 1_800.0)]);
    assert_eq!(parts(&data["editors"]), [("Code", 5_400.0), ("Vim", 1_800.0)]);
    assert_eq!(parts(&data["machines"]), [("the key", 7_200.0)]);
    assert_eq!(data["projects"][1]["percent"], 25.0);
    for empty in ["operating_systems", "dependencies"] {
        assert_eq!(data[empty], json!([]), "{empty}");
    }
    let range = json!({"date": "2026-11-23", "start": "2026-11-23T00:00:00.000Z", "end": "2026-11-23T23:59:59.999Z",
        "text": "2026-11-23", "timezone": "UTC"});
    assert_eq!(data["range"], range);
    assert_eq!(bar["cached_at"], "2026-11-23T13:53:00.000Z");
}

#[tokio::test]
async fn a_day_without_coding_has_nothing() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let data = &read(&server, &ada, "statusbar/today").await["data"];
    assert_eq!(data["grand_total"]["text"], "0 secs");
    assert_eq!((&data["categories"], &data["projects"]), (&json!([]), &json!([])));
    assert_eq!(read(&server, &ada, "all_time_since_today").await["data"]["total_seconds"], 0.0);
    for list in ["durations", "projects", "user_agents"] {
        assert_eq!(read(&server, &ada, list).await["data"], json!([]), "{list}");
    }
}

#[tokio::test]
async fn summaries_are_of_each_day() {
    let server = Server::new();
    let ada = coded(&server, "ada").await;
    let totals = |summaries: &Value| -> Vec<f64> {
        let days = summaries["data"].as_array().unwrap();
        days.iter().map(|day| day["grand_total"]["total_seconds"].as_f64().unwrap()).collect()
    };
    let three = read(&server, &ada, "summaries?start=2026-11-21&end=2026-11-23").await;
    assert_eq!(totals(&three), [0.0, 0.0, 7_200.0]);
    assert_eq!(three["data"][0]["range"]["date"], "2026-11-21");
    assert_eq!(
        (&three["start"], &three["end"]),
        (&json!("2026-11-21T00:00:00.000Z"), &json!("2026-11-23T23:59:59.999Z"))
    );
    assert_eq!(three["cumulative_total"]["seconds"], 7_200.0);
    assert_eq!(
        (&three["daily_average"]["seconds"], &three["daily_average"]["text"]),
        (&json!(2_400.0), &json!("40 mins"))
    );
    for today in [
        "summaries",
        "summaries?range=Today",
        "summaries?start=today&end=today",
        "summaries?start=2026-11-23",
    ] {
        assert_eq!(totals(&read(&server, &ada, today).await), [7_200.0], "{today}");
    }
    assert_eq!(totals(&read(&server, &ada, "summaries?range=Last+7+Days").await).len(), 7);
    assert_eq!(totals(&read(&server, &ada, "summaries?range=last_30_days").await).len(), 30);
    // It is 22:53 in Tokyo, so that all of it is of the same day there.
    let tokyo = read(&server, &ada, "summaries?range=today&timezone=Asia/Tokyo").await;
    assert_eq!(
        (totals(&tokyo), &tokyo["data"][0]["range"]["timezone"]),
        (vec![7_200.0], &json!("Asia/Tokyo"))
    );
}

#[tokio::test]
async fn what_is_asked_wrongly_is_told_by_its_name() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    for (path, field) in [
        ("summaries?start=yestermorn&end=today", "start"),
        ("summaries?start=2026-11-23&end=2026-11-22", "end"),
        ("summaries?start=2020-01-01&end=2026-11-23", "end"),
        ("summaries?range=someday", "range"),
        ("summaries?timezone=Mars", "timezone"),
        ("durations?range=last_7_days", "date"),
    ] {
        let reply = get(&server, &format!("/api/v1/users/current/{path}")).of(&ada).send().await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {reply:?}");
        assert!(reply.body["error"].as_str().unwrap().contains(field), "{path}: {reply:?}");
    }
    let unknown = get(&server, "/api/v1/users/current/stats/someday").of(&ada).send().await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn stats_and_all_time_sum_up_what_there_is() {
    let server = Server::new();
    let ada = coded(&server, "ada").await;
    for (path, days) in
        [("stats", 7), ("stats/last_30_days", 30), ("stats/2026-11", 30), ("stats/all_time", 1)]
    {
        let data = &read(&server, &ada, path).await["data"];
        assert_eq!(
            (&data["total_seconds"], &data["human_readable_total"]),
            (&json!(7_200.0), &json!("2 hrs")),
            "{path}"
        );
        assert_eq!(data["daily_average"], json!(f64::from(7_200_000 / days) / 1_000.0), "{path}");
        assert_eq!(parts(&data["editors"]), [("Code", 5_400.0), ("Vim", 1_800.0)], "{path}");
        assert_eq!((&data["status"], &data["is_up_to_date"]), (&json!("ok"), &json!(true)), "{path}");
    }
    assert_eq!(read(&server, &ada, "stats/yesterday").await["data"]["total_seconds"], 0.0);
    let all = &read(&server, &ada, "all_time_since_today").await["data"];
    assert_eq!(
        (&all["total_seconds"], &all["text"], &all["is_up_to_date"]),
        (&json!(7_200.0), &json!("2 hrs"), &json!(true))
    );
    assert_eq!(
        (&all["range"]["start_date"], &all["range"]["end_date"]),
        (&json!("2026-11-23"), &json!("2026-11-23"))
    );
}

#[tokio::test]
async fn durations_are_the_runs_of_a_day() {
    let server = Server::new();
    let ada = coded(&server, "ada").await;
    let durations = read(&server, &ada, "durations?date=2026-11-23").await;
    let run = |project: &str, editor: &str, language: &str, minute: f64, minutes: f64| {
        json!({"project": project, "editor": editor, "language": language, "machine": "the key",
            "time": BEGIN - 10_800.0 + minute * 60.0, "duration": minutes * 60.0})
    };
    let expected = json!([
        run("proj", "vscode", "Python", 0.0, 60.0),
        run("other", "vim", "C", 60.0, 30.0),
        run("proj", "vscode", "Python", 90.0, 30.0),
    ]);
    assert_eq!(durations["data"], expected);
    assert_eq!(durations["timezone"], "UTC");
    assert_eq!(read(&server, &ada, "durations?date=2026-11-22").await["data"], json!([]));
}

#[tokio::test]
async fn projects_and_programs_are_listed() {
    let server = Server::new();
    let ada = coded(&server, "ada").await;
    let names = |list: &Value| -> Vec<String> {
        list["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&read(&server, &ada, "projects").await), ["proj", "other"]);
    assert_eq!(names(&read(&server, &ada, "projects?q=OTH").await), ["other"]);
    assert_eq!(names(&read(&server, &ada, "user_agents").await), ["Code", "Vim"]);
}

#[tokio::test]
async fn the_sign_in_check_tells_whose_key_it_is_and_nothing_of_the_account() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    for path in ["/api/v1/users/current".to_owned(), format!("/api/users/{}", ada.caller.user)] {
        let reply = get(&server, &path).of(&ada).send().await;
        assert_eq!(reply.body["data"]["id"], ada.caller.user.to_string(), "{path}");
        assert_eq!(reply.body["data"]["timezone"], "UTC");
        assert!(!reply.body.to_string().contains("example.org"), "{reply:?}");
    }
}

#[tokio::test]
async fn what_there_is_not_is_answered_as_clients_need_it() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let asked = json!({"entity": "proj/main.py", "project": "proj", "project_root_count": 4}).to_string();
    let experts = post(&server, "/api/v1/users/current/file_experts").of(&ada).body(asked).send().await;
    assert_eq!((experts.status, experts.body), (StatusCode::OK, json!({"data": []})));
    let goal = "/api/v1/users/current/goals/00000000-0000-4000-8000-000000000000";
    assert_eq!(get(&server, goal).of(&ada).send().await.status, StatusCode::NOT_FOUND);
    let error =
        json!({"architecture": "amd64", "cli_version": "v1.90.0", "logs": "x".repeat(10_000)}).to_string();
    for prefix in ["/api", "/api/v1", "/api/compat/wakatime/v1"] {
        let reply = post(&server, &format!("{prefix}/plugins/errors")).body(error.clone()).send().await;
        assert_eq!((reply.status, reply.body), (StatusCode::CREATED, json!({})), "{prefix}");
    }
}

/// Everything that tells of somebody.
const READING: [(Method, &str); 10] = [
    (Method::GET, ""),
    (Method::GET, "/statusbar/today"),
    (Method::GET, "/summaries"),
    (Method::GET, "/all_time_since_today"),
    (Method::GET, "/stats"),
    (Method::GET, "/stats/all_time"),
    (Method::GET, "/durations"),
    (Method::GET, "/projects"),
    (Method::GET, "/user_agents"),
    (Method::POST, "/file_experts"),
];

#[tokio::test]
async fn a_key_that_only_tracks_reads_nothing() {
    let server = Server::new();
    let ada = coded(&server, "ada").await;
    let key = server.key(&ada.caller, KeyFormat::Uuid, &[Scope::Track]).await;
    for (method, path) in READING {
        let call = call(&server, method, &format!("/api/v1/users/current{path}")).basic(&key);
        assert_eq!(call.send().await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn nobody_reads_of_anybody_else() {
    let server = Server::new();
    let ada = coded(&server, "ada").await;
    let bob = person(&server, "bob").await;
    for (method, path) in READING {
        let of_ada = format!("/api/v1/users/{}{path}", ada.caller.user);
        let reply = call(&server, method.clone(), &of_ada).of(&bob).send().await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(
            call(&server, method.clone(), &of_ada).send().await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
        let own = call(&server, method, &format!("/api/v1/users/current{path}")).of(&bob).send().await;
        assert!(!own.body.to_string().contains("proj\""), "{path}: {own:?}");
    }
}
