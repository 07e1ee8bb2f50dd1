//! A server of fakes, and people with keys.

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dayline_app::identity::accounts::{self, Registration};
use dayline_app::identity::api_keys::{self, NewKey};
use dayline_app::identity::authenticate::authenticate;
use dayline_app::identity::caller::Caller;
use dayline_app::identity::key_text::KeyFormat;
use dayline_app::identity::login::{self, Login};
use dayline_app::ports::Partition;
use dayline_app::reporting::reports::ReadVersion;
use dayline_app::reporting::timeline::{Beside, timeline};
use dayline_app::tracking::preferences::prefer;
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_contract::fakes::FakeApp;
use dayline_domain::identity::account::Label;
use dayline_domain::{
    DAY_MS, DeviceId, Email, FullName, Interval, NewPassword, Piece, Preferences, RawEventDays, Scope,
    Scopes, UtcMs,
};
use dayline_http_kit::{Kit, KitConfig, KitState, Metrics, Router, assemble};
use dayline_trackers::activitywatch::{Door, door};
use dayline_trackers::{route_patterns, routers};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// 2026-11-23T13:52:00Z: the minute of the recorded watchers.
pub(crate) const MINUTE: UtcMs = UtcMs(1_795_441_920_000);

/// A server made of fakes, at the time of the recorded watchers.
pub(crate) struct Server {
    pub(crate) fake: FakeApp,
    kit: Kit,
    router: Router,
}

/// A piece of a timeline: device, app, domain, and from and to when in milliseconds after [`MINUTE`].
pub(crate) type Shown = (String, String, Option<String>, i64, i64);

impl Server {
    pub(crate) fn new() -> Self {
        Self::with(KitConfig::default())
    }

    pub(crate) fn with(config: KitConfig) -> Self {
        let fake = FakeApp::default();
        fake.clock.advance(MINUTE.plus(60_000).since(fake.app.clock.now()));
        let kit = KitState::new(fake.app.clone(), Metrics::new(route_patterns()), config).unwrap();
        let router = assemble(&kit, routers(&kit));
        Self { fake, kit, router }
    }

    /// From now on all come by the door for somebody's trackers.
    pub(crate) fn open_door(&mut self, of: &Caller, may_read: bool) {
        let device = DeviceId::new("desk").unwrap();
        let behind = Door { user: of.user, device, may_read, testing: may_read };
        self.router = assemble(&self.kit, [door(&self.kit, behind)]);
    }

    /// Registers somebody and signs them in.
    pub(crate) async fn person(&self, name: &str) -> Caller {
        let (email, app) = (Email::new(&format!("{name}@example.org")).unwrap(), &self.fake.app);
        let registration = Registration {
            email: email.clone(),
            password: NewPassword::new("a long enough secret").unwrap(),
            full_name: FullName::new(name).unwrap(),
            timezone: None,
            address: None,
        };
        accounts::register(app, registration).await.unwrap();
        let sign_in = Login {
            email,
            password: "a long enough secret".into(),
            device: DeviceId::new("browser").unwrap(),
            device_name: None,
            refresh_token: None,
            address: None,
        };
        let tokens = login::login(app, sign_in).await.unwrap();
        authenticate(app, &tokens.access_token, None).await.unwrap()
    }

    /// A new key of somebody's, as its text.
    pub(crate) async fn key(&self, of: &Caller, format: KeyFormat, scopes: &[Scope]) -> String {
        let scopes = scopes.iter().fold(Scopes::NONE, |scopes, scope| scopes.with(*scope));
        let new = NewKey { name: Label::new("the key").unwrap(), scopes, expires_at: None, format };
        api_keys::create(&self.fake.app, of, new).await.unwrap().1
    }

    /// From now on somebody's events are kept for so many days.
    pub(crate) async fn keep(&self, of: &Caller, days: u16) {
        let raw_event_days = RawEventDays::new(days).unwrap();
        let chosen = Preferences { raw_event_days, ..Preferences::default() };
        prefer(&self.fake.app, of, chosen).await.unwrap();
    }

