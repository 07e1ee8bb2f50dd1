//! Nobody can read, change or end what is somebody else's, or learn that it exists: for every route
//! there is.

use http::Method;
use serde_json::{Value, json};

use crate::document::operations;
use crate::support::{PASSWORD, Person, Server, ping};

/// What a stranger sends to a route to get at Ada's data.
enum Attack {
    /// The route knows no people.
    Public,
    /// The route takes no name of anything: it is about the caller.
    Own(Value),
    /// The route names something, here by the id of what is Ada's: it must not be found.
    Named(String),
}

/// What Ada has that a stranger might name.
struct Hers {
    ada: Person,
    key: Value,
    job: Value,
    entry: Value,
    category: Value,
}

/// Every route has a line here; one without fails the test.
fn attack(method: &Method, path: &str, Hers { ada, key, job, entry, category }: &Hers) -> Option<Attack> {
    let hers = json!({
        "user_id": ada.id, "id": ada.id, "email": ada.email, "session_id": ada.session, "device_id": "laptop",
    });
    let with = |field: &str, value: Value| {
        let mut body = hers.clone();
        body[field] = value;
        body
    };
    Some(match (method.as_str(), path) {
        ("GET", "/healthz" | "/readyz" | "/metrics" | "/openapi.json" | "/docs") => Attack::Public,
        ("POST", "/api/v1/users") => {
            Attack::Own(json!({"email": ada.email, "password": PASSWORD, "full_name": "Eve", "id": ada.id}))
        }
        ("PATCH", "/api/v1/users/me") => Attack::Own(with("full_name", json!("Eve was here"))),
        ("POST", "/api/v1/users/me/password") => Attack::Own(
            json!({"current_password": PASSWORD, "new_password": "a stolen secret", "email": ada.email}),
        ),
        ("POST", "/api/v1/auth/login") => Attack::Own(with("password", json!("wrong password"))),
        ("POST", "/api/v1/auth/refresh") => {
            Attack::Own(json!({"refresh_token": ada.refresh.replace('-', "0")}))
        }
        ("POST", "/api/v1/auth/device/approve") => Attack::Own(with("user_code", json!("BCDF-GHJK"))),
        ("DELETE", "/api/v1/auth/sessions/{id}") => Attack::Named(ada.session.clone()),
        ("DELETE", "/api/v1/api-keys/{id}") => Attack::Named(key["id"].as_str().unwrap().to_owned()),
        ("GET" | "DELETE", "/api/v1/report/jobs/{id}")
        | (
            "GET",
            "/api/v1/report/jobs/{id}/result"
            | "/api/v1/report/jobs/{id}/result.csv"
            | "/api/v1/report/jobs/{id}/result.ndjson",
        ) => Attack::Named(job["id"].as_str().unwrap().to_owned()),
        ("PUT" | "DELETE", "/api/v1/usage/corrections/{id}") => {
            Attack::Named(entry["id"].as_str().unwrap().to_owned())
        }
        ("PUT" | "DELETE", "/api/v1/categories/{id}") => {
            Attack::Named(category["id"].as_str().unwrap().to_owned())
        }
        ("POST", "/api/v1/categories") => Attack::Own(with("name", json!("AdasCategory"))),
        ("PUT", "/api/v1/aliases") => {
            Attack::Own(with("aliases", json!([{"app_name": "AdasAlias", "shown_as": "Evil"}])))
        }
        ("PATCH", "/api/v1/devices/{id}") => Attack::Named("laptop".to_owned()),
        ("POST", "/api/v1/usage/corrections") => Attack::Own(evil_entry(ada)),
        ("PUT", "/api/v1/users/me/preferences") => Attack::Own(with("beat_hold_minutes", json!(1))),
        ("POST", "/api/v1/report/jobs") => Attack::Own(with("kind", json!("export"))),
        ("POST", "/api/v1/api-keys") => {
            let mut key = with("name", json!("AdasKey2"));
            key["scopes"] = json!(["track"]);
            Attack::Own(key)
        }
        ("GET" | "POST", "/api/v1/connect/{client}") => Attack::Own(with("name", json!("AdasKey2"))),
        ("POST", "/api/v1/usage/track") => {
            let mut ping = ping("Evil", "09:00:00", "09:00:05");
            ping["user_id"] = json!(ada.id);
            ping["email"] = json!(ada.email);
            Attack::Own(ping)
        }
        ("DELETE", "/api/v1/users/me") => Attack::Own(with("password", json!(PASSWORD))),
        (
            "POST",
            "/api/v1/auth/logout"
            | "/api/v1/auth/logout-all"
            | "/api/v1/auth/device"
            | "/api/v1/auth/device/token",
        )
        | (
            "GET",
            "/api/v1/users/me"
            | "/api/v1/users/me/audit"
            | "/api/v1/users/me/export"
            | "/api/v1/users/me/export.json"
            | "/api/v1/live"
            | "/api/v1/auth/sessions"
            | "/api/v1/auth/device"
            | "/api/v1/api-keys"
            | "/api/v1/users/me/preferences"
            | "/api/v1/devices"
            | "/api/v1/aliases"
            | "/api/v1/categories"
            | "/api/v1/usage/corrections"
            | "/api/v1/usage/why"
            | "/api/v1/usage/timeline",
        ) => Attack::Own(hers),
        ("GET", path) if path.starts_with("/api/v1/report/") => Attack::Own(hers),
        _ => return None,
    })
}

