//! Somebody with an account, as clients of the API are.

use dayline_app::ports::Clock;
use dayline_domain::DAY_MS;
use dayline_local::SystemClock;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

/// Somebody who tracks, reads and changes something, over connections of their own.
pub(crate) struct Person {
    client: Client,
    url: String,
    token: String,
    /// On which all of it is tracked.
    day: String,
}

impl Person {
    pub(crate) async fn new(url: &str, number: usize) -> Self {
        let client = Client::new();
        let who = json!({"email": format!("person{number}@example.org"), "password": "tea at half past four",
            "full_name": "Ada", "device_id": "laptop"});
        let users = client.post(format!("{url}/api/v1/users")).json(&who).send().await.unwrap();
        assert_eq!(users.status(), 201);
        let tokens = client.post(format!("{url}/api/v1/auth/login")).json(&who).send().await.unwrap();
        let tokens: Value = tokens.json().await.unwrap();
        let token = tokens["access_token"].as_str().unwrap().to_owned();
        let day = SystemClock.now().plus(-2 * DAY_MS).day().to_string();
        Self { client, url: url.to_owned(), token, day }
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    pub(crate) fn patch(&self, path: &str) -> RequestBuilder {
        self.request(Method::PATCH, path)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Sends the request; says what is wrong with the answer.
    pub(crate) async fn ask(&self, request: RequestBuilder) -> Result<Value, String> {
        let answer = request.bearer_auth(&self.token).send().await.map_err(|error| format!("{error:?}"))?;
        let (status, text) = (answer.status(), answer.text().await.map_err(|error| format!("{error:?}"))?);
        if !status.is_success() {
            return Err(format!("{status} {text}"));
        }
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// Tracks one second of the day.
    pub(crate) async fn track(&self, second: u32) -> Result<(), String> {
        let ping = json!({"app_name": "Code", "start_time": self.at_second(second),
            "end_time": self.at_second(second + 1)});
        self.ask(self.post("/api/v1/usage/track").json(&ping)).await.map(drop)
    }

    pub(crate) fn at_second(&self, second: u32) -> String {
        format!("{}T{:02}:{:02}:{:02}Z", self.day, second / 3600, second / 60 % 60, second % 60)
    }

    /// The seconds in the report.
    pub(crate) async fn tracked(&self) -> Result<f64, String> {
        let report = self.ask(self.get(&format!("/api/v1/report/apps?date={}", self.day))).await?;
        Ok(report["items"][0]["seconds"].as_f64().unwrap_or_default())
    }
}
