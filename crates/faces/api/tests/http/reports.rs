//! The timeline and the reports: shapes, exact numbers, CSV, and answers that did not change.

use serde_json::{Value, json};

use crate::support::{Person, Server, ping};

/// Ada's morning: two devices, a page, an outranked stretch, and a name that spreadsheets would run.
async fn world() -> (Server, Person) {
    let server = Server::new();
    let ada = server.person("ada").await;
    let mut page = ping("Firefox", "10:00:10", "10:00:12.345");
    page["url"] = json!("https://www.github.com/a?b");
    page["device_id"] = json!("phone");
    let mut formula = ping("=1+1, \"x\"", "23:59:59.999", "23:59:59.999");
    formula["start_time"] = json!("2026-11-19T23:59:59Z");
    formula["end_time"] = json!("2026-11-20T00:00:01.001Z");
    let pings = json!([ping("Code", "10:00:00", "10:01:00"), page, formula]);
    let reply = server.post("/api/v1/usage/track").of(&ada).json(&pings).send().await;
    assert_eq!(reply.status, 202, "{reply:?}");
    server.process_log().await;
    (server, ada)
}

async fn get(world: &(Server, Person), path: &str) -> Value {
    let reply = world.0.get(path).of(&world.1).send().await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "private, no-cache");
    reply.json()
}

async fn get_csv(world: &(Server, Person), path: &str) -> String {
    let reply = world.0.get(path).of(&world.1).header("accept", "text/csv").send().await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(reply.header("content-type").starts_with("text/csv; charset=utf-8"));
    reply.text().to_owned()
}

#[tokio::test]
async fn a_day_is_reported_by_app_most_first() {
    let report = get(&world().await, "/api/v1/report/apps?date=2026-11-20").await;
    assert_eq!(
        report,
        json!({
            "from": "2026-11-20", "to": "2026-11-20", "tz": "UTC", "total_seconds": 61.001,
            "items": [
                {"app_name": "Code", "seconds": 57.655},
                {"app_name": "Firefox", "seconds": 2.345},
                {"app_name": "=1+1, \"x\"", "seconds": 1.001},
            ],
        })
    );
}

#[tokio::test]
async fn seconds_have_no_noise() {
    let (server, ada) = world().await;
    let reply = server.get("/api/v1/report/apps?date=2026-11-20").of(&ada).send().await;
    for number in [r#""total_seconds":61.001,"#, r#""seconds":57.655}"#, r#""seconds":2.345}"#] {
        assert!(reply.text().contains(number), "{}", reply.text());
    }
}

#[tokio::test]
async fn a_range_is_reported_by_domain_also_under_its_other_name() {
    let world = world().await;
    let query = "from=2026-11-19&to=2026-11-20&tz=UTC";
    let report = get(&world, &format!("/api/v1/report/domains?{query}")).await;
    assert_eq!(report["from"], "2026-11-19");
    assert_eq!(report["total_seconds"], 62.001);
    let items = json!([{"domain": null, "seconds": 59.656}, {"domain": "github.com", "seconds": 2.345}]);
    assert_eq!(report["items"], items);
    assert_eq!(get(&world, &format!("/api/v1/report/urls?{query}")).await, report);
}

#[tokio::test]
async fn hours_are_local_and_carry_their_offset() {
    let world = world().await;
    // A plus sign stands for itself in a query.
    let report = get(&world, "/api/v1/report/hours?date=2026-11-20&tz=Etc/GMT+5").await;
    assert_eq!(report["tz"], "Etc/GMT+5");
    let items = report["items"].as_array().unwrap();
    assert_eq!(items.len(), 24);
    assert_eq!(items[0], json!({"start": "2026-11-20T00:00:00-05:00", "seconds": 0}));
    assert_eq!(items[5], json!({"start": "2026-11-20T05:00:00-05:00", "seconds": 60}));
    let encoded = get(&world, "/api/v1/report/hours?date=2026-11-20&tz=Etc%2FGMT%2B5").await;
    assert_eq!(encoded, report);
    for windows in ["Tokyo%20Standard%20Time", "tokyo+standard+time"] {
        let report = get(&world, &format!("/api/v1/report/hours?date=2026-11-20&tz={windows}")).await;
        assert_eq!(report["tz"], "Asia/Tokyo");
    }
}

#[tokio::test]
async fn days_are_listed_one_by_one() {
    let report = get(&world().await, "/api/v1/report/days?from=2026-11-18&to=2026-11-20").await;
    assert_eq!(
        report["items"],
        json!([
            {"date": "2026-11-18", "seconds": 0},
            {"date": "2026-11-19", "seconds": 1},
            {"date": "2026-11-20", "seconds": 61.001},
        ])
    );
}