/// What somebody else says about Ada's timeline, and about her device.
fn evil_entry(ada: &Person) -> Value {
    let mut entry = ping("Evil", "10:00:00", "10:00:05");
    entry["user_id"] = json!(ada.id);
    entry["name"] = json!("Evil");
    entry
}

/// All that Ada can see of herself.
async fn view(server: &Server, ada: &Person) -> Vec<Value> {
    let mut view = Vec::new();
    for path in [
        "/api/v1/users/me",
        "/api/v1/users/me/audit",
        "/api/v1/auth/sessions",
        "/api/v1/api-keys",
        "/api/v1/report/jobs",
        "/api/v1/usage/timeline?date=2026-11-20&outranked=true",
        "/api/v1/report/apps",
        "/api/v1/report/domains",
        "/api/v1/report/categories",
        "/api/v1/categories",
        "/api/v1/aliases",
        "/api/v1/usage/corrections",
        "/api/v1/usage/why?at=2026-11-20T10:00:00Z",
        "/api/v1/devices",
        "/api/v1/users/me/preferences",
    ] {
        let reply = server.get(path).of(ada).send().await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        let mut seen = reply.json();
        if let Some(entries) = seen["entries"].as_array_mut() {
            // That somebody tried is hers to see.
            entries.retain(|entry| entry["kind"] != "sign_in_failed");
        }
        view.push(seen);
    }
    view
}

/// Ada with a session, a key, a report and a ping in her timeline.
async fn ada_has_data(server: &Server) -> Hers {
    let ada = server.person("ada.who-is-not-in-the-document").await;
    let track = server.post("/api/v1/usage/track").of(&ada).json(&ping("AdasApp", "10:00:00", "10:00:05"));
    assert_eq!(track.send().await.status, 202);
    let entry = ping("AdasApp", "08:00:00", "08:10:00");
    let entry = server.post("/api/v1/usage/corrections").of(&ada).json(&entry).send().await.json();
    server.process_log().await;
    let key = json!({"name": "AdasKey", "scopes": ["track", "read"]});
    let key = server.post("/api/v1/api-keys").of(&ada).json(&key).send().await.json();
    let job = json!({"kind": "apps", "from": "2026-11-20", "to": "2026-11-20"});
    let job = server.post("/api/v1/report/jobs").of(&ada).json(&job).send().await.json();
    server.make_reports().await;
    let category = json!({"name": "AdasCategory", "rules": [{"app": "AdasApp"}]});
    let category = server.post("/api/v1/categories").of(&ada).json(&category).send().await.json();
    let aliases = json!({"aliases": [{"app_name": "AdasAlias", "shown_as": "AdasName"}]});
    let put = server.request(Method::PUT, "/api/v1/aliases").of(&ada).json(&aliases).send().await;
    assert_eq!(put.status, 200, "{put:?}");
    Hers { ada, key, job, entry, category }
}

/// The parameters that an operation needs or shows something of Ada's by.
fn query(operation: &Value) -> &'static str {
    let has = |name| {
        let parameters = operation["parameters"].as_array();
        parameters.is_some_and(|all| all.iter().any(|parameter| parameter["name"] == name))
    };
    match (has("date"), has("at")) {
        (true, _) => "?date=2026-11-20",
        (_, true) => "?at=2026-11-20T10:00:00Z",
        _ => "",
    }
}

