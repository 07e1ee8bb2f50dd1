//! Categories and aliases: said by clients, seen in reports of all of history.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Person, Reply, Server, ping};

const CATEGORIES: &str = "/api/v1/categories";
const ALIASES: &str = "/api/v1/aliases";
const DAY: &str = "date=2026-11-20&tz=UTC";
/// Long enough to be made of sums.
const YEAR: &str = "from=2025-12-01&to=2026-11-20&tz=UTC";

/// Ada with a browser under two names, an editor and a page on one day, and the browser again weeks before.
async fn world() -> (Server, Person) {
    let server = Server::new();
    let ada = server.person("ada").await;
    let page = json!({"app_name": "Firefox", "url": "https://gist.github.com/x",
        "start_time": "2026-11-20T11:00:00Z", "end_time": "2026-11-20T11:00:30Z"});
    let before = json!({"app_name": "firefox.exe",
        "start_time": "2026-10-01T11:00:00Z", "end_time": "2026-10-01T11:00:05Z"});
    let pings = json!([
        ping("firefox.exe", "09:00:00", "09:01:00"),
        ping("Firefox", "10:00:00", "10:01:00"),
        ping("Code", "10:30:00", "10:32:00"),
        page,
        before,
    ]);
    let reply = server.post("/api/v1/usage/track").of(&ada).json(&pings).send().await;
    assert_eq!(reply.json()["accepted"], 5, "{reply:?}");
    server.process_log().await;
    (server, ada)
}

