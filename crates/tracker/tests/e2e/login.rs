//! `login`, `forget`: a person lets a tracker in, and out.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

use crate::dayline::{Dayline, program};
use crate::tracker::Tracker;

const CONFIG: &str = "device = \"desk\"\neyes = false\nrelay = \"off\"\n";

/// A command that shows a code and waits.
struct Waiting {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Waiting {
    fn start(tracker: &Tracker, words: &[&str]) -> Self {
        let mut child = tracker.command(words).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The code that it shows.
    fn code(&mut self) -> String {
        let mut shown = self.lines.by_ref().map(Result::unwrap);
        let page = shown.find(|line| line.contains("/device?user_code=")).unwrap();
        let code = page.split('=').next_back().unwrap().to_owned();
        assert!(shown.any(|line| line.trim() == code));
        code
    }

    fn end(mut self) -> String {
        assert!(self.child.wait().unwrap().success());
        self.lines.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    }
}

async fn keys(dayline: &Dayline) -> Vec<Value> {
    let answer = dayline.ask(Method::GET, "api-keys", &Value::Null).await;
    answer["api_keys"].as_array().unwrap().clone()
}

async fn sessions(dayline: &Dayline) -> usize {
    let answer = dayline.ask(Method::GET, "auth/sessions", &Value::Null).await;
    answer["sessions"].as_array().unwrap().len()
}

async fn approve(dayline: &Dayline, mut waiting: Waiting, approve: bool) -> Waiting {
    let code = waiting.code();
    dayline.ask(Method::POST, "auth/device/approve", &json!({"user_code": code, "approve": approve})).await;
    waiting
}

#[tokio::test]
async fn a_tracker_gets_a_key_that_may_only_send_and_gives_it_back() {
    let Some(program) = program() else { return };
    let dayline = Dayline::start(&program).await;
    let tracker = Tracker::new(CONFIG);
    let login = ["login", &dayline.url(), "--device", "Desk.local"];

    let said = approve(&dayline, Waiting::start(&tracker, &login), true).await.end();
    assert!(said.contains("This computer may send what it sees as \"desk\"."), "{said}");
    let made = keys(&dayline).await;
    assert_eq!(
        (made.len(), &made[0]["name"], &made[0]["scopes"]),
        (1, &json!("tracker on desk"), &json!(["track"]))
    );
    assert_eq!(sessions(&dayline).await, 1, "the session that made the key has ended");

    // Another sign-in takes the place of the first.
    approve(&dayline, Waiting::start(&tracker, &login), true).await.end();
    let again = keys(&dayline).await;
    assert_eq!(again.len(), 1);
    assert_ne!(again[0]["id"], made[0]["id"]);

    approve(&dayline, Waiting::start(&tracker, &["forget"]), true).await.end();
    assert_eq!(keys(&dayline).await, Vec::<Value>::new());
    assert_eq!(sessions(&dayline).await, 1);
    assert!(std::fs::read_dir(tracker.data()).unwrap().next().is_none(), "nothing is left");
}

#[tokio::test]
async fn who_is_refused_gets_no_key() {
    let Some(program) = program() else { return };
    let dayline = Dayline::start(&program).await;
    let tracker = Tracker::new(CONFIG);
    let mut waiting = Waiting::start(&tracker, &["login", &dayline.url()]);
    let code = waiting.code();
    dayline.ask(Method::POST, "auth/device/approve", &json!({"user_code": code, "approve": false})).await;
    assert_eq!(waiting.child.wait().unwrap().code(), Some(1));
    assert_eq!(keys(&dayline).await, Vec::<Value>::new());
    assert!(!tracker.data().join("key.json").exists());
}
