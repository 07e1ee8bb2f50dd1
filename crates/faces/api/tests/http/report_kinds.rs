//! What reports may be of, and where their days and weeks begin: projects, languages, devices, weeks, months, filters,
//! and the person's preferences.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Person, Server, ping};

/// Ada's four weeks: an editor with projects on her laptop, pages on her phone, and a night over midnight.
async fn world() -> (Server, Person) {
    let server = Server::new();
    let ada = server.person("ada").await;
    let beat = |at: &str, project: Value, language: Value| json!({"kind": "beat", "app_name": "Code", "project": project, "language": language, "start_time": at});
    let used = |app: &str, device: &str, url: Value, start: &str, end: &str| json!({"app_name": app, "device_id": device, "url": url, "start_time": start, "end_time": end});
    let github = json!("https://www.github.com/a?b");
    let pings = json!([
        beat("2026-11-20T10:00:00Z", json!("dayline"), json!("Rust")),
        ping("Code", "10:00:00", "10:10:00"),
        used("Firefox", "phone", github.clone(), "2026-11-20T10:20:00Z", "2026-11-20T10:21:00Z"),
        used("Firefox", "phone", json!(null), "2026-11-20T10:30:00Z", "2026-11-20T10:30:30Z"),
        used("Terminal", "laptop", json!(null), "2026-11-14T23:00:00Z", "2026-11-15T02:00:00Z"),
        used("Firefox", "laptop", github, "2026-10-31T12:00:00Z", "2026-10-31T12:00:05.250Z"),
    ]);
    let reply = server.post("/api/v1/usage/track").of(&ada).json(&pings).send().await;
    assert_eq!(reply.json()["accepted"], 6, "{reply:?}");
    server.process_log().await;
    (server, ada)
}