#[tokio::test]
async fn without_a_zone_the_profiles_counts_and_without_a_day_today() {
    let (server, ada) = world().await;
    let change = json!({"timezone": "Asia/Tokyo"});
    server.request(http::Method::PATCH, "/api/v1/users/me").of(&ada).json(&change).send().await;
    // An hour before midnight UTC it is tomorrow in Tokyo.
    server.fake.clock.advance(11 * 3_600_000);
    let ada = server.sign_in(ada, "laptop").await;
    let report = server.get("/api/v1/report/apps").of(&ada).send().await.json();
    assert_eq!((&report["tz"], &report["from"]), (&json!("Asia/Tokyo"), &json!("2026-11-21")));
}

#[tokio::test]
async fn the_timeline_is_in_order_in_utc_and_joined_at_midnight() {
    let world = world().await;
    let interval = |app: &str, domain: Value, device: &str, start: &str, end: &str| {
        json!({
            "app_name": app, "domain": domain, "project": null, "language": null, "device_id": device,
            "start_time": start, "end_time": end,
        })
    };
    let path = "/api/v1/usage/timeline?from=2026-11-20T00:59:00%2B01:00&to=2026-11-21T00:00:00.000Z";
    let timeline = get(&world, path).await;
    let code = |start: &str, end: &str| interval("Code", json!(null), "laptop", start, end);
    let firefox = interval(
        "Firefox",
        json!("github.com"),
        "phone",
        "2026-11-20T10:00:10.000Z",
        "2026-11-20T10:00:12.345Z",
    );
    assert_eq!(
        timeline,
        json!({
            "from": "2026-11-19T23:59:00.000Z", "to": "2026-11-21T00:00:00.000Z",
            "intervals": [
                interval("=1+1, \"x\"", json!(null), "laptop", "2026-11-19T23:59:59.000Z", "2026-11-20T00:00:01.001Z"),
                code("2026-11-20T10:00:00.000Z", "2026-11-20T10:00:10.000Z"),
                firefox,
                code("2026-11-20T10:00:12.345Z", "2026-11-20T10:01:00.000Z"),
            ],
        })
    );
    let with_outranked = get(&world, &format!("{path}&outranked=true")).await;
    assert_eq!(with_outranked["intervals"], timeline["intervals"]);
    let outranked = json!([code("2026-11-20T10:00:10.000Z", "2026-11-20T10:00:12.345Z")]);
    assert_eq!(with_outranked["outranked"], outranked);
    let day = get(&world, "/api/v1/usage/timeline?date=2026-11-20&tz=UTC").await;
    assert_eq!(day["from"], "2026-11-20T00:00:00.000Z");
    assert_eq!(day["intervals"][0]["start_time"], "2026-11-20T00:00:00.000Z", "clipped to the day");
}

/// Bob's morning: an editor that tells its project, and a laptop that nobody was at for a while.
async fn with_bob() -> (Server, Person) {
    let server = Server::new();
    let bob = server.person("bob").await;
    let beat = |time: &str| {
        json!({"kind": "beat", "app_name": "Code", "project": "day,line", "language": "Rust",
            "start_time": format!("2026-11-20T{time}Z")})
    };
    let away = |device: &str, start: &str, end: &str| {
        json!({"kind": "away", "device_id": device,
            "start_time": format!("2026-11-{start}Z"), "end_time": format!("2026-11-{end}Z")})
    };
    let pings = json!([
        ping("Code", "10:00:00", "10:10:00"),
        beat("10:00:00"),
        away("laptop", "20T10:05:00", "20T10:30:00"),
        away("phone", "19T22:00:00", "20T02:00:00"),
        {"kind": "here", "start_time": "2026-11-20T10:08:00Z", "end_time": "2026-11-20T10:09:00Z"},
        {"kind": "page", "app_name": "Firefox", "url": "https://github.com/", "audible": true,
         "start_time": "2026-11-20T10:00:00Z", "end_time": "2026-11-20T10:10:00Z"},
    ]);
    let reply = server.post("/api/v1/usage/track").of(&bob).json(&pings).send().await;
    assert_eq!(reply.json()["accepted"], 6, "{reply:?}");
    server.process_log().await;
    (server, bob)
}

