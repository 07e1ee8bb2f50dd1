//! The relay: watchers of ActivityWatch on this computer, with a server that comes and goes.

use dayline_testkit::free_port;
use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::dayline::{Dayline, Stretch, program};
use crate::script::seconds;
use crate::tracker::{Tracker, files_with};

/// What watchers on one computer send, as they send it.
struct Watchers {
    client: Client,
    base: String,
}

impl Watchers {
    async fn post(&self, path: &str, body: &Value) -> u16 {
        let request = self.client.post(format!("{}/api/0/buckets/{path}", self.base)).body(body.to_string());
        request.send().await.unwrap().status().as_u16()
    }

    async fn make_buckets(&self) {
        for (id, client, kind) in [
            ("aw-watcher-window_laptop", "aw-watcher-window", "currentwindow"),
            ("aw-watcher-afk_laptop", "aw-watcher-afk", "afkstatus"),
            ("aw-watcher-web-firefox_laptop", "aw-client-web", "web.tab.current"),
        ] {
            let status = self.post(id, &json!({"client": client, "type": kind, "hostname": "laptop"})).await;
            assert!(matches!(status, 200 | 304), "{status}");
        }
    }

    async fn send(&self, bucket: &str, at: Timestamp, duration: f64, data: Value) {
        let event = json!({"id": null, "timestamp": at.to_string(), "duration": duration, "data": data});
        assert_eq!(self.post(&format!("{bucket}_laptop/heartbeat?pulsetime=2.0"), &event).await, 200);
    }

    async fn window(&self, at: Timestamp, app: &str) {
        self.send("aw-watcher-window", at, 5.0, json!({"app": app, "title": "hunter77"})).await;
    }
}

#[tokio::test]
async fn what_watchers_saw_is_in_the_timeline_although_tracker_and_server_were_killed() {
    let Some(program) = program() else { return };
    let mut dayline = Dayline::start(&program).await;
    let port = free_port();
    let tracker = Tracker::new(&format!("device = \"laptop\"\neyes = false\nrelay = \"127.0.0.1:{port}\"\n"));
    dayline.let_in(&tracker.data()).await;
    let listens = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
    let mut process = tracker.start(None);
    process.until(listens);

    // A minute that is over, so that the test need not wait for it.
    let start = dayline_tracker::clock::Now::read().utc - SignedDuration::from_mins(2);
    let at = |second: i64| start + SignedDuration::from_secs(second);
    // Watchers of ActivityWatch open a connection for each request.
    let client = Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let watchers = Watchers { client, base: format!("http://127.0.0.1:{port}") };
    watchers.make_buckets().await;
    dayline.kill();
    for second in (0..60).step_by(5) {
        if second == 30 {
            drop(process);
            process = tracker.start(None);
            process.until(listens);
        }
        watchers.window(at(second), if second < 40 { "firefox" } else { "XTerm" }).await;
        let page = json!({"url": "https://www.example.org/hunter77", "title": "hunter77", "audible": false,
            "incognito": false, "tabCount": 2});
        watchers.send("aw-watcher-web-firefox", at(second), 4.0, page).await;
    }
    watchers.send("aw-watcher-afk", at(50), 10.0, json!({"status": "afk"})).await;
    dayline.begin(&program);

    let shows = |timeline: &[Stretch], app: &str, domain: Option<&str>, length: f64| {
        let of_app =
            timeline.iter().filter(|stretch| stretch.app == app && stretch.domain.as_deref() == domain);
        let counted: f64 = of_app.map(|stretch| seconds(stretch.start, stretch.end)).sum();
        (counted - length).abs() < 0.01
    };
    let timeline =
        |all: &[Stretch]| shows(all, "firefox", Some("example.org"), 40.0) && shows(all, "XTerm", None, 10.0);
    dayline.until(at(-10), at(70), timeline).await;
    assert!(process.end(Signal::TERM).success(), "{}", tracker.log());
    for folder in [tracker.folder(), dayline.folder()] {
        assert_eq!(files_with(folder, "hunter77"), Vec::<std::path::PathBuf>::new());
    }
}
