//! A client that sends what it is told, and people who are signed in.

use std::time::Duration;

use http::{HeaderMap, Method};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::support::account::eventually;
use crate::support::now;
use crate::support::server::{Installation, Server};

/// A password that nothing else in a run contains.
pub(crate) const PASSWORD: &str = "Rosskastanie-4711";

/// A server in a place of its own, and a client for it.
pub(crate) struct Web {
    pub(crate) installation: Installation,
    pub(crate) server: Server,
    http: Client,
}

/// Somebody who is signed in on one device.
#[derive(Debug, Clone, Default)]
pub(crate) struct Session {
    pub(crate) email: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) id: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The status and the problem's code.
    pub(crate) fn problem(&self) -> (u16, String) {
        (self.status, self.json()["code"].as_str().unwrap_or_default().to_owned())
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks the status; gives the answer.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

pub(crate) fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}")).to_owned()
}

/// Sends a request.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.timeout(Duration::from_mins(1)).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

impl Web {
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::at(Installation::alone(), options)
    }

    pub(crate) fn at(installation: Installation, options: &[&str]) -> Self {
        let server = installation.start(options);
        // A connection kept from before a restart would be cut at its next use.
        let http = Client::builder().pool_max_idle_per_host(0).build().unwrap();
        Self { installation, server, http }
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.installation.url()))
    }

    pub(crate) fn get(&self, path: &str, bearer: &str) -> RequestBuilder {
        self.call(Method::GET, path).bearer_auth(bearer)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.call(Method::POST, path).json(body)
    }

    pub(crate) fn delete(&self, path: &str, bearer: &str) -> RequestBuilder {
        self.call(Method::DELETE, path).bearer_auth(bearer)
    }

    pub(crate) fn delete_account(&self, bearer: &str) -> RequestBuilder {
        self.delete("/api/v1/users/me", bearer).json(&json!({"password": PASSWORD}))
    }

    pub(crate) fn login(&self, email: &str, password: &str, device: &str) -> RequestBuilder {
        let body = json!({"email": email, "password": password, "device_id": device});
        self.post("/api/v1/auth/login", &body)
    }

    pub(crate) fn refresh(&self, token: &str) -> RequestBuilder {
        self.post("/api/v1/auth/refresh", &json!({"refresh_token": token}))
    }

    /// What happens to somebody who asks for their profile.
    pub(crate) async fn me(&self, bearer: &str) -> Answer {
        send(self.get("/api/v1/users/me", bearer)).await
    }

    pub(crate) async fn register(&self, name: &str) -> String {
        let email = format!("{name}@example.org");
        let user = json!({"email": email, "password": PASSWORD, "full_name": name});
        send(self.post("/api/v1/users", &user)).await.expect(201);
        email
    }

    pub(crate) async fn sign_in(&self, email: &str, device: &str) -> Session {
        let answer = send(self.login(email, PASSWORD, device)).await.expect(200);
        session(email, &answer)
    }

    /// Registers somebody and signs their laptop in.
    pub(crate) async fn newcomer(&self, name: &str) -> Session {
        let email = self.register(name).await;
        self.sign_in(&email, "laptop").await
    }

    /// Makes a key; gives its text.
    pub(crate) async fn key(&self, of: &Session, scopes: &Value) -> String {
        let key = json!({"name": "tracker", "scopes": scopes});
        let answer = send(self.post("/api/v1/api-keys", &key).bearer_auth(&of.access)).await.expect(201);
        text(&answer.json(), "key")
    }

    /// Waits until an app is in today's and yesterday's report.
    pub(crate) async fn until_counted(&self, bearer: &str, app: &str) {
        let days =
            [now().plus(-86_400_000), now()].map(|at| dayline_cli_kit::units::rfc3339(at)[..10].to_owned());
        let path = format!("/api/v1/report/apps?from={}&to={}&tz=UTC", days[0], days[1]);
        eventually(true, Duration::from_secs(20), async || {
            let items = send(self.get(&path, bearer)).await.expect(200).json()["items"].take();
            items.as_array().unwrap().iter().any(|item| item["app_name"] == app)
        })
        .await;
    }

    pub(crate) fn track(&self, bearer: &str, ping: &Value) -> RequestBuilder {
        self.post("/api/v1/usage/track", ping).bearer_auth(bearer)
    }
}

/// The session of an answer with tokens.
pub(crate) fn session(email: &str, answer: &Answer) -> Session {
    let tokens = answer.json();
    Session {
        email: email.to_owned(),
        access: text(&tokens, "access_token"),
        refresh: text(&tokens, "refresh_token"),
        id: text(&tokens, "session_id"),
    }
}

/// A ping of five seconds that ended half a minute ago.
pub(crate) fn ping(app: &str) -> Value {
    let at = |ms: i64| dayline_cli_kit::units::rfc3339(now().plus(ms));
    json!({"app_name": app, "start_time": at(-35_000), "end_time": at(-30_000)})
}
