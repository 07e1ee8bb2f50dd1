//! Report jobs: asked for, looked at, read as files, cancelled.

use serde_json::{Value, json};

use crate::support::{Person, Server, ping};

const JOBS: &str = "/api/v1/report/jobs";
const ALL_KINDS: [&str; 10] =
    ["apps", "domains", "projects", "languages", "devices", "categories", "hours", "days", "weeks", "months"];

/// Ada with some pings on two days, one of them of an app whose name a spreadsheet would take for a formula.
async fn with_ada() -> (Server, Person) {
    let server = Server::new();
    let ada = server.person("ada").await;
    let pings = json!([
        ping("Code, the editor", "09:00:00", "09:00:10.123"),
        ping("=1+1", "10:00:00", "10:00:05"),
        {"app_name": "Firefox", "url": "https://github.com/a?b", "device_id": "phone",
         "start_time": "2026-11-18T23:59:55Z", "end_time": "2026-11-19T00:00:05.007Z"},
    ]);
    assert_eq!(server.post("/api/v1/usage/track").of(&ada).json(&pings).send().await.status, 202);
    server.process_log().await;
    (server, ada)
}

async fn ask(server: &Server, person: &Person, job: &Value) -> String {
    let reply = server.post(JOBS).of(person).json(job).send().await;
    assert_eq!(reply.status, 202, "{reply:?}");
    reply.header("location").to_owned()
}

/// Where the result of a job of this format is.
fn result_of(job: &str, format: &str) -> String {
    let extension = if format == "json" { String::new() } else { format!(".{format}") };
    format!("{job}/result{extension}")
}

fn days(kind: &str, format: &str) -> Value {
    json!({"kind": kind, "format": format, "from": "2026-10-01", "to": "2026-11-30", "tz": "Asia/Tokyo"})
}

#[tokio::test]
async fn a_job_is_queued_then_done_and_says_where_its_result_is() {
    let (server, ada) = with_ada().await;
    let reply = server.post(JOBS).of(&ada).json(&days("apps", "csv")).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (202, "1"));
    let location = reply.header("location").to_owned();
    let mut job = reply.json();
    assert_eq!(location, format!("{JOBS}/{}", job["id"].as_str().unwrap()));
    assert_eq!(
        job,
        json!({
            "id": job["id"], "kind": "apps", "format": "csv", "from": "2026-10-01", "to": "2026-11-30",
            "tz": "Asia/Tokyo", "app": null, "domain": null, "project": null, "device": null,
            "status": "queued", "failure": null,
            "progress": {"days_done": 0, "days_all": 61}, "created_at": "2026-11-20T12:00:00.000Z",
            "finished_at": null, "expires_at": null, "result": null, "bytes": null,
        })
    );
    let early = server.get(&result_of(&location, "csv")).of(&ada).send().await;
    assert_eq!((early.problem(), early.header("retry-after")), ((409, "not_finished".into()), "1"));

    server.make_reports().await;
    let reply = server.get(&location).of(&ada).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (200, ""));
    job["status"] = json!("done");
    job["progress"]["days_done"] = json!(61);
    job["finished_at"] = json!("2026-11-20T12:00:00.000Z");
    job["expires_at"] = json!("2026-11-21T12:00:00.000Z");
    job["result"] = json!(result_of(&location, "csv"));
    job["bytes"] = reply.json()["bytes"].clone();
    assert_eq!(reply.json(), job);
    assert_eq!(server.get(JOBS).of(&ada).send().await.json(), json!({"jobs": [job]}));
}

#[tokio::test]
async fn a_result_is_what_the_report_of_the_same_kind_answers() {
    let (server, ada) = with_ada().await;
    let named = server.request(http::Method::PATCH, "/api/v1/devices/phone").of(&ada);
    assert_eq!(named.json(&json!({"name": "My phone"})).send().await.status, 200);
    for kind in ALL_KINDS {
        for (format, media_type) in [("json", "application/json"), ("csv", "text/csv")] {
            let location = ask(&server, &ada, &days(kind, format)).await;
            server.make_reports().await;
            let result = server.get(&result_of(&location, format)).of(&ada).send().await;
            assert_eq!(result.status, 200);
            let path = format!("/api/v1/report/{kind}?from=2026-10-01&to=2026-11-30&tz=Asia/Tokyo");
            let report = server.get(&path).of(&ada).header("accept", media_type).send().await;
            assert!(result.body == report.body, "{kind} {format}: {result:?} and not {report:?}");
            assert_eq!(result.header("content-type"), report.header("content-type"));
        }
    }
}

