//! A server of a test's own, with one person.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use dayline_testkit::{Process, free_port};
use jiff::Timestamp;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

const PASSWORD: &str = "tea at half past four";

/// A server in a folder that is wiped at the end.
pub(crate) struct Dayline {
    folder: TempDir,
    port: u16,
    process: Option<Process>,
    client: Client,
    token: String,
}

/// A stretch of the timeline: what counts, and from when until when.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stretch {
    pub(crate) app: String,
    pub(crate) project: Option<String>,
    pub(crate) domain: Option<String>,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
}

/// The server's program, which is built beside the tracker's; `None` where it is not, but on CI.
pub(crate) fn program() -> Option<PathBuf> {
    let program = Path::new(env!("CARGO_BIN_EXE_dayline-tracker")).with_file_name("dayline");
    if program.exists() {
        return Some(program);
    }
    assert!(std::env::var_os("CI").is_none(), "there is no {}", program.display());
    eprintln!("skipped, since there is no {}: `cargo build -p dayline` makes it", program.display());
    None
}

impl Dayline {
    /// Starts a server and makes an account.
    pub(crate) async fn start(program: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server =
            Self { folder, port: free_port(), process: None, client: Client::new(), token: String::new() };
        server.begin(program);
        let person = json!({"email": "ada@example.org", "password": PASSWORD, "full_name": "Ada", "timezone": "Etc/UTC"});
        server.ask(Method::POST, "users", &person).await;
        server.sign_in().await;
        server
    }

    /// Signs the person in; what is signed in with lives for a quarter of an hour.
    pub(crate) async fn sign_in(&mut self) {
        self.token.clear();
        let person = json!({"email": "ada@example.org", "password": PASSWORD, "device_id": "phone"});
        let tokens = self.ask(Method::POST, "auth/login", &person).await;
        tokens["access_token"].as_str().unwrap().clone_into(&mut self.token);
    }

    /// Starts it, or starts it again after it was killed.
    pub(crate) fn begin(&mut self, program: &Path) {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", &format!("127.0.0.1:{}", self.port), "--data"]);
        command.arg(self.folder.path().join("data"));
        let mut process = Process::start(&mut command, &self.folder.path().join("log"));
        let ready = || std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok();
        process.until(ready);
        self.process = Some(process);
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// What the server says, which must be a success.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: &Value) -> Value {
        let (status, answer) = self.answer(method, path, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// What the server says.
    pub(crate) async fn answer(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let mut request = self.client.request(method, format!("{}api/v1/{path}", self.url()));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
    }

    /// Makes a key for a tracker, which finds this server at that address, and writes it where `login` would.
    pub(crate) async fn let_in(&self, data: &Path, address: &str) {
        let made = self.ask(Method::POST, "api-keys", &json!({"name": "tracker", "scopes": ["track"]})).await;
        let key = json!({"server": address, "id": made["id"], "name": "tracker", "key": made["key"]});
        std::fs::create_dir_all(data).unwrap();
        std::fs::write(data.join("key.json"), key.to_string()).unwrap();
    }

    /// The timeline from one time to another.
    pub(crate) async fn timeline(&self, from: Timestamp, to: Timestamp) -> Vec<Stretch> {
        let answer =
            self.ask(Method::GET, &format!("usage/timeline?from={from}&to={to}"), &Value::Null).await;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let stretch = |interval: &Value| Stretch {
            app: text(&interval["app_name"]).unwrap(),
            project: text(&interval["project"]),
            domain: text(&interval["domain"]),
            start: interval["start_time"].as_str().unwrap().parse().unwrap(),
            end: interval["end_time"].as_str().unwrap().parse().unwrap(),
        };
        answer["intervals"].as_array().unwrap().iter().map(stretch).collect()
    }

    /// Asks for the timeline until it is as it should be.
    pub(crate) async fn until(
        &self,
        from: Timestamp,
        to: Timestamp,
        good: impl Fn(&[Stretch]) -> bool,
    ) -> Vec<Stretch> {
        let begin = std::time::Instant::now();
        loop {
            let timeline = self.timeline(from, to).await;
            if good(&timeline) {
                return timeline;
            }
            assert!(begin.elapsed() < Duration::from_secs(30), "the timeline stays {timeline:#?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// All that the server has written, data and log.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
