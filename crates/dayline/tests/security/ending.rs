//! What has ended is refused, soon and everywhere, and what was deleted is gone.

use std::time::{Duration, Instant};

use http::Method;
use rusqlite::Connection;
use serde_json::json;

use crate::support::account::eventually;
use crate::support::command::run_with_input;
use crate::web::{Answer, PASSWORD, Session, Web, ping, send, session, text};

/// How soon the node on which something was ended refuses it.
const HERE: Duration = Duration::from_secs(1);
/// How soon everything of a deleted person is refused.
const EVERYWHERE: Duration = Duration::from_secs(2);

async fn expect_refused_within(web: &Web, bearer: &str, within: Duration) {
    eventually(401, within, async || web.me(bearer).await.status).await;
}

#[tokio::test]
async fn an_ended_session_is_refused_within_a_second_with_all_its_tokens() {
    let web = Web::start(&[]);
    let laptop = web.newcomer("ada").await;
    let phone = web.sign_in(&laptop.email, "phone").await;
    let next = session(&laptop.email, &send(web.refresh(&phone.refresh)).await.expect(200));
    for token in [&phone.access, &next.access] {
        assert_eq!(web.me(token).await.status, 200);
    }
    let path = format!("/api/v1/auth/sessions/{}", phone.id);
    send(web.delete(&path, &laptop.access)).await.expect(204);
    for token in [&phone.access, &next.access] {
        expect_refused_within(&web, token, HERE).await;
        assert_eq!(web.me(token).await.problem(), (401, "session_revoked".into()));
    }
    assert_eq!(send(web.refresh(&next.refresh)).await.problem(), (401, "session_revoked".into()));
    assert_eq!(send(web.delete(&path, &laptop.access)).await.problem(), (404, "not_found".into()));
    let logout = |token: &str| send(web.call(Method::POST, "/api/v1/auth/logout").bearer_auth(token));
    for _ in 0..2 {
        assert_eq!(logout(&phone.access).await.status, 204);
    }
}

#[tokio::test]
async fn all_other_sessions_end_and_then_all_and_a_restart_brings_none_back() {
    let mut web = Web::start(&[]);
    let laptop = web.newcomer("ada").await;
    let phone = web.sign_in(&laptop.email, "phone").await;
    let end = |path: &'static str| send(web.call(Method::POST, path).bearer_auth(&laptop.access));
    end("/api/v1/auth/logout-all?keep_current=true").await.expect(204);
    expect_refused_within(&web, &phone.access, HERE).await;
    assert_eq!(web.me(&laptop.access).await.status, 200);
    let phone = web.sign_in(&laptop.email, "phone").await;
    end("/api/v1/auth/logout-all").await.expect(204);
    for ended in [&laptop, &phone] {
        expect_refused_within(&web, &ended.access, HERE).await;
    }
    web.server.kill();
    web.server = web.installation.start(&[]);
    for ended in [&laptop, &phone] {
        assert_eq!(web.me(&ended.access).await.problem(), (401, "session_revoked".into()));
        assert_eq!(send(web.refresh(&ended.refresh)).await.status, 401);
    }
}

#[tokio::test]
async fn one_person_has_a_bounded_number_of_sessions_and_the_oldest_ends() {
    let web = Web::start(&["--max-sessions", "3"]);
    let first = web.newcomer("ada").await;
    let mut others = Vec::new();
    for device in ["phone", "desk", "tv"] {
        others.push(web.sign_in(&first.email, device).await);
    }
    expect_refused_within(&web, &first.access, HERE).await;
    for other in &others {
        assert_eq!(web.me(&other.access).await.status, 200);
    }
}

/// Ada with everything a person can have.
struct Ada {
    laptop: Session,
    phone: Session,
    key: String,
    /// A device that she has approved and that has not asked for its tokens yet.
    device: String,
}