#[tokio::test]
async fn no_parameter_says_who_somebody_is() {
    let server = Server::new();
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    for (method, path, _) in operations().into_iter().filter(|(_, path, _)| path.starts_with("/api/")) {
        for parameter in [format!("user_id={}", ada.id), format!("email={}", ada.email)] {
            let path = format!("{}?{parameter}", path.replace("{id}", &ada.session));
            let reply = server.request(method.clone(), &path).of(&eve).json(&json!({})).send().await;
            assert_eq!(reply.problem(), (422, "invalid_input".into()), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn no_route_lets_a_stranger_at_what_is_adas() {
    for (method, path, operation) in operations() {
        let server = Server::new();
        let (hers, eve) = (ada_has_data(&server).await, server.person("eve").await);
        let Hers { ada, key, job, entry, category } = &hers;
        let before = view(&server, ada).await;

        let attack = attack(&method, &path, &hers)
            .unwrap_or_else(|| panic!("say in attack() how a stranger would misuse {method} {path}"));
        let call = |path: &str| server.request(method.clone(), &format!("{path}{}", query(&operation)));
        let reply = match &attack {
            Attack::Public => call(&path).send().await,
            Attack::Own(body) => call(&path.replace("{client}", "curl")).of(&eve).json(body).send().await,
            Attack::Named(id) => {
                let evil = evil_entry(ada);
                let call = |path: &str| call(path).of(&eve).json(&evil);
                let reply = call(&path.replace("{id}", id)).send().await;
                let unknown = path.replace("{id}", "00000000-0000-7000-8000-000000000000");
                let unknown = call(&unknown).send().await;
                assert_eq!(reply.problem(), (404, "not_found".into()), "{method} {path}");
                assert_eq!(reply.body, unknown.body, "{method} {path}");
                reply
            }
        };
        let told = String::from_utf8_lossy(&reply.body).into_owned();
        let (job_id, entry_id) = (job["id"].as_str().unwrap(), entry["id"].as_str().unwrap());
        let category_id = category["id"].as_str().unwrap();
        let (key_id, key_text) = (key["id"].as_str().unwrap(), key["key"].as_str().unwrap());
        let ids = [ada.id.as_str(), &ada.session, &ada.email, &ada.access, &ada.refresh];
        for secret in ["AdasApp", "AdasName", "\"AdasKey\"", category_id, job_id, entry_id, key_id, key_text]
            .into_iter()
            .chain(ids)
        {
            assert!(!told.contains(secret), "{method} {path} tells {secret}: {told}");
        }
        server.process_log().await;
        assert_eq!(view(&server, ada).await, before, "{method} {path} changed what is Ada's");
    }
}

#[tokio::test]
async fn a_key_opens_only_the_routes_that_name_its_scope() {
    for (method, path, operation) in operations() {
        let Some(security) = operation.get("security").and_then(Value::as_array) else { continue };
        let opens = security.iter().filter_map(|scheme| scheme["api_key"].as_array()).flatten();
        let opens: Vec<&str> = opens.filter_map(Value::as_str).collect();
        for scope in ["track", "read"] {
            let server = Server::new();
            let ada = server.person("ada").await;
            let key = json!({"name": "tracker", "scopes": [scope]});
            let key = server.post("/api/v1/api-keys").of(&ada).json(&key).send().await.json();
            let bearer = format!("Bearer {}", key["key"].as_str().unwrap());
            let id = "00000000-0000-7000-8000-000000000000";
            // A body that every route can read, so that only the scope decides.
            let body = json!({
                "full_name": "Ada", "name": "key", "scopes": ["track"], "user_code": "BCDF-GHJK",
                "current_password": PASSWORD, "new_password": "another long secret", "kind": "apps",
                "password": PASSWORD, "app_name": "Code", "aliases": [],
                "start_time": "2026-11-20T10:00:00Z", "end_time": "2026-11-20T10:00:05Z",
            });
            let path = path.replace("{id}", id).replace("{client}", "curl");
            let call = server.request(method.clone(), &path);
            let reply = call.header("authorization", &bearer).json(&body).send().await;
            let is_refused = reply.status == 403;
            assert_eq!(is_refused, !opens.contains(&scope), "{scope}: {method} {path}: {reply:?}");
        }
    }
}

#[tokio::test]
async fn no_route_for_people_answers_somebody_who_is_nobody() {
    let server = Server::new();
    for (method, path, operation) in operations() {
        if operation.get("security").is_none() {
            continue;
        }
        let path = path.replace("{id}", "00000000-0000-7000-8000-000000000000");
        let reply = server.request(method.clone(), &path).json(&json!({})).send().await;
        assert_eq!(reply.problem(), (401, "not_signed_in".into()), "{method} {path}");
    }
}