#[tokio::test]
async fn a_timeline_as_a_job_is_the_timeline() {
    let (server, ada) = with_ada().await;
    // Days of Tokyo, where they begin nine hours earlier.
    let all = ("2026-11-01", "2026-11-30", "from=2026-10-31T15:00:00Z&to=2026-11-30T15:00:00Z");
    let nothing = ("2026-01-01", "2026-01-03", "from=2025-12-31T15:00:00Z&to=2026-01-03T15:00:00Z");
    for (format, media_type) in [("json", "application/json"), ("csv", "text/csv")] {
        for (from, to, ends) in [all, nothing] {
            let mut job = days("timeline", format);
            (job["from"], job["to"]) = (json!(from), json!(to));
            let location = ask(&server, &ada, &job).await;
            server.make_reports().await;
            let result = server.get(&result_of(&location, format)).of(&ada).send().await;
            let path = format!("/api/v1/usage/timeline?{ends}");
            let timeline = server.get(&path).of(&ada).header("accept", media_type).send().await;
            assert!(result.body == timeline.body, "{format}: {result:?} and not {timeline:?}");
        }
    }
}

#[tokio::test]
async fn an_export_as_a_job_has_the_lines_of_an_export() {
    let (server, ada) = with_ada().await;
    let location = ask(&server, &ada, &json!({"kind": "export"})).await;
    server.make_reports().await;
    let job = server.get(&location).of(&ada).send().await.json();
    assert_eq!((&job["format"], &job["from"], &job["tz"]), (&json!("ndjson"), &Value::Null, &Value::Null));
    assert_eq!(job["progress"], json!({"days_done": 3, "days_all": 3}));
    let result = server.get(&result_of(&location, "ndjson")).of(&ada).send().await;
    assert_eq!(result.header("content-type"), "application/x-ndjson");
    let name = r#"attachment; filename="dayline-export-2026-11-20.ndjson""#;
    assert_eq!(result.header("content-disposition"), name);
    let export = server.get("/api/v1/users/me/export").of(&ada).send().await;
    // Nobody's session is the one that asks, since nobody is there when a job is done.
    assert_eq!(result.text(), export.text().replace(r#""current":true"#, r#""current":false"#));
}

#[tokio::test]
async fn who_asks_for_another_form_is_sent_to_the_one_that_was_made() {
    let (server, ada) = with_ada().await;
    let export = ask(&server, &ada, &json!({"kind": "export"})).await;
    let jobs = [("json", days("apps", "json")), ("csv", days("apps", "csv"))];
    let mut made = vec![("ndjson", export)];
    for (format, job) in jobs {
        made.push((format, ask(&server, &ada, &job).await));
    }
    server.make_reports().await;
    for (format, job) in &made {
        let there = result_of(job, format);
        for other in ["json", "csv", "ndjson"].into_iter().filter(|other| other != format) {
            for query in ["", "?bom=true"] {
                let asked = format!("{}{query}", result_of(job, other));
                let reply = server.get(&asked).of(&ada).send().await;
                let sent_to = format!("{there}{query}");
                assert_eq!((reply.status.as_u16(), reply.header("location")), (303, sent_to.as_str()));
            }
        }
        assert_eq!(server.get(&there).of(&ada).send().await.status, 200);
    }
}

#[tokio::test]
async fn a_result_is_a_file_that_a_client_may_keep() {
    let (server, ada) = with_ada().await;
    let location = result_of(&ask(&server, &ada, &days("apps", "csv")).await, "csv");
    server.make_reports().await;
    let result = server.get(&location).of(&ada).send().await;
    assert_eq!(
        result.text(),
        "app_name,seconds\r\n\"Code, the editor\",10.123\r\n\"Firefox\",10.007\r\n\"'=1+1\",5\r\n"
    );
    assert_eq!(result.header("content-length"), result.body.len().to_string());
    let name = r#"attachment; filename="dayline-apps-2026-10-01-2026-11-30.csv""#;
    assert_eq!(result.header("content-disposition"), name);
    let again = server.get(&location).of(&ada).header("if-none-match", result.header("etag")).send().await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    let other = server.get(&location).of(&ada).header("if-none-match", "\"other\"").send().await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn what_a_job_can_not_be_is_refused_with_the_field() {
    let (server, ada) = with_ada().await;
    let cases = [
        (json!({"from": "2026-01-01", "to": "2026-01-02"}), "kind"),
        (json!({"kind": "years", "from": "2026-01-01", "to": "2026-01-02"}), "kind"),
        (json!({"kind": "export", "app": "Code"}), "app"),
        (json!({"kind": "timeline", "from": "2026-01-01", "to": "2026-01-02", "project": ""}), "project"),
        (json!({"kind": "apps", "from": "2026-01-01", "to": "2026-01-02", "app": ""}), "app"),
        (json!({"kind": "apps", "from": "2026-01-01", "to": "2026-01-02", "domain": "a b"}), "domain"),
        (json!({"kind": "apps", "from": "2026-01-01", "to": "2026-01-02", "device": 7}), "device"),
        (days("apps", "xlsx"), "format"),
        (days("apps", "ndjson"), "format"),
        (json!({"kind": "export", "format": "csv"}), "format"),
        (json!({"kind": "export", "to": "2026-01-02"}), "to"),
        (json!({"kind": "export", "tz": "UTC"}), "tz"),
        (json!({"kind": "apps"}), "from"),
        (json!({"kind": "apps", "from": "2026-01-01"}), "to"),
        (json!({"kind": "apps", "from": "2026-01-02", "to": "2026-01-01"}), "to"),
        (json!({"kind": "apps", "from": "2000-01-02", "to": "2026-01-01"}), "to"),
        (json!({"kind": "apps", "from": "2026-01-02", "to": "2026-01-32"}), "to"),
        (json!({"kind": "apps", "from": "2026-01-02", "to": "2026-01-03", "tz": "Mars"}), "tz"),
    ];
    for (job, field) in cases {
        let reply = server.post(JOBS).of(&ada).json(&job).send().await;
        assert_eq!((reply.status.as_u16(), reply.fields()), (422, vec![field.to_owned()]), "{job}");
    }
    assert_eq!(server.get(JOBS).of(&ada).send().await.json(), json!({"jobs": []}));
}

#[tokio::test]
async fn a_person_has_a_bounded_number_of_unfinished_jobs() {
    let (server, ada) = with_ada().await;
    let eve = server.person("eve").await;
    for _ in 0..5 {
        ask(&server, &ada, &days("apps", "json")).await;
    }
    let reply = server.post(JOBS).of(&ada).json(&days("apps", "json")).send().await;
    assert_eq!((reply.problem(), reply.header("retry-after")), ((429, "too_many_jobs".into()), "10"));
    ask(&server, &eve, &days("apps", "json")).await;
    server.make_reports().await;
    ask(&server, &ada, &days("apps", "json")).await;
}

#[tokio::test]
async fn a_cancelled_job_has_no_result_and_an_ended_one_is_deleted() {
    let (server, ada) = with_ada().await;
    let cancelled = ask(&server, &ada, &days("apps", "json")).await;
    let delete = async |path: &str| server.request(http::Method::DELETE, path).of(&ada).send().await.status;
    assert_eq!(delete(&cancelled).await, 204);
    let done = ask(&server, &ada, &days("apps", "json")).await;
    server.make_reports().await;
    let job = server.get(&cancelled).of(&ada).send().await.json();
    assert_eq!((&job["status"], &job["result"]), (&json!("cancelled"), &Value::Null));
    let result = server.get(&format!("{cancelled}/result")).of(&ada).send().await;
    assert_eq!(result.problem(), (409, "no_result".into()));
    assert_eq!(delete(&done).await, 204);
    for path in [done.clone(), format!("{done}/result")] {
        assert_eq!(server.get(&path).of(&ada).send().await.problem(), (404, "not_found".into()));
    }
    assert_eq!(delete(&done).await, 404);
}

#[tokio::test]
async fn a_job_and_its_result_are_forgotten_after_a_day() {
    let (server, ada) = with_ada().await;
    let job = ask(&server, &ada, &days("apps", "json")).await;
    server.make_reports().await;
    server.fake.clock.advance(86_400_000 - 1);
    let ada = server.sign_in(ada, "laptop").await;
    assert_eq!(server.get(&format!("{job}/result")).of(&ada).send().await.status, 200);
    server.fake.clock.advance(1);
    for path in [job.clone(), format!("{job}/result")] {
        assert_eq!(server.get(&path).of(&ada).send().await.problem(), (404, "not_found".into()));
    }
    assert_eq!(server.get(JOBS).of(&ada).send().await.json(), json!({"jobs": []}));
}

#[tokio::test]
async fn a_key_for_reports_gets_no_export() {
    let (server, ada) = with_ada().await;
    let key = json!({"name": "reports", "scopes": ["read"]});
    let key = server.post("/api/v1/api-keys").of(&ada).json(&key).send().await.json();
    let key = Person { access: key["key"].as_str().unwrap().to_owned(), ..Person::default() };
    let own = ask(&server, &key, &days("apps", "json")).await;
    let reply = server.post(JOBS).of(&key).json(&json!({"kind": "export"})).send().await;
    assert_eq!(reply.problem(), (403, "missing_scope".into()));
    let export = ask(&server, &ada, &json!({"kind": "export"})).await;
    server.make_reports().await;
    assert_eq!(server.get(&format!("{own}/result")).of(&key).send().await.status, 200);
    let reply = server.get(&format!("{export}/result")).of(&key).send().await;
    assert_eq!(reply.problem(), (403, "missing_scope".into()));
}