async fn ada(web: &Web) -> Ada {
    let laptop = web.newcomer("ada").await;
    let phone = web.sign_in(&laptop.email, "phone").await;
    let key = web.key(&laptop, &json!(["track", "read"])).await;
    let code = send(web.post("/api/v1/auth/device", &json!({"device_id": "tv"}))).await.json();
    let approve = json!({"user_code": code["user_code"]});
    send(web.post("/api/v1/auth/device/approve", &approve).bearer_auth(&laptop.access)).await.expect(204);
    for bearer in [&laptop.access, &phone.access, &key] {
        send(web.track(bearer, &ping("Code"))).await.expect(202);
    }
    Ada { laptop, phone, key, device: text(&code, "device_code") }
}

#[tokio::test]
async fn everything_of_a_deleted_person_is_refused_within_two_seconds() {
    let web = Web::start(&[]);
    let Ada { laptop, phone, key, device } = ada(&web).await;
    let live = web.get("/api/v1/live", &phone.access).send().await.unwrap();
    assert_eq!(live.status(), 200);

    send(web.delete_account(&laptop.access)).await.expect(204);
    let deleted = Instant::now();
    for bearer in [&laptop.access, &phone.access] {
        expect_refused_within(&web, bearer, EVERYWHERE).await;
        assert_eq!(send(web.track(bearer, &ping("Code"))).await.status, 401);
    }
    eventually(401, EVERYWHERE, async || send(web.track(&key, &ping("Code"))).await.status).await;
    for refresh in [&laptop.refresh, &phone.refresh] {
        assert_eq!(send(web.refresh(refresh)).await.status, 401);
    }
    let poll = send(web.post("/api/v1/auth/device/token", &json!({"device_code": device}))).await;
    assert_eq!(poll.problem(), (400, "expired_token".into()));
    let login = send(web.login(&laptop.email, PASSWORD, "laptop")).await;
    assert_eq!(login.problem(), (401, "invalid_credentials".into()));
    let last_words = live.text().await.unwrap();
    assert!(last_words.contains("event: end"), "{last_words}");
    println!("all refused {:?} after the deletion", deleted.elapsed());
    assert!(deleted.elapsed() < EVERYWHERE, "{:?}", deleted.elapsed());
}

/// A device that asked, and that this session has approved; gives the secret to poll with.
async fn approved_device(web: &Web, by: &Session) -> String {
    let asked = send(web.post("/api/v1/auth/device", &json!({"device_id": "tv"}))).await.json();
    let approve = json!({"user_code": asked["user_code"]});
    send(web.post("/api/v1/auth/device/approve", &approve).bearer_auth(&by.access)).await.expect(204);
    text(&asked, "device_code")
}

async fn poll(web: &Web, device_code: &str) -> Answer {
    send(web.post("/api/v1/auth/device/token", &json!({"device_code": device_code}))).await
}

#[tokio::test]
async fn a_device_that_a_signed_out_session_approved_is_not_signed_in() {
    let web = Web::start(&[]);
    let laptop = web.newcomer("ada").await;
    let void = (400, "expired_token".to_owned());

    let phone = web.sign_in(&laptop.email, "phone").await;
    let code = approved_device(&web, &phone).await;
    send(web.post("/api/v1/auth/logout", &json!({})).bearer_auth(&phone.access)).await.expect(204);
    assert_eq!(poll(&web, &code).await.problem(), void);

    let phone = web.sign_in(&laptop.email, "phone").await;
    let code = approved_device(&web, &phone).await;
    let path = format!("/api/v1/auth/sessions/{}", phone.id);
    send(web.delete(&path, &laptop.access)).await.expect(204);
    assert_eq!(poll(&web, &code).await.problem(), void);

    let phone = web.sign_in(&laptop.email, "phone").await;
    let (code, kept) = (approved_device(&web, &phone).await, approved_device(&web, &laptop).await);
    let others = web.call(Method::POST, "/api/v1/auth/logout-all?keep_current=true");
    send(others.bearer_auth(&laptop.access)).await.expect(204);
    assert_eq!(poll(&web, &code).await.problem(), void);
    poll(&web, &kept).await.expect(200);

    let phone = web.sign_in(&laptop.email, "phone").await;
    let code = approved_device(&web, &phone).await;
    let change = json!({"current_password": PASSWORD, "new_password": "an entirely other one"});
    send(web.post("/api/v1/users/me/password", &change).bearer_auth(&laptop.access)).await.expect(204);
    assert_eq!(poll(&web, &code).await.problem(), void);

    let code = approved_device(&web, &laptop).await;
    send(web.call(Method::POST, "/api/v1/auth/logout-all").bearer_auth(&laptop.access)).await.expect(204);
    assert_eq!(poll(&web, &code).await.problem(), void);
}

