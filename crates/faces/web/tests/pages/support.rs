//! A server of fakes with all pages, and a browser for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use dayline_app::identity::authenticate;
use dayline_app::identity::caller::Caller;
use dayline_app::ports::Partition;
use dayline_app::tracking::ingest::{self, PingDraft, SeenDraft, Site};
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_contract::fakes::FakeApp;
use dayline_domain::{LocalDate, UtcDay, UtcMs};
use dayline_http_kit::{KitConfig, KitState, Metrics, assemble_with};
use dayline_web::{Pages, WebState, device_pages, pages, route_patterns};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// A server made of fakes.
pub(crate) struct Server {
    pub(crate) fake: FakeApp,
    router: Router,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::with(KitConfig::default())
    }

    pub(crate) fn with(config: KitConfig) -> Self {
        Self::of(FakeApp::default(), config, pages)
    }

    /// One where only an operator makes accounts.
    pub(crate) fn closed() -> Self {
        let mut fake = FakeApp::default();
        fake.app.rules.registration_closed = true;
        Self::of(fake, KitConfig::default(), pages)
    }

    /// One whose operator wants no pages.
    pub(crate) fn without_pages() -> Self {
        Self::of(FakeApp::default(), KitConfig::default(), device_pages)
    }

    /// The same people and their data, in maintenance.
    pub(crate) fn in_maintenance(self) -> Self {
        let Self { mut fake, .. } = self;
        fake.app.rules.maintenance = true;
        Self::of(fake, KitConfig::default(), pages)
    }

    fn of(fake: FakeApp, config: KitConfig, pages: impl Fn(WebState) -> Pages) -> Self {
        let kit = KitState::new(fake.app.clone(), Metrics::new(route_patterns()), config).unwrap();
        let Pages { routes, unknown } = pages(WebState::new(Arc::clone(&kit)));
        let router = assemble_with(&kit, [routes], unknown);
        Self { fake, router }
    }

    /// Who the browser is signed in as.
    pub(crate) async fn caller(&self, browser: &Browser<'_>) -> Caller {
        let token = &browser.cookies["__Host-dayline"];
        authenticate::authenticate(&self.fake.app, token, None).await.unwrap()
    }

    /// Tracks that a device had an app in front, from and to a time of the fakes' day, and perhaps a page.
    pub(crate) async fn track(
        &self,
        browser: &Browser<'_>,
        device: &str,
        app: &str,
        page: &str,
        times: [&str; 2],
    ) {
        let caller = self.caller(browser).await;
        let site = if page.is_empty() { Site::None } else { Site::Domain(page.into()) };
        let seen = SeenDraft::Use { app_name: app.into(), site, project: None };
        let [start, end] = times.map(at);
        let draft = PingDraft { seen, start, end, device_id: Some(device.into()) };
        let receipt = ingest::accept(&self.fake.app, &caller, [Ok(draft)]).await.unwrap();
        assert_eq!(receipt.rejected.len(), 0);
        self.settle().await;
    }

    /// Until all that was said is in the timeline.
    pub(crate) async fn settle(&self) {
        let mut worker = Worker::new(self.fake.worker_ports(), Partition(0), WorkerLimits::default());
        while worker.step().await.unwrap().entries > 0 {}
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The answer to a `GET` with these headers.
    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(request(Method::GET, path, headers, "")).await
    }
}

/// What somebody types who registers and signs in.
pub(crate) const PASSWORD: &str = "a long enough secret";

/// What a browser says of a page that a person looks at, or of a form that a page of ours sends.
pub(crate) const OWN: [(&str, &str); 2] = [("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "document")];

/// A browser, which keeps cookies.
pub(crate) struct Browser<'a> {
    server: &'a Server,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(server: &'a Server) -> Self {
        Self { server, cookies: BTreeMap::new() }
    }

    /// The browser of somebody who has just registered.
    pub(crate) async fn of(server: &'a Server, name: &str) -> Self {
        let mut browser = Self::new(server);
        let form = format!(
            "full_name={name}&email={name}%40example.org&password={}&timezone=UTC",
            PASSWORD.replace(' ', "+")
        );
        let reply = browser.post("/register", &form).await;
        assert_eq!(reply.status, 303, "{reply:?}");
        browser
    }

    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let form = format!("email={name}%40example.org&password={}&next=", password.replace(' ', "+"));
        self.post("/sign-in", &form).await
    }

    /// Looks at a page.
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &OWN, "").await
    }

    /// Sends a form from a page of ours.
    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Answer {
        self.send(Method::POST, path, &OWN, form).await
    }

    /// Sends a form with a file from a page of ours.
    pub(crate) async fn upload(&mut self, path: &str, fields: &[(&str, &str)], file: (&str, &str)) -> Answer {
        let head = |name: &str| format!("--x7\r\nContent-Disposition: form-data; name=\"{name}\"");
        let field = |(name, text): &(&str, &str)| format!("{}\r\n\r\n{text}\r\n", head(name));
        let fields: String = fields.iter().map(field).collect();
        let (name, content) = file;
        let form = format!(
            "{fields}{}; filename=\"{name}\"\r\nContent-Type: application/json\r\n\r\n{content}\r\n--x7--\r\n",
            head("file")
        );
        let form_type = ("content-type", "multipart/form-data; boundary=x7");
        self.send(Method::POST, path, &[OWN[0], OWN[1], form_type], &form).await
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        form: &str,
    ) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, text)| format!("{name}={text}")).collect();
        let cookies = cookies.join("; ");
        let mut all = headers.to_vec();
        all.push(("host", "dayline.example.org"));
        all.push(("cookie", &cookies));
        if method == Method::POST && headers.iter().all(|(name, _)| *name != "content-type") {
            all.push(("content-type", "application/x-www-form-urlencoded"));
        }
        let reply = self.server.send(request(method, path, &all, form)).await;
        for set in reply.headers.get_all("set-cookie") {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            let text = rest.split(';').next().unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), text.to_owned());
            }
        }
        reply
    }
}

/// `HH:MM:SS` of the fakes' day, 2026-11-20.
fn at(time: &str) -> UtcMs {
    let parts: Vec<i64> = time.split(':').map(|part| part.parse().unwrap()).collect();
    let date: LocalDate = "2026-11-20".parse().unwrap();
    UtcDay(date.0).start().plus(parts.iter().fold(0, |all, part| all * 60 + part) * 1_000)
}

/// A request.
pub(crate) fn request(method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}
