//! A tracker is signed in by a code, and never sees a password.

use dayline_app::ports::Limit;
use dayline_http_kit::KitConfig;
use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::support::{Person, Reply, Server};

async fn ask(server: &Server) -> Value {
    let device = json!({"device_id": "tracker", "device_name": "Ada's tracker"});
    let reply = server.post("/api/v1/auth/device").header("host", "day.example").json(&device).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (200, "no-store"), "{reply:?}");
    reply.json()
}

async fn poll(server: &Server, code: &Value) -> Reply {
    server.post("/api/v1/auth/device/token").json(&json!({"device_code": code["device_code"]})).send().await
}

/// What a poll that gives no tokens says, as a problem and as OAuth has it.
async fn refusal(server: &Server, code: &Value) -> String {
    let reply = poll(server, code).await;
    let (status, error) = reply.problem();
    assert_eq!((status, &reply.json()["error"]), (400, &json!(error)), "{reply:?}");
    error
}

async fn approve(server: &Server, person: &Person, decision: Value) -> Reply {
    server.post("/api/v1/auth/device/approve").of(person).json(&decision).send().await
}

#[tokio::test]
async fn an_approved_device_gets_tokens_and_is_listed() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let code = ask(&server).await;
    let user_code = code["user_code"].as_str().unwrap();
    assert_eq!(
        code,
        json!({
            "device_code": code["device_code"], "user_code": user_code,
            "verification_uri": "https://day.example/device",
            "verification_uri_complete": format!("https://day.example/device?user_code={user_code}"),
            "expires_in": 600, "interval": 5,
        })
    );
    assert_eq!(refusal(&server, &code).await, "authorization_pending");

    let typed = user_code.to_lowercase().replace('-', "");
    let waiting = server.get(&format!("/api/v1/auth/device?user_code={typed}")).of(&ada).send().await;
    assert_eq!(
        waiting.json(),
        json!({
            "user_code": user_code, "device_id": "tracker", "device_name": "Ada's tracker", "address": null,
            "created_at": "2026-11-20T12:00:00.000Z", "expires_at": "2026-11-20T12:10:00.000Z",
        })
    );
    assert_eq!(approve(&server, &ada, json!({"user_code": typed})).await.status, 204);

    let reply = poll(&server, &code).await;
    assert_eq!((reply.status.as_u16(), reply.header("set-cookie")), (200, ""), "a tracker is no browser");
    let tokens = reply.json();
    let tracker = Person { access: tokens["access_token"].as_str().unwrap().into(), ..Person::default() };
    let me = server.get("/api/v1/users/me").of(&tracker).send().await.json();
    assert_eq!(me["id"], ada.id);
    let sessions = server.get("/api/v1/auth/sessions").of(&ada).send().await.json();
    assert!(sessions["sessions"].as_array().unwrap().iter().any(|session| {
        session["id"] == tokens["session_id"]
            && session["device_id"] == "tracker"
            && session["device_name"] == "Ada's tracker"
    }));
    assert_eq!(refusal(&server, &code).await, "expired_token", "tokens are given once");
}

#[tokio::test]
async fn a_refused_device_is_told_so() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let code = ask(&server).await;
    let decision = json!({"user_code": code["user_code"], "approve": false});
    assert_eq!(approve(&server, &ada, decision).await.status, 204);
    assert_eq!(refusal(&server, &code).await, "access_denied");
}

#[tokio::test]
async fn an_impatient_device_is_told_to_slow_down() {
    let server = Server::new();
    let code = ask(&server).await;
    assert_eq!(refusal(&server, &code).await, "authorization_pending");
    let reply = poll(&server, &code).await;
    assert_eq!((reply.problem(), &reply.json()["interval"]), ((400, "slow_down".into()), &json!(10)));
    server.fake.clock.advance(10_000);
    assert_eq!(refusal(&server, &code).await, "authorization_pending");
}

#[tokio::test]
async fn an_old_and_an_unknown_code_are_expired() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let code = ask(&server).await;
    server.fake.clock.advance(600_000);
    let late = approve(&server, &ada, json!({"user_code": code["user_code"]})).await;
    assert_eq!((late.problem().0, late.fields()), (422, vec!["user_code".into()]));
    assert_eq!(refusal(&server, &code).await, "expired_token");
    assert_eq!(refusal(&server, &json!({"device_code": "dld_made-up"})).await, "expired_token");
}