#[tokio::test]
async fn an_operators_new_password_ends_approved_devices_and_keys_if_that_is_wanted() {
    let web = Web::start(&[]);
    let laptop = web.newcomer("ada").await;
    let key = web.key(&laptop, &json!(["track"])).await;
    let code = approved_device(&web, &laptop).await;
    let [option, data] = web.installation.data_options();
    let reset = ["user", "reset-password", "ada@example.org", &option, &data];
    let output = run_with_input(&reset, "an entirely other one\n");
    let told = output.expect_success();
    assert!(told.contains("api keys still work"), "{told}");
    assert_eq!(poll(&web, &code).await.problem(), (400, "expired_token".into()));
    send(web.track(&key, &ping("Code"))).await.expect(202);

    let reset = [&reset[..], &["--delete-api-keys"]].concat();
    let output = run_with_input(&reset, "an entirely other one\n");
    let told = output.expect_success();
    assert!(told.contains("1 api keys are deleted"), "{told}");
    eventually(401, EVERYWHERE, async || send(web.track(&key, &ping("Code"))).await.status).await;
}

fn rows(connection: &Connection, table: &str) -> i64 {
    connection.query_row(&format!("SELECT count(*) FROM \"{table}\""), [], |row| row.get(0)).unwrap()
}

/// The tables that keep something about people.
fn tables(connection: &Connection) -> Vec<String> {
    let about_people = "SELECT DISTINCT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
        WHERE m.type = 'table' AND (m.name = 'users' OR c.name IN ('user_number', 'approved_by'))";
    let mut statement = connection.prepare(about_people).unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn a_deleted_person_leaves_no_row_and_no_waiting_ping() {
    let mut web = Web::start(&[]);
    let Ada { laptop, .. } = ada(&web).await;
    let today = "/api/v1/report/apps";
    eventually(true, Duration::from_secs(5), async || {
        send(web.get(today, &laptop.access)).await.text.contains("Code")
            || crate::support::now().plus(-60_000).day() != crate::support::now().day()
    })
    .await;
    let database = web.installation.data().join("dayline.db");
    let before = Connection::open(&database).unwrap();
    let tables = tables(&before);
    for kept in ["users", "sessions", "api_keys", "device_logins", "audit_events", "ledger_days", "subjects"]
    {
        assert!(tables.iter().any(|table| table == kept), "{kept} of {tables:?}");
        assert!(rows(&before, kept) > 0, "{kept}");
    }
    drop(before);

    // These are in the log, and not yet in the ledger, when she goes.
    for _ in 0..20 {
        send(web.track(&laptop.access, &ping("Last words"))).await.expect(202);
    }
    send(web.delete_account(&laptop.access)).await.expect(204);
    assert!(web.server.stop().success());
    let after = Connection::open(&database).unwrap();
    for table in &tables {
        assert_eq!(rows(&after, table), 0, "{table}");
    }
    web.server = web.installation.start(&[]);
    eventually(true, Duration::from_secs(5), async || {
        let metrics = send(web.call(Method::GET, "/metrics")).await.text;
        metrics.lines().any(|line| line == "dayline_log_entries 0")
    })
    .await;
    web.server.stop();
    for table in &tables {
        assert_eq!(rows(&after, table), 0, "{table}");
    }
}