async fn get((server, ada): &(Server, Person), path: &str) -> Value {
    let reply = server.get(path).of(ada).send().await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// The items of a report, each as what it is of and its seconds.
async fn items(world: &(Server, Person), kind: &str, query: &str) -> Vec<(Value, f64)> {
    let report = get(world, &format!("/api/v1/report/{kind}?{query}")).await;
    let item = |item: &Value| {
        let of = item.as_object().unwrap().iter().find(|(name, _)| *name != "seconds").unwrap();
        (of.1.clone(), item["seconds"].as_f64().unwrap())
    };
    let items: Vec<(Value, f64)> = report["items"].as_array().unwrap().iter().map(item).collect();
    let total: f64 = items.iter().map(|(_, seconds)| seconds).sum();
    assert!((report["total_seconds"].as_f64().unwrap() - total).abs() < 1e-6, "{report}");
    items
}

async fn used(world: &(Server, Person), kind: &str, query: &str) -> Vec<(Value, f64)> {
    items(world, kind, query).await.into_iter().filter(|(_, seconds)| *seconds > 0.0).collect()
}

async fn prefer((server, ada): &(Server, Person), preferences: Value) {
    let put = server.request(Method::PUT, "/api/v1/users/me/preferences").of(ada).json(&preferences);
    assert_eq!(put.send().await.status, 200);
}

const DAY: &str = "date=2026-11-20&tz=UTC";
const WEEKS: &str = "from=2026-10-31&to=2026-11-20&tz=UTC";

#[tokio::test]
async fn projects_and_languages_are_reported_most_first_with_what_has_none() {
    let world = world().await;
    for (kind, name, first, second) in [
        ("projects", "project", json!("dayline"), json!(null)),
        ("languages", "language", json!("Rust"), json!(null)),
    ] {
        let report = get(&world, &format!("/api/v1/report/{kind}?{DAY}")).await;
        let expected = json!([{name: first, "seconds": 600}, {name: second, "seconds": 90}]);
        assert_eq!((&report["items"], &report["total_seconds"]), (&expected, &json!(690)), "{kind}");
        let (server, ada) = &world;
        let table = server.get(&format!("/api/v1/report/{kind}?{DAY}")).of(ada).header("accept", "text/csv");
        let cell = |of: &Value| of.as_str().map_or(String::new(), |text| format!("\"{text}\""));
        let lines = format!("{name},seconds\r\n{},600\r\n{},90\r\n", cell(&first), cell(&second));
        assert_eq!(table.send().await.text(), lines);
    }
    // Over more than a week they are made of sums.
    let projects = [(json!(null), 10_895.25), (json!("dayline"), 600.0)];
    assert_eq!(items(&world, "projects", WEEKS).await, projects);
}

#[tokio::test]
async fn devices_are_reported_most_first_with_what_they_are_called() {
    let world = world().await;
    let (server, ada) = &world;
    let path = format!("/api/v1/report/devices?{DAY}");
    let report = get(&world, &path).await;
    let item =
        |id: &str, name: Value, seconds: u32| json!({"device_id": id, "name": name, "seconds": seconds});
    let expected = json!([item("laptop", json!(null), 600), item("phone", json!(null), 90)]);
    assert_eq!((&report["items"], &report["total_seconds"]), (&expected, &json!(690)));
    let tag = server.get(&path).of(ada).send().await.header("etag").to_owned();
    let named = server.request(Method::PATCH, "/api/v1/devices/phone").of(ada);
    assert_eq!(named.json(&json!({"name": "Ada's, \"old\" one"})).send().await.status, 200);
    // What devices are called takes part in the tag.
    let report = server.get(&path).of(ada).header("if-none-match", &tag).send().await;
    assert_eq!(report.status, 200);
    let expected = json!([item("laptop", json!(null), 600), item("phone", json!("Ada's, \"old\" one"), 90)]);
    assert_eq!(report.json()["items"], expected);
    let table = server.get(&path).of(ada).header("accept", "text/csv").send().await;
    let lines = "device_id,name,seconds\r\n\"laptop\",,600\r\n\"phone\",\"Ada's, \"\"old\"\" one\",90\r\n";
    assert_eq!(table.text(), lines);
}

#[tokio::test]
async fn weeks_and_months_are_listed_with_the_parts_that_the_range_cuts() {
    let world = world().await;
    let weeks = [
        (json!("2026-10-26"), 5.25),
        (json!("2026-11-02"), 0.0),
        (json!("2026-11-09"), 10_800.0),
        (json!("2026-11-16"), 690.0),
    ];
    assert_eq!(items(&world, "weeks", WEEKS).await, weeks);
    let months = [(json!("2026-10"), 5.25), (json!("2026-11"), 11_490.0)];
    assert_eq!(items(&world, "months", WEEKS).await, months);
    let part = "from=2026-11-15&to=2026-11-16&tz=UTC";
    assert_eq!(
        items(&world, "weeks", part).await,
        [(json!("2026-11-09"), 7_200.0), (json!("2026-11-16"), 0.0)]
    );
    assert_eq!(items(&world, "months", part).await, [(json!("2026-11"), 7_200.0)]);
    let (server, ada) = &world;
    for (kind, column, first) in [("weeks", "week", "2026-11-09"), ("months", "month", "2026-11")] {
        let table = server.get(&format!("/api/v1/report/{kind}?{part}")).of(ada).header("accept", "text/csv");
        let begin = format!("{column},seconds\r\n{first},7200\r\n");
        assert!(table.send().await.text().starts_with(&begin), "{kind}");
    }
}

#[tokio::test]
async fn weeks_begin_with_the_day_that_the_person_prefers() {
    let world = world().await;
    prefer(&world, json!({"week_start": "sunday"})).await;
    let weeks = [(json!("2026-10-25"), 5.25), (json!("2026-11-08"), 3_600.0), (json!("2026-11-15"), 7_890.0)];
    assert_eq!(used(&world, "weeks", WEEKS).await, weeks);
}

#[tokio::test]
async fn filters_hold_all_at_once_and_an_empty_one_is_what_has_none() {
    let world = world().await;
    let total = async |filter: &str, days: &str| {
        get(&world, &format!("/api/v1/report/apps?{days}&{filter}")).await["total_seconds"].as_f64().unwrap()
    };
    for (filter, day, weeks) in [
        ("app=Code", 600.0, 600.0),
        ("app=vscode.exe", 600.0, 600.0),
        ("app=Codec", 0.0, 0.0),
        ("app=Firefox", 90.0, 95.25),
        ("app=Firefox&device=phone", 90.0, 90.0),
        ("app=Firefox&device=laptop", 0.0, 5.25),
        ("app=Firefox&domain=", 30.0, 30.0),
        ("domain=github.com", 60.0, 65.25),
        ("domain=WWW.GitHub.com&device=phone", 60.0, 60.0),
        ("domain=", 630.0, 11_430.0),
        ("project=dayline", 600.0, 600.0),
        ("project=", 90.0, 10_895.25),
        ("project=&app=Terminal", 0.0, 10_800.0),
        ("project=dayline&domain=github.com", 0.0, 0.0),
        ("device=%20phone", 0.0, 0.0),
    ] {
        assert_eq!((total(filter, DAY).await, total(filter, WEEKS).await), (day, weeks), "{filter}");
    }
}

#[tokio::test]
async fn every_kind_can_be_filtered_also_over_weeks_and_where_borders_cut_days() {
    let world = world().await;
    for tz in ["UTC", "America/New_York", "Asia/Tokyo"] {
        for kind in [
            "apps",
            "domains",
            "urls",
            "projects",
            "languages",
            "devices",
            "categories",
            "hours",
            "days",
            "weeks",
            "months",
        ] {
            for (filter, seconds) in [("app=Firefox", 95.25), ("project=&device=laptop", 10_805.25)] {
                let query = format!("from=2026-10-25&to=2026-11-21&tz={tz}&{filter}");
                let sum: f64 = used(&world, kind, &query).await.iter().map(|(_, seconds)| seconds).sum();
                assert!((sum - seconds).abs() < 1e-6, "{kind} {tz} {filter}: {sum}");
            }
        }
    }
}

#[tokio::test]
async fn a_filter_that_is_no_name_is_refused_and_named() {
    let (server, ada) = world().await;
    for (query, fields) in [
        ("app=", vec!["app"]),
        ("device=", vec!["device"]),
        ("domain=a%20b", vec!["domain"]),
        ("project=a%00b", vec!["project"]),
        ("app=&project=%01&domain=/", vec!["app", "domain", "project"]),
        ("app=Code&app=Mail", vec!["app"]),
    ] {
        let reply = server.get(&format!("/api/v1/report/weeks?{query}")).of(&ada).send().await;
        assert_eq!(
            (reply.problem().0, reply.fields()),
            (422, fields.iter().map(|f| (*f).into()).collect()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn days_begin_when_the_person_prefers_and_hours_stay_those_of_the_clock() {
    let world = world().await;
    let night = "from=2026-11-14&to=2026-11-15&tz=UTC";
    assert_eq!(
        items(&world, "days", night).await,
        [(json!("2026-11-14"), 3_600.0), (json!("2026-11-15"), 7_200.0)]
    );
    prefer(&world, json!({"day_start": "01:30"})).await;
    assert_eq!(
        items(&world, "days", night).await,
        [(json!("2026-11-14"), 9_000.0), (json!("2026-11-15"), 1_800.0)]
    );
    let hours = [
        (json!("2026-11-14T23:00:00+00:00"), 3_600.0),
        (json!("2026-11-15T00:00:00+00:00"), 3_600.0),
        (json!("2026-11-15T01:00:00+00:00"), 3_600.0),
    ];
    assert_eq!(used(&world, "hours", night).await, hours);
    let first = items(&world, "hours", "date=2026-11-15&tz=UTC").await;
    assert_eq!(first[0], (json!("2026-11-15T01:30:00+00:00"), 1_800.0));
    assert_eq!(first[1], (json!("2026-11-15T02:00:00+00:00"), 0.0));

    let day = get(&world, "/api/v1/usage/timeline?date=2026-11-15&tz=UTC").await;
    assert_eq!(
        (&day["from"], &day["to"]),
        (&json!("2026-11-15T01:30:00.000Z"), &json!("2026-11-16T01:30:00.000Z"))
    );
    assert_eq!(day["intervals"][0]["start_time"], "2026-11-15T01:30:00.000Z");
}

#[tokio::test]
async fn weeks_and_months_begin_with_their_first_days_beginning() {
    let world = world().await;
    // Sunday's first hours are the last of Saturday.
    prefer(&world, json!({"week_start": "sunday", "day_start": "04:00"})).await;
    assert_eq!(
        used(&world, "weeks", "from=2026-11-08&to=2026-11-20&tz=UTC").await,
        [(json!("2026-11-08"), 10_800.0), (json!("2026-11-15"), 690.0),]
    );
}

#[tokio::test]
async fn the_day_whose_clock_is_put_back_has_25_hours_in_all_reports() {
    let (server, ada) = world().await;
    // From 00:00 to 24:00 in New York, 2026-11-01, in two pings.
    let used = |start: &str, end: &str| json!({"app_name": "Code", "start_time": start, "end_time": end});
    let pings = json!([
        used("2026-11-01T04:00:00Z", "2026-11-01T16:00:00Z"),
        used("2026-11-01T16:00:00Z", "2026-11-02T05:00:00Z")
    ]);
    server.post("/api/v1/usage/track").of(&ada).json(&pings).send().await;
    server.process_log().await;
    let world = (server, ada);
    let query = |from: &str, to: &str| format!("from={from}&to={to}&tz=America/New_York&app=Code");
    let (day, hour) = (query("2026-11-01", "2026-11-01"), 3_600.0);
    for kind in ["apps", "hours", "days", "weeks", "months"] {
        let sum: f64 = items(&world, kind, &day).await.iter().map(|(_, seconds)| seconds).sum();
        assert!((sum - 25.0 * hour).abs() < 1e-6, "{kind}: {sum}");
    }
    let hours = items(&world, "hours", &day).await;
    let shown =
        ["00:00:00-04:00", "01:00:00-04:00", "01:00:00-05:00"].map(|hour| format!("2026-11-01T{hour}"));
    assert_eq!(hours[..3], shown.map(|start| (json!(start), hour)));

    // If days begin at four, it is the night of Saturday that is an hour longer.
    prefer(&world, json!({"day_start": "04:00"})).await;
    let days = items(&world, "days", &query("2026-10-31", "2026-11-01")).await;
    assert_eq!(days, [(json!("2026-10-31"), 5.0 * hour), (json!("2026-11-01"), 20.0 * hour)]);
    let weeks = items(&world, "weeks", &query("2026-10-26", "2026-11-08")).await;
    assert_eq!(weeks, [(json!("2026-10-26"), 25.0 * hour), (json!("2026-11-02"), 0.0)]);
}

#[tokio::test]
async fn today_is_yesterday_until_the_day_begins() {
    let world = world().await;
    prefer(&world, json!({"day_start": "12:00"})).await;
    let today = async |path: &str| get(&world, path).await["from"].clone();
    assert_eq!(today("/api/v1/report/days").await, "2026-11-20", "it is noon");
    assert_eq!(today("/api/v1/report/days?tz=America/New_York").await, "2026-11-19", "it is seven");
    assert_eq!(today("/api/v1/usage/timeline?tz=America/New_York").await, "2026-11-19T17:00:00.000Z");
}

#[tokio::test]
async fn preferences_and_filters_take_part_in_the_tag() {
    let world = world().await;
    let mut tags = Vec::new();
    let mut see = async |path: &str| {
        let reply = world.0.get(path).of(&world.1).send().await;
        let tag = reply.header("etag").to_owned();
        let again = world.0.get(path).of(&world.1).header("if-none-match", &tag).send().await;
        assert_eq!(again.status, 304, "{path}");
        tags.push(tag);
    };
    let kinds = ["apps", "projects", "languages", "devices", "hours", "days", "weeks", "months"];
    let paths: Vec<String> = kinds.iter().map(|kind| format!("/api/v1/report/{kind}?{WEEKS}")).collect();
    for path in &paths {
        see(path).await;
        for filter in ["app=Code", "device=Code", "project=Code", "project=", "domain=", "project=&domain="] {
            see(&format!("{path}&{filter}")).await;
        }
    }
    for preferences in [json!({"week_start": "friday"}), json!({"day_start": "00:01"})] {
        prefer(&world, preferences).await;
        for path in &paths {
            see(path).await;
        }
    }
    see("/api/v1/usage/timeline?date=2026-11-20&tz=UTC").await;
    prefer(&world, json!({})).await;
    see("/api/v1/usage/timeline?date=2026-11-20&tz=UTC").await;
    let count = tags.len();
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), count);
}

#[tokio::test]
async fn a_job_is_of_what_and_of_which_days_were_meant_when_it_was_asked_for() {
    let world = world().await;
    let (server, ada) = &world;
    let chosen = json!({"week_start": "sunday", "day_start": "01:30"});
    prefer(&world, chosen.clone()).await;
    for (filter, body) in [
        ("domain=github.com&device=laptop", json!({"domain": "www.GitHub.com", "device": "laptop"})),
        ("project=", json!({"project": ""})),
        ("app=Terminal&domain=", json!({"app": "Terminal", "domain": ""})),
        ("", json!({"app": null})),
    ] {
        for kind in ["weeks", "days", "hours", "projects"] {
            let mut job = json!({"kind": kind, "from": "2026-10-31", "to": "2026-11-20", "tz": "UTC"});
            job.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
            let asked = server.post("/api/v1/report/jobs").of(ada).json(&job).send().await;
            assert_eq!(asked.status, 202, "{asked:?}");
            let at_once = get(&world, &format!("/api/v1/report/{kind}?{WEEKS}&{filter}")).await;
            prefer(&world, json!({})).await;
            server.make_reports().await;
            prefer(&world, chosen.clone()).await;
            let result = get(&world, &format!("{}/result", asked.header("location"))).await;
            assert_eq!(result, at_once, "{kind} {filter}");
        }
    }
    let jobs = get(&world, "/api/v1/report/jobs").await;
    let shown: Vec<_> = jobs["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| (job["app"].clone(), job["domain"].clone(), job["project"].clone(), job["device"].clone()))
        .collect();
    assert!(shown.contains(&(json!(null), json!("github.com"), json!(null), json!("laptop"))));
    assert!(shown.contains(&(json!("Terminal"), json!(""), json!(null), json!(null))));
    assert!(shown.contains(&(json!(null), json!(null), json!(""), json!(null))));
}