async fn get((server, ada): &(Server, Person), path: &str) -> Value {
    let reply = server.get(path).of(ada).send().await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

async fn call((server, ada): &(Server, Person), method: Method, path: &str, body: &Value) -> Reply {
    server.request(method, path).of(ada).json(body).send().await
}

async fn add(world: &(Server, Person), body: Value) -> Value {
    let reply = call(world, Method::POST, CATEGORIES, &body).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()
}

/// The rows of the report by category: name, seconds with all within, own seconds.
async fn rows(world: &(Server, Person), query: &str) -> Value {
    let report = get(world, &format!("/api/v1/report/categories?{query}")).await;
    let row = |item: &Value| json!([item["category"], item["seconds_in_all"], item["seconds"]]);
    report["items"].as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn categories_are_added_changed_and_deleted() {
    let world = world().await;
    let made = call(&world, Method::POST, CATEGORIES, &json!({
        "name": " Work>Code ", "colour": "teal", "rules": [{"app": "Code"}, {"domain": "WWW.GitHub.com", "project": ""}],
    }))
    .await;
    assert_eq!(made.status, 201, "{made:?}");
    let location = made.header("location").to_owned();
    let code = made.json();
    assert_eq!(location, format!("{CATEGORIES}/{}", code["id"].as_str().unwrap()));
    let rules = json!([
        {"app": "Code", "domain": null, "project": null}, {"app": null, "domain": "github.com", "project": null},
    ]);
    let expected = json!({"id": code["id"], "name": "Work > Code", "colour": "teal", "rules": rules});
    assert_eq!(code, expected);
    let work = add(&world, json!({"name": "Work"})).await;
    assert_eq!(get(&world, CATEGORIES).await, json!({"categories": [work, code]}));

    let path = format!("{CATEGORIES}/{}", work["id"].as_str().unwrap());
    let changed = call(&world, Method::PUT, &path, &json!({"name": "Job", "colour": null})).await;
    assert_eq!((changed.status.as_u16(), &changed.json()["name"]), (200, &json!("Job")));
    assert_eq!(get(&world, CATEGORIES).await["categories"][1]["name"], "Job > Code");
    assert_eq!(call(&world, Method::DELETE, &location, &json!({})).await.status, 204);
    assert_eq!(
        call(&world, Method::DELETE, &location, &json!({})).await.problem(),
        (404, "not_found".into())
    );
    assert_eq!(get(&world, CATEGORIES).await["categories"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn time_counts_under_the_deepest_category_and_rolls_up_over_a_day_and_over_a_year() {
    let world = world().await;
    add(&world, json!({"name": "Web", "rules": [{"app": "firefox"}]})).await;
    add(&world, json!({"name": "Work > Reading", "rules": [{"domain": "github.com"}]})).await;
    add(&world, json!({"name": "Web > Gists", "rules": [{"domain": "gist.*"}]})).await;
    let day = json!([[null, 120, 120], ["Web", 120, 120], ["Work", 30, 0], ["Work > Reading", 30, 30]]);
    assert_eq!(rows(&world, DAY).await, day);
    let year = json!([["Web", 125, 125], [null, 120, 120], ["Work", 30, 0], ["Work > Reading", 30, 30]]);
    assert_eq!(rows(&world, YEAR).await, year);
    assert_eq!(get(&world, &format!("/api/v1/report/categories?{YEAR}")).await["total_seconds"], 275);
    assert_eq!(rows(&world, &format!("{YEAR}&app=Code")).await, json!([[null, 120, 120]]));
    let (server, ada) = &world;
    let table = server.get(&format!("/api/v1/report/categories?{DAY}")).of(ada).header("accept", "text/csv");
    let lines = "category,seconds_in_all,seconds\r\n,120,120\r\n\"Web\",120,120\r\n\"Work\",30,0\r\n\"Work > Reading\",30,30\r\n";
    assert_eq!(table.send().await.text(), lines);
}

#[tokio::test]
async fn a_report_in_the_background_is_the_same_as_at_once() {
    let world = world().await;
    add(&world, json!({"name": "Web", "rules": [{"app": "Firefox"}]})).await;
    let job = json!({"kind": "categories", "from": "2025-12-01", "to": "2026-11-20", "tz": "UTC"});
    let job = call(&world, Method::POST, "/api/v1/report/jobs", &job).await.json();
    world.0.make_reports().await;
    let result = get(&world, &format!("/api/v1/report/jobs/{}/result", job["id"].as_str().unwrap())).await;
    assert_eq!(result, get(&world, &format!("/api/v1/report/categories?{YEAR}")).await);
}

#[tokio::test]
async fn reports_know_apps_by_their_aliases_and_the_timeline_where_it_is_asked_to() {
    let world = world().await;
    let apps = async |query: &str| {
        let report = get(&world, &format!("/api/v1/report/apps?{query}")).await;
        let row = |item: &Value| json!([item["app_name"], item["seconds"]]);
        report["items"].as_array().unwrap().iter().map(row).collect::<Value>()
    };
    assert_eq!(apps(DAY).await, json!([["Firefox", 150], ["Code", 120]]));
    let said = json!({"aliases": [{"app_name": " Firefox ", "shown_as": "Fox"}]});
    let put = call(&world, Method::PUT, ALIASES, &said).await;
    let expected = json!({"aliases": [{"app_name": "Firefox", "shown_as": "Fox"}]});
    assert_eq!((put.status.as_u16(), put.json()), (200, expected.clone()));
    assert_eq!(get(&world, ALIASES).await, expected);
    assert_eq!(apps(YEAR).await, json!([["Fox", 155], ["Code", 120]]));
    assert_eq!(apps(&format!("{DAY}&app=Fox")).await, json!([["Fox", 150]]));
    let names = async |query: &str| {
        let timeline = get(&world, &format!("/api/v1/usage/timeline?{DAY}{query}")).await;
        let intervals = timeline["intervals"].as_array().unwrap().iter();
        intervals.map(|interval| interval["app_name"].clone()).collect::<Value>()
    };
    assert_eq!(names("").await, json!(["firefox.exe", "Firefox", "Code", "Firefox"]));
    assert_eq!(names("&aliases=true").await, json!(["Fox", "Fox", "Code", "Fox"]));
}

#[tokio::test]
async fn every_report_is_another_one_after_a_change_and_the_same_without() {
    let world = world().await;
    let (server, ada) = &world;
    let tag = async |kind: &str| {
        let reply = server.get(&format!("/api/v1/report/{kind}?{DAY}")).of(ada).send().await;
        reply.header("etag").to_owned()
    };
    let kinds = ["apps", "domains", "hours", "days", "categories"];
    for change in ["category", "alias"] {
        let mut before = Vec::new();
        for kind in kinds {
            let held = tag(kind).await;
            let again = server.get(&format!("/api/v1/report/{kind}?{DAY}")).of(ada);
            assert_eq!(again.header("if-none-match", &held).send().await.status, 304, "{kind}");
            before.push(held);
        }
        if change == "category" {
            add(&world, json!({"name": "Web"})).await;
        } else {
            let said = json!({"aliases": [{"app_name": "a", "shown_as": "b"}]});
            assert_eq!(call(&world, Method::PUT, ALIASES, &said).await.status, 200);
        }
        for (kind, held) in kinds.into_iter().zip(before) {
            let again = server.get(&format!("/api/v1/report/{kind}?{DAY}")).of(ada);
            assert_eq!(again.header("if-none-match", &held).send().await.status, 200, "{kind} {change}");
        }
    }
}

#[tokio::test]
async fn whatever_is_wrong_is_named_and_nothing_changes() {
    let world = world().await;
    add(&world, json!({"name": "Work"})).await;
    let before = (get(&world, CATEGORIES).await, get(&world, ALIASES).await);
    let rules = |rule: Value| json!({"name": "x", "rules": [{"app": "Code"}, rule]});
    let many: Vec<Value> = (0..501).map(|n| json!({"app": n.to_string()})).collect();
    for (field, body) in [
        ("name", json!({})),
        ("name", json!({"name": "Work"})),
        ("name", json!({"name": "Work >"})),
        ("name", json!({"name": "a>b>c>d>e>f>g"})),
        ("colour", json!({"name": "x", "colour": "pink"})),
        ("rules", json!({"name": "x", "rules": "Code"})),
        ("rules", json!({"name": "x", "rules": many})),
        ("rules[1]", rules(json!("Code"))),
        ("rules[1].app", rules(json!({}))),
        ("rules[1].app", rules(json!({"app": "x".repeat(256)}))),
        ("rules[1].domain", rules(json!({"domain": "a b"}))),
        ("rules[1].project", rules(json!({"project": 7}))),
    ] {
        let reply = call(&world, Method::POST, CATEGORIES, &body).await;
        assert_eq!(
            (reply.problem(), reply.fields()),
            ((422, "invalid_input".into()), vec![field.to_owned()]),
            "{body}"
        );
    }
    let many: Vec<Value> = (0..201).map(|n| json!({"app_name": n.to_string(), "shown_as": "x"})).collect();
    for (field, body) in [
        ("aliases", json!({})),
        ("aliases", json!({"aliases": many})),
        ("aliases[0].shown_as", json!({"aliases": [{"app_name": "a"}]})),
        ("aliases[0].app_name", json!({"aliases": [{"app_name": " ", "shown_as": "b"}]})),
    ] {
        let reply = call(&world, Method::PUT, ALIASES, &body).await;
        assert_eq!(
            (reply.problem(), reply.fields()),
            ((422, "invalid_input".into()), vec![field.to_owned()]),
            "{body}"
        );
    }
    assert_eq!((get(&world, CATEGORIES).await, get(&world, ALIASES).await), before);
}

#[tokio::test]
async fn an_export_has_a_line_for_each_category_and_alias() {
    let world = world().await;
    let work = add(&world, json!({"name": "Work", "rules": [{"app": "Code"}]})).await;
    let said = json!({"aliases": [{"app_name": "a", "shown_as": "b"}]});
    assert_eq!(call(&world, Method::PUT, ALIASES, &said).await.status, 200);
    let export = get(&world, "/api/v1/users/me/export.json").await;
    let lines = export["lines"].as_array().unwrap();
    let of = |kind: &str| lines.iter().filter(|line| line["type"] == kind).cloned().collect::<Vec<_>>();
    let mut category = work;
    category["type"] = json!("category");
    assert_eq!(of("category"), [category]);
    assert_eq!(of("alias"), [json!({"type": "alias", "app_name": "a", "shown_as": "b"})]);
    assert_eq!(
        (&of("end")[0]["counts"]["category"], &of("end")[0]["counts"]["alias"]),
        (&json!(1), &json!(1))
    );
}
