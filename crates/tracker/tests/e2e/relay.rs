//! The relay: watchers of ActivityWatch on this computer, with a server that comes and goes.

use dayline_testkit::free_port;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, Method, RequestBuilder};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::dayline::{Stretch, program};
use crate::installation::Installation;
use crate::script::seconds;
use crate::tracker::files_with;

const EXTENSION: &str = "moz-extension://4f2d1a5e-0000-4000-8000-000000000000";

/// What watchers on one computer send, as they send it.
struct Watchers {
    client: Client,
    base: String,
}

impl Watchers {
    /// To the relay at this port. Watchers of ActivityWatch open a connection for each request.
    fn at(port: u16) -> Self {
        let client = Client::builder().pool_max_idle_per_host(0).build().unwrap();
        Self { client, base: format!("http://127.0.0.1:{port}/api/0/buckets") }
    }

    async fn post(&self, path: &str, body: &Value) -> u16 {
        let mut request = self.client.post(format!("{}/{path}", self.base)).body(body.to_string());
        if path.contains("web-firefox") {
            request = self.as_an_extension(path, request).await;
        }
        request.send().await.unwrap().status().as_u16()
    }

    /// Asks first, as a browser does for an extension that sends JSON, and gives the request as it is sent then.
    async fn as_an_extension(&self, path: &str, request: RequestBuilder) -> RequestBuilder {
        let asks =
            self.client.request(Method::OPTIONS, format!("{}/{path}", self.base)).header("origin", EXTENSION);
        let asks = asks.header("access-control-request-method", "POST");
        let allowed = asks.header("access-control-request-headers", "content-type").send().await.unwrap();
        assert!(allowed.status().is_success());
        let header = |name: &str| allowed.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("access-control-allow-origin"), EXTENSION);
        assert!(header("access-control-allow-methods").contains("POST"));
        assert!(header("access-control-allow-headers").contains("content-type"));
        request.header("origin", EXTENSION).header("content-type", "application/json")
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
    let port = free_port();
    let config = format!("device = \"laptop\"\neyes = false\nrelay = \"127.0.0.1:{port}\"\n");
    let Installation { mut dayline, network, tracker } = Installation::new(&program, &config).await;
    let listens = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
    let mut process = tracker.start(None);
    process.until(listens);

    // A minute that is over, so that the test need not wait for it.
    let start = dayline_tracker::clock::Now::read().utc - SignedDuration::from_mins(2);
    let at = |second: i64| start + SignedDuration::from_secs(second);
    let watchers = Watchers::at(port);
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
    assert!(network.carried("example.org") && !network.carried("hunter77"));
    for folder in [tracker.folder(), dayline.folder()] {
        assert_eq!(files_with(folder, "hunter77"), Vec::<std::path::PathBuf>::new());
    }
}

#[tokio::test]
async fn a_full_disk_costs_the_newest_alone_and_is_told_once() {
    let Some(program) = program() else { return };
    let port = free_port();
    let config = format!("device = \"laptop\"\neyes = false\nrelay = \"127.0.0.1:{port}\"\n");
    let Installation { dayline, network, tracker } = Installation::new(&program, &config).await;
    network.set(false);
    let mut process = tracker.start_on_a_full_disk();
    process.until(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());

    let start = dayline_tracker::clock::Now::read().utc - SignedDuration::from_mins(10);
    let at = |second: i64| start + SignedDuration::from_secs(second);
    let watchers = Watchers::at(port);
    watchers.make_buckets().await;
    for second in (0..400).step_by(5) {
        let app = if second < 50 {
            "Oldest"
        } else if second < 300 {
            "Middle"
        } else {
            "Newest"
        };
        watchers.window(at(second), app).await;
    }
    network.set(true);
    let shows = |timeline: &[Stretch], app: &str| timeline.iter().any(|stretch| stretch.app == app);
    dayline.until(start, at(500), |all| shows(all, "Oldest") && shows(all, "Middle")).await;
    // There is room again.
    watchers.window(at(450), "Later").await;
    let timeline = dayline.until(start, at(500), |all| shows(all, "Later")).await;
    assert!(!shows(&timeline, "Newest"), "{timeline:?}");
    assert!(process.end(Signal::TERM).success(), "{}", tracker.log());
    let log = tracker.log();
    assert_eq!(log.matches("the spool can't be written: ").count(), 1, "{log}");
    assert!(log.contains("what is seen is kept again"), "{log}");
    let status = String::from_utf8(tracker.run(&["status"]).stdout).unwrap();
    assert!(status.contains("lost      "), "{status}");
}
