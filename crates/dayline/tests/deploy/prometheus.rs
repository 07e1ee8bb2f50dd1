//! A real Prometheus that scrapes a real server under load, asked what the dashboard asks.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use dayline_testkit::{Process, free_port, variable};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::watcher::Watcher;
use crate::{PROGRAM, is_healthy, root, text};

const RULES: &str = "deploy/prometheus/dayline.rules.yml";

/// How long the dashboard may show gaps after everything has started.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server, a crowd that uses it, and the Prometheus that watches it.
struct Watched {
    url: String,
    watcher: Watcher,
    _running: [Process; 2],
    folder: TempDir,
}

impl Watched {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = |name: &str| folder.path().join(name);
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let mut serve = Command::new(PROGRAM);
        serve.args(["serve", "--unlimited", "--listen", &format!("127.0.0.1:{port}"), "--data"]);
        let mut serve = Process::start(serve.arg(folder.path().join("data")), &log("server.log"));
        serve.until(|| is_healthy(port));
        let mut crowd = Command::new(PROGRAM);
        crowd.args(["simulate", "--users", "10", "--interval", "200ms", "--duration", "10m", "--url", &url]);
        let crowd = Process::start(&mut crowd, &log("crowd.log"));
        let mut watcher = Watcher::start(&text(RULES), 1);
        watcher.watch(port);
        Self { url, watcher, _running: [crowd, serve], folder }
    }
}

/// Every expression of the dashboard, with the interval that Grafana would choose.
fn expressions() -> BTreeSet<String> {
    let dashboard: Value = serde_json::from_str(&text("deploy/grafana/dayline.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let expressions: BTreeSet<_> =
        targets.map(|target| target["expr"].as_str().unwrap().replace("$__rate_interval", "5s")).collect();
    assert!(expressions.len() >= 14, "{expressions:?}");
    expressions
}

/// Somebody who reads reports and whose tracker has a wrong clock, which the crowd does not.
struct Reader {
    client: Client,
    token: String,
}

impl Reader {
    async fn of(client: &Client, url: &str) -> Self {
        let who = json!({"email": "ada@example.org", "password": "tea at half past four", "full_name": "Ada",
            "device_id": "laptop"});
        client.post(format!("{url}/api/v1/users")).json(&who).send().await.unwrap();
        let signed_in = client.post(format!("{url}/api/v1/auth/login")).json(&who).send().await.unwrap();
        let signed_in: Value = signed_in.json().await.unwrap();
        Self { client: client.clone(), token: signed_in["access_token"].as_str().unwrap().to_owned() }
    }

    async fn use_it(&self, url: &str) {
        let report = self.client.get(format!("{url}/api/v1/report/apps")).bearer_auth(&self.token);
        assert_eq!(report.send().await.unwrap().status(), 200);
        let ping = json!({"app_name": "Code", "start_time": "2026-11-20T10:00:05Z",
            "end_time": "2026-11-20T10:00:00Z"});
        let refused = self.client.post(format!("{url}/api/v1/usage/track")).bearer_auth(&self.token);
        assert_eq!(refused.json(&ping).send().await.unwrap().status(), 422);
    }
}

fn has_a_number(values: &[f64]) -> bool {
    !values.is_empty() && values.iter().all(|value| value.is_finite())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_expression_of_the_dashboard_gives_a_number_under_load() {
    let watched = tokio::task::spawn_blocking(Watched::start).await.unwrap();
    let client = Client::new();
    let reader = Reader::of(&client, &watched.url).await;
    let begin = Instant::now();
    loop {
        reader.use_it(&watched.url).await;
        let mut without = Vec::new();
        for expression in expressions() {
            let values = watched.watcher.ask(&expression).await;
            if !has_a_number(&values) {
                without.push((expression, values));
            }
        }
        if without.is_empty() {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "no number: {without:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    check_metrics(&watched, &client).await;
    check_alerts(&watched.watcher).await;
}

/// All rules can be asked for, and none alerts of a server that is well.
async fn check_alerts(watcher: &Watcher) {
    let rules = watcher.rules().await;
    assert!(rules.len() >= 15, "{rules:?}");
    for rule in rules {
        assert_ne!(rule["state"], "firing", "{rule}");
        watcher.ask(rule["query"].as_str().unwrap()).await;
    }
}

#[test]
fn each_alert_is_tested_fires_when_it_should_and_is_quiet_before() {
    let folder = root().join("deploy/prometheus");
    let run = |words: &[&str]| {
        let output = Command::new(variable("DAYLINE_TEST_PROMTOOL"))
            .args(words)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    run(&["check", "config", "prometheus.yml"]);
    run(&["test", "rules", "dayline.rules.test.yml"]);
    let tests = text("deploy/prometheus/dayline.rules.test.yml");
    let rules = text(RULES);
    let alerts = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    for alert in alerts {
        let named = tests.lines().filter(|line| line.trim() == format!("- alertname: {alert}")).count();
        assert_eq!(named, 2, "{alert} is tested while it is quiet and while it fires");
    }
}

/// What Debian's own tool says of names, types and texts, of a server that has counted something.
async fn check_metrics(watched: &Watched, client: &Client) {
    let metrics = client.get(format!("{}/metrics", watched.url)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("dayline_pings_settled_total"), "{metrics}");
    let file = watched.folder.path().join("metrics");
    fs::write(&file, metrics).unwrap();
    let output = promtool(&file);
    assert!(output.status.success() && output.stderr.is_empty() && output.stdout.is_empty(), "{output:?}");
}

fn promtool(metrics: &Path) -> Output {
    let input = File::open(metrics).unwrap();
    Command::new(variable("DAYLINE_TEST_PROMTOOL")).args(["check", "metrics"]).stdin(input).output().unwrap()
}
