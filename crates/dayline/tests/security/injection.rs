//! What a client writes is data, everywhere: it is given back as it was written, and nothing else changes.

use http::Method;
use serde_json::json;

use crate::support::server::Installation;
use crate::web::{PASSWORD, Web, ping, send, session, text};

/// What would end a text, a statement or a row if it were put into SQL as it is.
const SQL: &str = r#"x'); DROP TABLE users; DELETE FROM ledger_days;-- " \ %s $1 ?1 {0} {{"#;

async fn what_looks_like_sql_is_kept_as_it_is(installation: Installation) {
    let web = Web::at(installation, &[]);
    let other = web.newcomer("grace").await;
    let user = json!({"email": "o'brien+--;@example.org", "password": PASSWORD, "full_name": SQL});
    send(web.post("/api/v1/users", &user)).await.expect(201);
    let login = json!({"email": user["email"], "password": PASSWORD, "device_id": SQL, "device_name": SQL});
    let answer = send(web.post("/api/v1/auth/login", &login)).await.expect(200);
    let mallory = session("o'brien+--;@example.org", &answer);
    let key = json!({"name": SQL, "scopes": ["track"]});
    send(web.post("/api/v1/api-keys", &key).bearer_auth(&mallory.access)).await.expect(201);
    send(web.track(&mallory.access, &ping(SQL))).await.expect(202);

    let get = async |path: &str| send(web.get(path, &mallory.access)).await;
    assert_eq!(text(&get("/api/v1/users/me").await.json(), "full_name"), SQL);
    assert_eq!(text(&get("/api/v1/api-keys").await.json()["api_keys"][0], "name"), SQL);
    let sessions = get("/api/v1/auth/sessions").await.json()["sessions"].take();
    assert_eq!(
        (text(&sessions[0], "device_id"), text(&sessions[0], "device_name")),
        (SQL.into(), SQL.into())
    );
    web.until_counted(&mallory.access, SQL).await;

    for path in ["/api/v1/report/apps?date=2026-01-01';--", "/api/v1/report/apps?tz=UTC';--"] {
        assert_eq!(get(path).await.status, 422, "{path}");
    }
    for path in ["/api/v1/auth/sessions/1'or'1'='1", "/api/v1/api-keys/1'or'1'='1"] {
        assert_eq!(
            send(web.call(Method::DELETE, path).bearer_auth(&mallory.access)).await.status,
            404,
            "{path}"
        );
    }
    // Whoever else there is has noticed nothing.
    web.me(&other.access).await.expect(200);
    send(web.login(&other.email, PASSWORD, "phone")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_like_sql_is_kept_as_it_is_in_sqlite() {
    what_looks_like_sql_is_kept_as_it_is(Installation::alone()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_like_sql_is_kept_as_it_is_in_postgresql() {
    what_looks_like_sql_is_kept_as_it_is(Installation::cluster()).await;
}
