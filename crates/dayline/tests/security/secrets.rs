//! Every secret that a run issues or is told, searched for in everything that the run left behind.

use std::fs;
use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::web::{PASSWORD, Web, send, session, text};

const NEW_PASSWORD: &str = "Eberesche-0815";
const WRONG_PASSWORD: &str = "Vogelbeere-1234";

/// Does everything that has to do with secrets; gives the secrets.
async fn use_everything(web: &Web) -> Vec<String> {
    let ada = web.newcomer("ada").await;
    let key = web.key(&ada, &json!(["track", "read"])).await;
    let mut secrets = vec![ada.access.clone(), ada.refresh.clone(), key.clone()];

    send(web.login(&ada.email, WRONG_PASSWORD, "phone")).await.expect(401);
    let code = send(web.post("/api/v1/auth/device", &json!({"device_id": "tv"}))).await.json();
    let poll = json!({"device_code": code["device_code"]});
    send(web.post("/api/v1/auth/device/token", &poll)).await.expect(400);
    let path = format!("/api/v1/auth/device?user_code={}", text(&code, "user_code"));
    send(web.get(&path, &ada.access)).await.expect(200);
    let approve = json!({"user_code": code["user_code"]});
    send(web.post("/api/v1/auth/device/approve", &approve).bearer_auth(&ada.access)).await.expect(204);
    let tv = session(&ada.email, &send(web.post("/api/v1/auth/device/token", &poll)).await.expect(200));
    secrets.extend([text(&code, "device_code"), tv.access.clone(), tv.refresh.clone()]);

    // By cookie, with a secret where none belongs, and with what is no JSON.
    let cookie = format!("dayline_refresh={}", tv.refresh);
    let refresh = web.call(Method::POST, "/api/v1/auth/refresh").header("cookie", cookie);
    let next = send(refresh.header("origin", web.installation.url())).await.expect(200);
    let next = session(&ada.email, &next);
    secrets.extend([next.access.clone(), next.refresh.clone()]);
    send(web.call(Method::GET, &format!("/api/v1/users/{key}?token={}", ada.access))).await.expect(401);
    send(web.get("/api/v1/users/me", &format!("{key}x"))).await.expect(401);
    let broken = format!("{{\"email\": \"{}\", \"password\": \"{PASSWORD}\"", ada.email);
    let broken = web.call(Method::POST, "/api/v1/auth/login").body(broken);
    send(broken.header("content-type", "application/json")).await.expect(400);
    send(web.post("/api/v1/auth/refresh", &json!({"refresh_token": [ada.refresh]}))).await.expect(422);

    let mut live = web.get("/api/v1/live", &key).send().await.unwrap();
    send(web.track(&key, &crate::web::ping("Code"))).await.expect(202);
    let event = async {
        while !String::from_utf8_lossy(&live.chunk().await.unwrap().unwrap()).contains("changed") {}
    };
    tokio::time::timeout(Duration::from_secs(20), event).await.expect("an event comes");
    send(web.get("/api/v1/users/me/export", &ada.access)).await.expect(200);
    let change = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    send(web.post("/api/v1/users/me/password", &change).bearer_auth(&ada.access)).await.expect(204);
    let again = send(web.login(&ada.email, NEW_PASSWORD, "desk")).await.expect(200);
    let again = session(&ada.email, &again);
    // An older token again, so that a session ends for its reuse.
    let second = session(&ada.email, &send(web.refresh(&again.refresh)).await.expect(200));
    let third = session(&ada.email, &send(web.refresh(&second.refresh)).await.expect(200));
    let fourth = session(&ada.email, &send(web.refresh(&third.refresh)).await.expect(200));
    assert_eq!(send(web.refresh(&again.refresh)).await.problem(), (401, "token_reused".into()));
    for session in [again, second, third, fourth] {
        secrets.extend([session.access, session.refresh]);
    }
    secrets.extend([PASSWORD, NEW_PASSWORD, WRONG_PASSWORD].map(str::to_owned));
    secrets
}

/// Fails if a file of the run has one of the texts in it.
fn expect_absent(web: &Web, secrets: &[String]) {
    let mut files = vec![("the log".to_owned(), web.installation.log().into_bytes())];
    for entry in fs::read_dir(web.installation.data()).unwrap() {
        let path = entry.unwrap().path();
        files.push((path.display().to_string(), fs::read(&path).unwrap()));
    }
    assert!(files.len() >= 4, "{}", files.len());
    for (name, bytes) in files {
        for secret in secrets {
            // The random part alone would be a find, too.
            let random = &secret[secret.len() - secret.len().min(24)..];
            let found = bytes.windows(random.len()).any(|window| window == random.as_bytes());
            assert!(!found, "{name} has a secret in it: …{random}");
        }
    }
}

#[tokio::test]
async fn no_token_key_code_or_password_is_in_a_log_or_a_file() {
    for format in ["text", "json"] {
        let mut web = Web::start(&["--log-level", "trace", "--log-format", format]);
        let secrets = use_everything(&web).await;
        assert_eq!(secrets.len(), 19);
        expect_absent(&web, &secrets);
        web.server.stop();
        expect_absent(&web, &secrets);
        // The search finds what is there.
        assert!(
            fs::read(web.installation.data().join("dayline.db"))
                .unwrap()
                .windows(15)
                .any(|w| w == b"ada@example.org")
        );
    }
}
