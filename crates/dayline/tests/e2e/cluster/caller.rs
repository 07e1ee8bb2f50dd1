//! A client that says which node it talks to, and sees the answers as they are.

use dayline_domain::UtcMs;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::support::account::{PASSWORD, account, ping};
use crate::support::now;

/// Somebody with a credential, at one node.
pub(super) struct Caller {
    pub(super) http: Client,
    pub(super) url: String,
    pub(super) bearer: String,
}

impl Caller {
    pub(super) fn new(url: &str, bearer: &str) -> Self {
        Self { http: Client::new(), url: url.to_owned(), bearer: bearer.to_owned() }
    }

    pub(super) async fn get(&self, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.bearer).send().await.unwrap()
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Response {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.bearer);
        request.json(body).send().await.unwrap()
    }

    pub(super) async fn delete(&self, path: &str) -> Response {
        self.http.delete(format!("{}{path}", self.url)).bearer_auth(&self.bearer).send().await.unwrap()
    }

    /// A fresh session on one device.
    pub(super) async fn signed_in(url: &str, name: &str, device: &str) -> Self {
        let nobody = Self::new(url, "");
        let body = json!({ "email": account(name).email, "password": PASSWORD, "device_id": device });
        let tokens: Value = nobody.post("/api/v1/auth/login", &body).await.json().await.unwrap();
        Self::new(url, tokens["access_token"].as_str().unwrap())
    }

    /// The same bearer at another node.
    pub(super) fn at(&self, url: &str) -> Self {
        Self::new(url, &self.bearer)
    }

    /// Sends a ping of one second.
    pub(super) async fn track(&self, start: UtcMs) -> u16 {
        let body = serde_json::to_value(ping("Code", start, 1_000)).unwrap();
        self.post("/api/v1/usage/track", &body).await.status().as_u16()
    }

    pub(super) async fn report_status(&self) -> u16 {
        self.get(&format!("/api/v1/report/apps?date={}", now().day())).await.status().as_u16()
    }
}