#[tokio::test]
async fn a_decided_code_is_no_longer_shown_to_anybody() {
    let server = Server::new();
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    let code = ask(&server).await;
    approve(&server, &ada, json!({"user_code": code["user_code"]})).await;
    let path = format!("/api/v1/auth/device?user_code={}", code["user_code"].as_str().unwrap());
    let unknown = server.get("/api/v1/auth/device?user_code=BCDF-GHJK").of(&eve).send().await;
    let seen = server.get(&path).of(&eve).send().await;
    assert_eq!((seen.problem(), seen.json()), (unknown.problem(), unknown.json()));
    assert_eq!(approve(&server, &eve, json!({"user_code": code["user_code"]})).await.problem().0, 422);
    let tokens = poll(&server, &code).await.json();
    let tracker = Person { access: tokens["access_token"].as_str().unwrap().into(), ..Person::default() };
    assert_eq!(server.get("/api/v1/users/me").of(&tracker).send().await.json()["id"], ada.id);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let asked = server.post("/api/v1/auth/device").json(&json!({"device_name": ""})).send().await;
    assert_eq!(
        (asked.status.as_u16(), asked.fields()),
        (422, vec!["device_id".into(), "device_name".into()])
    );
    let polled = server.post("/api/v1/auth/device/token").json(&json!({"device_code": 5})).send().await;
    assert_eq!((polled.status.as_u16(), polled.fields()), (422, vec!["device_code".into()]));
    let decided = approve(&server, &ada, json!({"approve": "yes"})).await;
    assert_eq!(
        (decided.status.as_u16(), decided.fields()),
        (422, vec!["user_code".into(), "approve".into()])
    );
    let looked = server.request(Method::GET, "/api/v1/auth/device").of(&ada).send().await;
    assert_eq!((looked.status.as_u16(), looked.fields()), (422, vec!["user_code".into()]));
}

#[tokio::test]
async fn guessing_codes_ends_soon() {
    let server = Server::new();
    let ada = server.person("ada").await;
    server.fake.limits.allow(Limit::ApprovePerUser, 1);
    let guess = || approve(&server, &ada, json!({"user_code": "BCDF-GHJK"}));
    assert_eq!(guess().await.problem().0, 422);
    let reply = guess().await;
    assert_eq!((reply.problem(), reply.header("retry-after")), ((429, "too_many_requests".into()), "7"));
}

#[tokio::test]
async fn too_many_changes_by_one_person_are_refused_for_a_while() {
    let server = Server::new();
    let ada = server.person("ada").await;
    server.fake.limits.allow(Limit::AccountWritePerUser, 1);
    let rename = || {
        let call = server.request(Method::PATCH, "/api/v1/users/me").of(&ada);
        call.json(&json!({"full_name": "Grace"})).send()
    };
    assert_eq!(rename().await.status, 200);
    let reply = rename().await;
    assert_eq!((reply.problem(), reply.header("retry-after")), ((429, "too_many_requests".into()), "7"));
}

#[tokio::test]
async fn links_lead_to_where_the_operator_says() {
    let public_url = Some("https://day.example.org/".to_owned());
    let server = Server::with(KitConfig { public_url, ..KitConfig::default() });
    assert_eq!(ask(&server).await["verification_uri"], "https://day.example.org/device");
}

/// Sends a form, as stock OAuth clients do.
async fn form(server: &Server, path: &str, form: &str) -> Reply {
    let call = server.post(path).header("host", "day.example");
    let (parts, body) = call.body("application/x-www-form-urlencoded", form.to_owned()).open().await;
    let body = body.collect().await.unwrap().to_bytes();
    let reply = Reply { status: parts.status, headers: parts.headers, body };
    assert_eq!(
        (reply.header("content-type"), reply.header("cache-control")),
        ("application/json", "no-store")
    );
    reply
}

const CODES: &str = "/api/v1/auth/device";
const TOKENS: &str = "/api/v1/auth/device/token";
const GRANT: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";