    /// A client of somebody's whose key may track and read.
    pub(crate) async fn both(&self, of: &Caller) -> Tracker<'_> {
        let key = self.key(of, KeyFormat::Prefixed, &[Scope::Track, Scope::Read]).await;
        self.with_authorization(&basic(&format!("anybody:{key}")))
    }

    /// A tracker of somebody's, with a key as `aw-client` sends it.
    pub(crate) async fn tracker(&self, of: &Caller) -> Tracker<'_> {
        let key = self.key(of, KeyFormat::Prefixed, &[Scope::Track]).await;
        self.with_authorization(&basic(&format!("anybody:{key}")))
    }

    /// A client that sends this `Authorization`.
    pub(crate) fn with_authorization(&self, authorization: &str) -> Tracker<'_> {
        Tracker { server: self, authorization: Some(authorization.to_owned()) }
    }

    /// One that sends none.
    pub(crate) fn stranger(&self) -> Tracker<'_> {
        Tracker { server: self, authorization: None }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// Processes all that waits in the log.
    pub(crate) async fn process_log(&self) {
        let mut worker = Worker::new(self.fake.worker_ports(), Partition(0), WorkerLimits::default());
        while worker.step().await.unwrap().entries > 0 {}
    }

    /// What counts of somebody's time in the days around [`MINUTE`], and what an `ETag` is made of.
    pub(crate) async fn timeline(&self, of: &Caller) -> (Vec<Shown>, ReadVersion) {
        let (pieces, version) = self.pieces(of).await;
        let shown = pieces.iter().map(|piece| {
            let [device, app, domain, ..] = piece.source.names().map(|name| name.map(str::to_owned));
            let [start, end] = [piece.interval.start(), piece.interval.end()].map(|at| at.since(MINUTE));
            (device.unwrap_or_default(), app.unwrap_or_default(), domain, start, end)
        });
        (shown.collect(), version)
    }

    /// The same as it is read.
    pub(crate) async fn pieces(&self, of: &Caller) -> (Vec<Piece>, ReadVersion) {
        self.process_log().await;
        let days = Interval::new(MINUTE.plus(-DAY_MS), MINUTE.plus(DAY_MS)).unwrap();
        let read = timeline(&self.fake.app, of, Some(days), Beside::default()).await.unwrap();
        let (mut pieces, mut all) = (read.answer.counted, Vec::new());
        while let Some(more) = pieces.next().await.unwrap() {
            all.extend(more);
        }
        (all, read.version)
    }
}

/// `Basic` with this inside.
pub(crate) fn basic(plain: &str) -> String {
    format!("Basic {}", STANDARD.encode(plain))
}

/// A client of a wire.
#[derive(Clone)]
pub(crate) struct Tracker<'a> {
    server: &'a Server,
    authorization: Option<String>,
}

impl Tracker<'_> {
    pub(crate) async fn call(&self, method: Method, path: &str, body: impl Into<Body>) -> Reply {
        self.call_with(method, path, &[("content-type", "application/json")], body).await
    }

    pub(crate) async fn call_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        self.server.send(request.body(body.into()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        self.call(Method::POST, path, body.to_owned()).await
    }

    /// Opens a bucket as Python's client does.
    pub(crate) async fn open(&self, bucket: &str, client: &str, kind: &str, host: &str) -> Reply {
        let body = format!(r#"{{"client": "{client}", "hostname": "{host}", "type": "{kind}"}}"#);
        self.post(&format!("/api/0/buckets/{bucket}"), &body).await
    }

    /// Opens the buckets of the window and AFK watchers of a computer.
    pub(crate) async fn open_both(&self, host: &str) {
        for (client, kind) in [("aw-watcher-window", "currentwindow"), ("aw-watcher-afk", "afkstatus")] {
            assert_eq!(self.open(&format!("{client}_{host}"), client, kind, host).await.status, 200);
        }
    }

    /// Sends a heartbeat.
    pub(crate) async fn beat(&self, bucket: &str, event: &str) -> Reply {
        self.post(&format!("/api/0/buckets/{bucket}/heartbeat?pulsetime=2.0"), event).await
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The status, and what the wire says is wrong.
    pub(crate) fn message(&self) -> (u16, String) {
        assert_eq!(self.headers["content-type"], "application/json", "{self:?}");
        (self.status.as_u16(), self.json()["message"].as_str().unwrap().to_owned())
    }
}
