//! A real Prometheus that watches processes. It takes some seconds to look at a target that it is told of: so it has them all
//! from its start on, behind doors that are opened when it is to see them.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use dayline_testkit::{Process, free_port, variable};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) struct Watcher {
    client: Client,
    url: String,
    /// The ports of doors that are closed.
    doors: Vec<u16>,
    _folder: TempDir,
    _process: Process,
}

impl Watcher {
    /// One with these rules that may be shown so many processes.
    pub(crate) fn start(rules: &str, processes: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("rules.yml"), rules).unwrap();
        let doors: Vec<u16> = (0..processes).map(|_| free_port()).collect();
        let targets: Vec<_> = doors.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let config = json!({
            "global":
                {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"},
            "rule_files": [path("rules.yml")],
            "scrape_configs": [{"job_name": "dayline", "static_configs": [{"targets": targets}]}],
        });
        // JSON is YAML.
        fs::write(path("prometheus.yml"), config.to_string()).unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(variable("DAYLINE_TEST_PROMETHEUS"));
        command.arg(format!("--config.file={}", path("prometheus.yml").display()));
        command.arg(format!("--storage.tsdb.path={}", path("series").display()));
        command.arg(format!("--web.listen-address={address}"));
        let mut process = Process::start(&mut command, &path("log"));
        process.until(|| TcpStream::connect(&address).is_ok());
        let url = format!("http://{address}/api/v1");
        Self { client: Client::new(), url, doors, _folder: folder, _process: process }
    }

    /// Lets it see the process that listens on this port, until the test ends.
    pub(crate) fn watch(&mut self, port: u16) {
        let door = TcpListener::bind(("127.0.0.1", self.doors.pop().unwrap())).unwrap();
        thread::spawn(move || {
            for from in door.incoming().filter_map(Result::ok) {
                // Nobody there: as if it had not been let in.
                let Ok(to) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                carry(from.try_clone().unwrap(), to.try_clone().unwrap());
                carry(to, from);
            }
        });
    }

    /// The values that an expression has now; none if it is too early to ask.
    pub(crate) async fn ask(&self, expression: &str) -> Vec<f64> {
        let Some(answer) = self.get("query", &[("query", expression)]).await else { return Vec::new() };
        assert_ne!(answer["status"], "error", "{expression}: {answer}");
        let found = answer["data"]["result"].as_array().cloned().unwrap_or_default();
        found.iter().map(|one| one["value"][1].as_str().unwrap().parse().unwrap()).collect()
    }

    /// The alert rules and how they are.
    pub(crate) async fn rules(&self) -> Vec<Value> {
        let rules = self.get("rules", &[]).await.unwrap();
        rules["data"]["groups"][0]["rules"].as_array().unwrap().clone()
    }

    /// The names of the alerts that fire.
    pub(crate) async fn firing(&self) -> BTreeSet<String> {
        let rules = self.rules().await.into_iter().filter(|rule| rule["state"] == "firing");
        rules.map(|rule| rule["name"].as_str().unwrap().to_owned()).collect()
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Option<Value> {
        let answer = self.client.get(format!("{}/{path}", self.url)).query(query).send().await.ok()?;
        answer.json().await.unwrap()
    }
}

/// Carries all that comes from one to the other.
fn carry(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