#[tokio::test]
async fn projects_and_languages_are_shown_and_away_time_when_asked_for() {
    let world = with_bob().await;
    let code = |start: &str, end: &str| {
        json!({
            "app_name": "Code", "domain": null, "project": "day,line", "language": "Rust", "device_id": "laptop",
            "start_time": format!("2026-11-20T{start}.000Z"), "end_time": format!("2026-11-20T{end}.000Z"),
        })
    };
    let day = "/api/v1/usage/timeline?date=2026-11-20&tz=UTC";
    let timeline = get(&world, day).await;
    assert_eq!(timeline["intervals"], json!([code("10:00:00", "10:05:00"), code("10:08:00", "10:09:00")]));
    assert_eq!((timeline.get("away"), timeline.get("outranked")), (None, None));

    let away = |device: &str, start: &str, end: &str| json!({"device_id": device, "start_time": format!("2026-11-{start}.000Z"), "end_time": format!("2026-11-{end}.000Z")});
    let laptop = [away("laptop", "20T10:05:00", "20T10:08:00"), away("laptop", "20T10:09:00", "20T10:30:00")];
    let with_away = get(&world, &format!("{day}&away=true")).await;
    assert_eq!(with_away["intervals"], timeline["intervals"]);
    let phone = away("phone", "20T00:00:00", "20T02:00:00");
    assert_eq!(with_away["away"], json!([phone, laptop[0], laptop[1]]), "clipped to the day");
    let both = get(&world, &format!("{day}&away=true&outranked=true")).await;
    assert_eq!((&both["away"], &both["outranked"]), (&with_away["away"], &json!([])));

    let days = "/api/v1/usage/timeline?from=2026-11-17T00:00:00Z&to=2026-11-21T00:00:00Z&away=true";
    let phone = away("phone", "19T22:00:00", "20T02:00:00");
    let over_days = get(&world, days).await;
    assert_eq!(over_days["away"], json!([phone, laptop[0], laptop[1]]), "joined at midnight");
    let nothing = get(&world, &day.replace("20&", "13&").replace("tz=UTC", "tz=UTC&away=true")).await;
    assert_eq!((&nothing["intervals"], &nothing["away"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn a_table_of_the_timeline_has_projects_languages_and_away_time() {
    let world = with_bob().await;
    let table = get_csv(&world, "/api/v1/usage/timeline?date=2026-11-20&tz=UTC&away=true").await;
    let day = |time: &str| format!("2026-11-20T{time}.000Z");
    let code = |start: &str, end: &str| {
        format!("\"Code\",,\"day,line\",\"Rust\",\"laptop\",{},{},true", day(start), day(end))
    };
    let away =
        |device: &str, start: &str, end: &str| format!(",,,,\"{device}\",{},{},false", day(start), day(end));
    let lines = [
        "app_name,domain,project,language,device_id,start_time,end_time,counted".to_owned(),
        code("10:00:00", "10:05:00"),
        code("10:08:00", "10:09:00"),
        away("phone", "00:00:00", "02:00:00"),
        away("laptop", "10:05:00", "10:08:00"),
        away("laptop", "10:09:00", "10:30:00"),
    ];
    assert_eq!(table.lines().collect::<Vec<_>>(), lines);
}

#[tokio::test]
async fn a_stretch_of_the_timeline_has_two_ends_in_order() {
    let (server, ada) = world().await;
    let (a, b) = ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z");
    for (query, field) in [
        (format!("from={a}"), "to"),
        (format!("to={a}"), "from"),
        (format!("from={b}&to={a}"), "to"),
        (format!("from={a}&to={a}"), "to"),
        (format!("from={a}&to=2026-12-21T00:00:00.001Z"), "to"),
        (format!("from={a}&to={b}&tz=Mars"), "tz"),
        (format!("from={a}&to=2026-11-21"), "to"),
        (format!("date=2026-11-20&from={a}&to={b}"), "date"),
        ("date=2026-11-20&outranked=yes".into(), "outranked"),
        ("date=2026-11-20&away=1".into(), "away"),
    ] {
        let reply = server.get(&format!("/api/v1/usage/timeline?{query}")).of(&ada).send().await;
        assert_eq!((reply.problem().0, reply.fields()), (422, vec![field.to_owned()]), "{query}");
    }
}

#[tokio::test]
async fn more_than_31_local_days_of_the_timeline_are_a_report_job() {
    let (server, ada) = world().await;
    // A month in which New York's clock is put back: 31 days and an hour.
    let ends = "from=2026-10-15T04:00:00Z&to=2026-11-15T05:00:00Z";
    let get =
        async |query: String| server.get(&format!("/api/v1/usage/timeline?{query}")).of(&ada).send().await;
    assert_eq!(get(format!("{ends}&tz=America/New_York")).await.status, 200);
    let refused = get(format!("{ends}&tz=UTC")).await;
    assert_eq!((refused.problem().0, refused.fields()), (422, vec!["to".to_owned()]));
    assert!(refused.text().contains("POST /api/v1/report/jobs with the kind timeline"), "{refused:?}");
    assert_eq!(get(ends.to_owned()).await.status, 422, "the profile's zone is UTC");
}

#[tokio::test]
async fn all_reports_are_tables_for_those_who_prefer_csv() {
    let world = world().await;
    let day = "date=2026-11-20";
    assert_eq!(
        get_csv(&world, &format!("/api/v1/report/apps?{day}")).await,
        "app_name,seconds\r\n\"Code\",57.655\r\n\"Firefox\",2.345\r\n\"'=1+1, \"\"x\"\"\",1.001\r\n"
    );
    assert_eq!(
        get_csv(&world, &format!("/api/v1/report/domains?{day}")).await,
        "domain,seconds\r\n,58.656\r\n\"github.com\",2.345\r\n"
    );
    let hours = get_csv(&world, &format!("/api/v1/report/hours?{day}")).await;
    assert!(hours.starts_with("start,seconds\r\n2026-11-20T00:00:00+00:00,1.001\r\n"), "{hours}");
    assert_eq!(
        get_csv(&world, "/api/v1/report/days?from=2026-11-19&to=2026-11-20").await,
        "date,seconds\r\n2026-11-19,1\r\n2026-11-20,61.001\r\n"
    );
    let timeline = get_csv(&world, &format!("/api/v1/usage/timeline?{day}&outranked=true")).await;
    let mut lines = timeline.lines();
    assert_eq!(lines.next(), Some("app_name,domain,project,language,device_id,start_time,end_time,counted"));
    let firefox =
        "\"Firefox\",\"github.com\",,,\"phone\",2026-11-20T10:00:10.000Z,2026-11-20T10:00:12.345Z,true";
    assert!(lines.any(|line| line == firefox), "{timeline}");
    let outranked = "\"Code\",,,,\"laptop\",2026-11-20T10:00:10.000Z,2026-11-20T10:00:12.345Z,false";
    assert!(lines.any(|line| line == outranked), "{timeline}");
}

const CACHED: [&str; 6] = [
    "/api/v1/usage/timeline?date=2026-11-20",
    "/api/v1/report/apps?date=2026-11-20",
    "/api/v1/report/domains?date=2026-11-20",
    "/api/v1/report/urls?date=2026-11-20",
    "/api/v1/report/hours?date=2026-11-20",
    "/api/v1/report/days?date=2026-11-20",
];

#[tokio::test]
async fn an_answer_that_did_not_change_is_not_sent_again() {
    let (server, ada) = world().await;
    for path in CACHED {
        let get = |tag: &str| server.get(path).of(&ada).header("if-none-match", tag);
        let tag = server.get(path).of(&ada).send().await.header("etag").to_owned();
        assert!(tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        for held in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let reply = get(&held).send().await;
            assert_eq!((reply.status.as_u16(), reply.body.len()), (304, 0), "{path} {held}");
            assert_eq!(reply.header("etag"), tag);
        }
        for stranger in ["\"other\"", "", "x"] {
            assert_eq!(get(stranger).send().await.status, 200, "{path} {stranger}");
        }
    }
}

#[tokio::test]
async fn an_answer_has_another_tag_when_the_data_or_the_question_changes() {
    let (server, ada) = world().await;
    let eve = server.person("eve").await;
    let mut tags = Vec::new();
    let mut see = async |path: &str, person: &Person, accept: &str| {
        let reply = server.get(path).of(person).header("accept", accept).send().await;
        tags.push(reply.header("etag").to_owned());
    };
    for path in CACHED.iter().filter(|path| !path.contains("urls")) {
        see(path, &ada, "*/*").await;
        see(path, &ada, "text/csv").await;
        see(path, &eve, "*/*").await;
        see(&format!("{path}&tz=Asia/Tokyo"), &ada, "*/*").await;
        see(&path.replace("20", "21"), &ada, "*/*").await;
    }
    see("/api/v1/usage/timeline?date=2026-11-20&outranked=true", &ada, "*/*").await;
    see("/api/v1/usage/timeline?date=2026-11-20&away=true", &ada, "*/*").await;
    see("/api/v1/usage/timeline?date=2026-11-20&away=true&outranked=true", &ada, "*/*").await;
    server.post("/api/v1/usage/track").of(&ada).json(&ping("Code", "11:00:00", "11:00:01")).send().await;
    server.process_log().await;
    for path in CACHED.iter().filter(|path| !path.contains("urls")) {
        see(path, &ada, "*/*").await;
    }
    let count = tags.len();
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), count);
}

#[tokio::test]
async fn a_bad_question_is_told_before_anything_is_compared() {
    let (server, ada) = world().await;
    let reply = server.get("/api/v1/report/apps?date=x").of(&ada).header("if-none-match", "*").send().await;
    assert_eq!(reply.status, 422);
    let reply = server.get("/api/v1/report/apps").header("if-none-match", "*").send().await;
    assert_eq!(reply.status, 401);
}
