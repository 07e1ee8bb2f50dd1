//! Another program's trackers of two people at once, and a `kill -9` between their heartbeats: what was answered is on the
//! timeline of whose key it was, and nobody else's.

use std::time::Duration;

use dayline_domain::{DAY_MS, UtcMs};
use dayline_http_kit::instant;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::installation;
use crate::support::account::{PASSWORD, eventually};
use crate::support::now;
use crate::support::server::Installation;

const WINDOWS: &str = "aw-watcher-window_laptop";
/// Heartbeats of each person, a second apart.
const BEATS: i64 = 30;

/// Somebody with a key for their trackers.
struct Person {
    access: String,
    key: String,
}

impl Person {
    async fn new(installation: &Installation, http: &Client, name: &str) -> Self {
        let call = async |path: &str, bearer: &str, body: Value| -> Value {
            let request = http.post(format!("{}/api/v1/{path}", installation.url())).json(&body);
            let answer = request.bearer_auth(bearer).send().await.unwrap();
            answer.error_for_status().unwrap().json().await.unwrap()
        };
        let (email, text) =
            (format!("{name}@example.org"), |value: &Value| value.as_str().unwrap().to_owned());
        let account =
            json!({"email": email, "password": PASSWORD, "full_name": name, "device_id": "browser"});
        call("users", "", account.clone()).await;
        let access = text(&call("auth/login", "", account).await["access_token"]);
        let key = json!({"name": "tracker", "scopes": ["track"], "format": "uuid"});
        let key = text(&call("api-keys", &access, key).await["key"]);
        Self { access, key }
    }

    /// A call as `aw-client` makes it.
    fn call(&self, installation: &Installation, http: &Client, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}//api/0/{path}", installation.url());
        http.request(method, url).basic_auth("anybody", Some(&self.key))
    }

    /// Sends the `n`-th heartbeat; its status.
    async fn beat(&self, installation: &Installation, http: &Client, app: &str, start: UtcMs, n: i64) -> u16 {
        let at = instant::utc(start.plus(n * 1_000));
        let event =
            json!({"id": null, "timestamp": at, "duration": 1.0, "data": {"app": app, "title": "secret"}});
        let path = format!("buckets/{WINDOWS}/heartbeat?pulsetime=2.0");
        let request = self.call(installation, http, Method::POST, &path).body(event.to_string());
        request.send().await.unwrap().status().as_u16()
    }

    /// What counts, as apps with milliseconds, and its `ETag`.
    async fn timeline(&self, installation: &Installation, http: &Client, start: UtcMs) -> (Value, String) {
        let [from, to] = [start, start.plus(3_600_000)].map(instant::utc);
        let url = format!("{}/api/v1/usage/timeline?from={from}&to={to}", installation.url());
        let answer =
            http.get(url).bearer_auth(&self.access).send().await.unwrap().error_for_status().unwrap();
        let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
        let mut timeline: Value = answer.json().await.unwrap();
        (timeline["intervals"].take(), tag)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_of_two_people_survive_a_kill_and_stay_apart() {
    let installation = installation();
    let mut server = installation.start(&[]);
    // Each request on a connection of its own, as watchers in Python have it.
    let http = Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let (ada, bob) =
        (Person::new(&installation, &http, "ada").await, Person::new(&installation, &http, "bob").await);
    let people = [(&ada, "Hers"), (&bob, "His")];
    let start = UtcMs(now().0 / 1_000 * 1_000 - 3_600_000);
    let long_ago = start.plus(-10 * DAY_MS);

    let info = http.get(format!("{}/api/0/info", installation.url())).send().await.unwrap();
    assert_eq!(info.status(), 200);
    assert_eq!(ada.beat(&installation, &http, "Hers", start, 0).await, 404);
    for (person, _) in people {
        let open = async || {
            let bucket =
                json!({"client": "aw-watcher-window", "hostname": "laptop", "type": "currentwindow"});
            let path = format!("buckets/{WINDOWS}");
            let request = person.call(&installation, &http, Method::POST, &path).body(bucket.to_string());
            request.send().await.unwrap().status().as_u16()
        };
        assert_eq!([open().await, open().await], [200, 304]);
        let read = person.call(&installation, &http, Method::GET, "buckets/").send().await.unwrap();
        assert_eq!(read.status(), 403, "a key that tracks reads nothing");
    }
    for n in 0..BEATS {
        if n == BEATS / 2 {
            server.kill();
            server = installation.start(&[]);
        }
        for (person, app) in people {
            assert_eq!(person.beat(&installation, &http, app, start, n).await, 200);
        }
    }
    for (person, app) in people {
        let expected = json!([{
            "app_name": app, "domain": null, "project": null, "language": null, "device_id": "laptop",
            "start_time": instant::utc(start), "end_time": instant::utc(start.plus(BEATS * 1_000)),
        }]);
        let timeline = async || person.timeline(&installation, &http, start).await;
        eventually(expected, Duration::from_secs(20), async || timeline().await.0).await;
        let tag = timeline().await.1;
        for n in (0..BEATS).rev() {
            assert_eq!(person.beat(&installation, &http, app, start, n).await, 200);
        }
        // All that was sent is processed once what came last is seen, which is on a day of its own.
        assert_eq!(person.beat(&installation, &http, "Last", long_ago, 0).await, 200);
        let last = async || person.timeline(&installation, &http, long_ago).await.0.as_array().unwrap().len();
        eventually(1, Duration::from_secs(20), last).await;
        assert_eq!(timeline().await.1, tag, "what comes again changes nothing");
    }
    for secret in [&ada.key, &bob.key, &"secret".to_owned()] {
        assert!(!installation.log().contains(secret.as_str()), "{secret} is in the log");
    }
    assert_eq!(server.stop().code(), Some(0));
}
