//! A server of fakes, a client for it, and people who are signed in.

use axum::Router;
use axum::body::{Body, Bytes};
use dayline_api::{ApiConfig, ApiState, Check, ClientForms, Readiness, route_patterns, router};
use dayline_app::ports::BoxFuture;
use dayline_app::ports::Partition;
use dayline_app::reporting::report_worker::{ReportPorts, ReportWorker};
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_contract::fakes::FakeApp;
use dayline_http_kit::{KitConfig, KitState, Metrics, assemble};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower::ServiceExt;

use crate::tcp::PATIENCE;

pub(crate) const PASSWORD: &str = "a long enough secret";

/// A server made of fakes.
pub(crate) struct Server {
    pub(crate) fake: FakeApp,
    pub(crate) router: Router,
    pub(crate) metrics: Metrics,
    pub(crate) readiness: Arc<FakeReadiness>,
}

/// What a test says about the parts of the service.
pub(crate) struct FakeReadiness {
    pub(crate) failure: Mutex<Option<String>>,
    pub(crate) needed: AtomicBool,
}

impl Default for FakeReadiness {
    fn default() -> Self {
        Self { failure: Mutex::default(), needed: AtomicBool::new(true) }
    }
}

impl Readiness for FakeReadiness {
    fn checks(&self) -> BoxFuture<'_, Vec<Check>> {
        let failure = self.failure.lock().unwrap().clone();
        let needed = self.needed.load(Ordering::Relaxed);
        Box::pin(async move { vec![Check { name: "ledger", needed, hint: "look", failure }] })
    }
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::with(KitConfig::default())
    }

    pub(crate) fn with(config: KitConfig) -> Self {
        Self::of(FakeApp::default(), config, Metrics::new(route_patterns()))
    }

    pub(crate) fn with_metrics(metrics: &Metrics) -> Self {
        Self::of(FakeApp::default(), KitConfig::default(), metrics.clone())
    }

    pub(crate) fn with_api(config: &ApiConfig) -> Self {
        let metrics = Metrics::new(route_patterns());
        Self::put_together(FakeApp::default(), KitConfig::default(), config, metrics)
    }

    pub(crate) fn of(fake: FakeApp, config: KitConfig, metrics: Metrics) -> Self {
        Self::put_together(fake, config, &ApiConfig::default(), metrics)
    }

    fn put_together(fake: FakeApp, config: KitConfig, api: &ApiConfig, metrics: Metrics) -> Self {
        let readiness = Arc::<FakeReadiness>::default();
        let kit = KitState::new(fake.app.clone(), metrics.clone(), config).unwrap();
        let routes = router(ApiState::new(Arc::clone(&kit), readiness.clone(), api));
        Self { router: assemble(&kit, [routes]), fake, metrics, readiness }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Call<'_> {
        let request = Request::new(Body::empty());
        let (mut parts, _) = request.into_parts();
        (parts.method, parts.uri) = (method, path.parse().unwrap());
        Call { server: self, parts, body: Body::empty() }
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call<'_> {
        self.request(Method::POST, path)
    }

    /// How many connections are open, as the metrics say.
    pub(crate) async fn connections(&self) -> usize {
        let reply = self.get("/metrics").send().await;
        let line = reply.text().lines().find_map(|line| line.strip_prefix("dayline_connections "));
        line.unwrap().parse().unwrap()
    }

    /// Returns when so many connections are open.
    pub(crate) async fn until_connections(&self, expected: usize) {
        let reached = async {
            while self.connections().await != expected {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, reached).await.expect("connections are closed in time");
    }

    /// Registers somebody and signs their laptop in.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let email = format!("{name}@example.org");
        let user = json!({"email": email, "password": PASSWORD, "full_name": name});
        let reply = self.post("/api/v1/users").json(&user).send().await;
        assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
        let id = reply.json()["id"].as_str().unwrap().to_owned();
        self.sign_in(Person { id, email, ..Person::default() }, "laptop").await
    }

    /// Signs another device of a person in.
    pub(crate) async fn sign_in(&self, person: Person, device: &str) -> Person {
        let login = json!({"email": person.email, "password": PASSWORD, "device_id": device});
        let reply = self.post("/api/v1/auth/login").json(&login).send().await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        let tokens = reply.json();
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        let (access, refresh, session) = (text("access_token"), text("refresh_token"), text("session_id"));
        Person { access, refresh, session, ..person }
    }

    /// Processes all that waits in the log.
    pub(crate) async fn process_log(&self) {
        let mut worker = Worker::new(self.fake.worker_ports(), Partition(0), WorkerLimits::default());
        while worker.step().await.unwrap().entries > 0 {}
    }

    /// Makes all reports that wait.
    pub(crate) async fn make_reports(&self) {
        let ports = ReportPorts { forms: Arc::new(ClientForms), ..self.fake.report_ports() };
        let worker = ReportWorker::new(ports, self.fake.app.rules.jobs);
        while worker.run_next(&|| false).await.unwrap().is_some() {}
    }
}

/// Somebody who is signed in on one device.
#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) session: String,
}

/// A request being made.
pub(crate) struct Call<'a> {
    server: &'a Server,
    parts: http::request::Parts,
    body: Body,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.parts.headers.append(name, value.parse().unwrap());
        self
    }

    pub(crate) fn of(self, person: &Person) -> Self {
        self.header("authorization", &format!("Bearer {}", person.access))
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn into_request(self) -> Request<Body> {
        Request::from_parts(self.parts, self.body)
    }

    /// The answer's head, and its body to be read piece by piece.
    pub(crate) async fn open(self) -> (http::response::Parts, Body) {
        let router = self.server.router.clone();
        let response = router.oneshot(self.into_request());
        response.await.unwrap().into_parts()
    }

    /// The whole answer; of one without end its first piece.
    pub(crate) async fn send(self) -> Reply {
        let (parts, mut body) = self.open().await;
        let endless = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let body = if endless {
            body.frame().await.unwrap().unwrap().into_data().unwrap()
        } else {
            body.collect().await.unwrap().to_bytes()
        };
        let reply = Reply { status: parts.status, headers: parts.headers, body };
        reply.check();
        reply
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    /// What holds for every answer.
    fn check(&self) {
        assert_eq!(self.header("x-content-type-options"), "nosniff", "{self:?}");
        if self.status.as_u16() < 400 {
            return;
        }
        assert!(self.headers.contains_key("x-request-id"), "{self:?}");
        if self.header("content-type") != "application/problem+json" {
            assert_eq!(self.status, StatusCode::SERVICE_UNAVAILABLE, "only /readyz has no problem: {self:?}");
            return;
        }
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16(), "{problem}");
        for member in ["type", "title", "detail", "code"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {problem}");
        }
        let unauthorized = self.status == StatusCode::UNAUTHORIZED;
        assert_eq!(self.headers.contains_key(header::WWW_AUTHENTICATE), unauthorized, "{self:?}");
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The status and the problem's code.
    pub(crate) fn problem(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["code"].as_str().unwrap_or_default().to_owned())
    }

    /// The fields that a problem names.
    pub(crate) fn fields(&self) -> Vec<String> {
        let problem = self.json();
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    }
}

/// A ping of the fakes' day, 2026-11-20, from and to a time of that morning.
pub(crate) fn ping(app: &str, start: &str, end: &str) -> Value {
    let at = |time: &str| format!("2026-11-20T{time}Z");
    json!({"app_name": app, "start_time": at(start), "end_time": at(end)})
}
