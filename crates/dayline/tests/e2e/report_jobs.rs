//! Report jobs: the same as at once, and finished by the next server after a `kill -9`.

use std::time::Duration;

use dayline_domain::{DAY_MS, UtcDay};
use dayline_sim::client::wire::{Body, Format};
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::installation;
use crate::support::account::{client, eventually, ping, register, sign_in};
use crate::support::now;
use crate::support::server::Installation;

/// How long a job may take here: others use the machine, too.
const PATIENCE: Duration = Duration::from_mins(1);
const JOBS: &str = "/api/v1/report/jobs";

/// A person's way to the API.
pub(super) struct Person {
    url: String,
    token: String,
    http: reqwest::Client,
}

impl Person {
    /// Somebody with so many rows, spread over a year.
    pub(super) async fn with_rows(installation: &Installation, name: &str, rows: i64) -> Self {
        let account = register(installation, name).await;
        let device = sign_in(installation, &account, "laptop").await;
        let (year, midnight) = (365 * DAY_MS, now().day().start());
        let at =
            |row: i64| ping(&format!("App {}", row % 40), midnight.plus(-year + row * (year / rows)), 5_123);
        for batch in (0..rows).collect::<Vec<_>>().chunks(1_000) {
            let pings: Vec<_> = batch.iter().map(|row| at(*row)).collect();
            let receipt = device.track(&Body::new(&pings, Format::Array).unwrap()).await.unwrap();
            assert_eq!(receipt.accepted, pings.len());
        }
        let tokens = client(installation).login(&account, "phone").await.unwrap();
        let token = tokens.access_token.expose_secret().to_owned();
        let person = Self { url: installation.url(), token, http: http() };
        let (from, to) = year_of_days();
        let total = async || {
            let report =
                person.get(&format!("/api/v1/report/days?from={from}&to={to}&tz=UTC"), "*/*").await.1;
            serde_json::from_str::<Value>(&report).unwrap()["total_seconds"].as_f64().unwrap().round() as i64
        };
        eventually((rows * 5_123 + 500) / 1_000, PATIENCE, total).await;
        person
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Option<&Value>,
    ) -> (StatusCode, String) {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let request = request.bearer_auth(&self.token).header("accept", accept);
        let request = if let Some(body) = body { request.json(body) } else { request };
        let response = request.send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    pub(super) async fn get(&self, path: &str, accept: &str) -> (StatusCode, String) {
        self.send(Method::GET, path, accept, None).await
    }

    /// Asks for a year; gives the job's path.
    pub(super) async fn ask(&self, kind: &str, format: &str) -> String {
        let (from, to) = year_of_days();
        let job = json!({"kind": kind, "format": format, "from": from, "to": to, "tz": "America/New_York"});
        let (status, job) = self.send(Method::POST, JOBS, "*/*", Some(&job)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{job}");
        format!("{JOBS}/{}", serde_json::from_str::<Value>(&job).unwrap()["id"].as_str().unwrap())
    }

    pub(super) async fn status_of(&self, job: &str) -> String {
        let (_, job) = self.get(job, "*/*").await;
        serde_json::from_str::<Value>(&job).unwrap()["status"].as_str().unwrap().to_owned()
    }
}

/// Each request on a connection of its own: a killed server leaves none that could be used again.
fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap()
}

/// The first and the last day of the year that samples lie in.
fn year_of_days() -> (String, String) {
    let today = now().day().0;
    (UtcDay(today - 366).to_string(), UtcDay(today).to_string())
}

#[tokio::test]
async fn a_year_as_a_job_is_what_the_server_answers_at_once() {
    let installation = installation();
    let mut server = installation.start(&[]);
    let ada = Person::with_rows(&installation, "ada", 10_000).await;
    let (from, to) = year_of_days();
    for kind in ["apps", "domains", "hours", "days"] {
        for (format, media_type) in [("json", "application/json"), ("csv", "text/csv")] {
            let job = ada.ask(kind, format).await;
            eventually("done".to_owned(), PATIENCE, async || ada.status_of(&job).await).await;
            let extension = if format == "csv" { ".csv" } else { "" };
            let result = ada.get(&format!("{job}/result{extension}"), "*/*").await;
            let path = format!("/api/v1/report/{kind}?from={from}&to={to}&tz=America/New_York");
            let at_once = ada.get(&path, media_type).await;
            assert!(result == at_once, "{kind} {format}: {result:.300?} and not {at_once:.300?}");
        }
    }
    assert!(server.stop().success());
}

#[tokio::test]
async fn a_job_of_a_killed_server_is_finished_by_the_next() {
    const ROWS: usize = 20_000;
    let installation = installation();
    let options = ["--report-lease", "2s"];
    let mut server = installation.start(&options);
    let ada = Person::with_rows(&installation, "ada", ROWS as i64).await;
    // More than can be done at once, so that one of them is under way when the power goes.
    let mut jobs = Vec::new();
    for _ in 0..5 {
        jobs.push(ada.ask("timeline", "json").await);
    }
    eventually(true, PATIENCE, async || ada.status_of(&jobs[0]).await != "queued").await;
    server.kill();
    let _next = installation.start(&options);
    let mut results = Vec::new();
    for job in &jobs {
        eventually("done".to_owned(), PATIENCE, async || ada.status_of(job).await).await;
        let (status, result) = ada.get(&format!("{job}/result"), "*/*").await;
        assert_eq!(status, StatusCode::OK);
        let timeline: Value = serde_json::from_str(&result).unwrap();
        assert_eq!(timeline["intervals"].as_array().unwrap().len(), ROWS);
        results.push(result);
    }
    assert!(results.iter().all(|result| *result == results[0]));
}
