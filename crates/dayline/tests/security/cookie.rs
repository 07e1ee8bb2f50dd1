//! The refresh token as a cookie: from pages of this site only, rotated with the token, gone after signing out.

use http::Method;
use serde_json::json;

use crate::web::{Answer, PASSWORD, Web, send, session};

/// The cookie that an answer sets, with its attributes.
fn cookie(answer: &Answer) -> (String, Vec<String>) {
    let mut parts = answer.header("set-cookie").split("; ").map(str::to_owned);
    (parts.next().unwrap_or_default(), parts.collect())
}

#[tokio::test]
async fn a_browser_stays_signed_in_by_its_cookie() {
    let web = Web::start(&[]);
    let ada = web.register("ada").await;
    let login = send(web.login(&ada, PASSWORD, "browser")).await.expect(200);
    let (first, attributes) = cookie(&login);
    assert_eq!(first, format!("dayline_refresh={}", session(&ada, &login).refresh));
    // Plain http on loopback: there is no TLS that `Secure` could wait for.
    assert_eq!(attributes, ["Path=/api/v1/auth", "HttpOnly", "SameSite=Strict", "Max-Age=2592000"]);

    let refresh = |cookie: &str, origin: &str| {
        let call = web.call(Method::POST, "/api/v1/auth/refresh").header("cookie", cookie);
        send(if origin.is_empty() { call } else { call.header("origin", origin) })
    };
    for foreign in ["", "null", "https://evil.example", "http://127.0.0.1:1", "http://localhost"] {
        let refused = refresh(&first, foreign).await;
        assert_eq!(refused.problem(), (403, "foreign_origin".into()), "{foreign}");
    }
    let next = refresh(&first, &web.installation.url()).await.expect(200);
    let (second, _) = cookie(&next);
    assert_ne!(second, first);
    let access = session(&ada, &next).access;
    assert_eq!(web.me(&access).await.status, 200);

    let logout = send(web.call(Method::POST, "/api/v1/auth/logout").bearer_auth(&access)).await.expect(204);
    let (gone, attributes) = cookie(&logout);
    assert_eq!(gone, "dayline_refresh=");
    assert!(attributes.contains(&"Max-Age=0".to_owned()), "{attributes:?}");
    assert_eq!(refresh(&second, &web.installation.url()).await.problem(), (401, "session_revoked".into()));
}

#[tokio::test]
async fn a_cookie_opens_nothing_but_the_refresh() {
    let web = Web::start(&[]);
    let ada = web.newcomer("ada").await;
    for (method, path) in [
        (Method::GET, "/api/v1/users/me"),
        (Method::DELETE, "/api/v1/users/me"),
        (Method::GET, "/api/v1/auth/sessions"),
        (Method::POST, "/api/v1/auth/logout-all"),
        (Method::POST, "/api/v1/api-keys"),
    ] {
        for value in [&ada.refresh, &ada.access] {
            let call = web.call(method.clone(), path).header("cookie", format!("dayline_refresh={value}"));
            let call = call.header("origin", web.installation.url()).json(&json!({}));
            assert_eq!(send(call).await.problem(), (401, "not_signed_in".into()), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn behind_a_proxy_the_cookie_is_for_tls_alone() {
    let web = Web::start(&["--trusted-proxy", "127.0.0.1"]);
    let ada = web.register("ada").await;
    let login = web.login(&ada, PASSWORD, "browser").header("x-forwarded-for", "203.0.113.7");
    let (_, attributes) = cookie(&send(login).await.expect(200));
    assert!(attributes.contains(&"Secure".to_owned()), "{attributes:?}");
    let login = web.login(&ada, PASSWORD, "browser").header("host", "dayline.example.org");
    let (_, attributes) = cookie(&send(login).await.expect(200));
    assert!(attributes.contains(&"Secure".to_owned()), "{attributes:?}");
}