/// The sessions' devices after two clients of a program were signed in.
async fn devices_of_two(asks: [&str; 2]) -> Vec<String> {
    let server = Server::new();
    let ada = server.person("ada").await;
    for ask in asks {
        let codes = form(&server, CODES, ask).await.json();
        assert_eq!(approve(&server, &ada, json!({"user_code": codes["user_code"]})).await.status, 204);
        let poll = format!("{GRANT}&device_code={}", codes["device_code"].as_str().unwrap());
        assert_eq!(form(&server, TOKENS, &poll).await.status, 200);
        server.fake.clock.advance(1);
    }
    let sessions = server.get("/api/v1/auth/sessions").of(&ada).send().await.json();
    let id = |session: &Value| session["device_id"].as_str().unwrap().to_owned();
    sessions["sessions"].as_array().unwrap().iter().map(id).filter(|id| id != "laptop").collect()
}

#[tokio::test]
async fn two_devices_with_one_program_do_not_sign_each_other_out() {
    assert_eq!(devices_of_two(["client_id=tracker", "client_id=tracker"]).await.len(), 2);
    let named = ["client_id=tracker&device_id=desk", "client_id=other&device_id=desk"];
    assert_eq!(devices_of_two(named).await, ["desk"]);
}

#[tokio::test]
async fn a_stock_oauth_client_is_signed_in_and_renews_its_tokens_by_forms() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let codes = form(&server, CODES, "client_id=tracker&scope=track").await.json();
    assert_eq!(codes["verification_uri"], "https://day.example/device");
    let code = codes["device_code"].as_str().unwrap().to_owned();
    let poll =
        || async { form(&server, TOKENS, &format!("{GRANT}&device_code={code}&client_id=tracker")).await };
    for error in ["authorization_pending", "slow_down"] {
        let reply = poll().await;
        assert_eq!((reply.status.as_u16(), &reply.json()["error"]), (400, &json!(error)), "{reply:?}");
    }
    server.fake.clock.advance(10_000);
    assert_eq!(approve(&server, &ada, json!({"user_code": codes["user_code"]})).await.status, 204);
    let tokens = poll().await.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
    let sessions = server.get("/api/v1/auth/sessions").of(&ada).send().await.json();
    let devices: Vec<_> = sessions["sessions"].as_array().unwrap().iter().map(|s| &s["device_id"]).collect();
    assert!(devices.iter().any(|id| id.as_str().unwrap().starts_with("tracker-")), "{devices:?}");

    let renew =
        format!("grant_type=refresh_token&refresh_token={}", tokens["refresh_token"].as_str().unwrap());
    let renewed = form(&server, TOKENS, &renew).await;
    let tracker =
        Person { access: renewed.json()["access_token"].as_str().unwrap().to_owned(), ..Person::default() };
    assert_eq!(server.get("/api/v1/users/me").of(&tracker).send().await.status, 200);
    assert_eq!(server.post("/api/v1/auth/logout").of(&tracker).send().await.status, 204);
    for (again, error) in [(format!("{GRANT}&device_code={code}"), "expired_token"), (renew, "invalid_grant")]
    {
        let reply = form(&server, TOKENS, &again).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["error"]), (400, &json!(error)));
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_told_as_the_standard_says() {
    let server = Server::new();
    for (path, text, error) in [
        (CODES, "", "invalid_request"),
        (CODES, "client_id=", "invalid_request"),
        (CODES, "client_id=a&client_id=b", "invalid_request"),
        (CODES, "client_id=%FF", "invalid_request"),
        (TOKENS, "device_code=dld_x", "invalid_request"),
        (TOKENS, "grant_type=password&username=ada", "unsupported_grant_type"),
        (TOKENS, GRANT, "invalid_request"),
        (TOKENS, "grant_type=refresh_token", "invalid_request"),
        (TOKENS, "grant_type=refresh_token&refresh_token=made-up", "invalid_grant"),
    ] {
        let reply = form(&server, path, text).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["error"]), (400, &json!(error)), "{path} {text}");
        assert!(reply.json()["error_description"].as_str().is_some_and(|text| !text.is_empty()));
    }
}
