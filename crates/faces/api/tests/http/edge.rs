//! What every answer has, whatever the route: panics, request ids, the log, foreign pages, memory.

use std::io::Write;
use std::sync::{Arc, Mutex};

use dayline_api::route_patterns;
use dayline_app::ports::{PortError, TimeZones};
use dayline_contract::fakes::FakeApp;
use dayline_domain::Zone;
use dayline_http_kit::{KitConfig, Metrics};
use http::{HeaderMap, Method};
use serde_json::json;

use crate::support::{PASSWORD, Server};

/// Zones that break a rule of programming.
struct Panicking;

impl TimeZones for Panicking {
    fn find(&self, _: &str) -> Option<Arc<dyn Zone>> {
        panic!("a panic that a test wants")
    }
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_server_goes_on() {
    let mut fake = FakeApp::default();
    fake.app.zones = Arc::new(Panicking);
    let server = Server::of(fake, KitConfig::default(), Metrics::new(route_patterns()));
    let user = json!({"email": "ada@example.org", "password": PASSWORD, "full_name": "Ada"});
    for _ in 0..2 {
        let reply = server.post("/api/v1/users").json(&user).send().await;
        assert_eq!(reply.problem(), (500, "internal".into()));
        assert!(!reply.text().contains("panic"), "{reply:?}");
    }
    assert_eq!(server.get("/healthz").send().await.text(), "ok\n");
}

#[tokio::test]
async fn a_request_keeps_the_id_it_came_with_if_that_is_plain() {
    let server = Server::new();
    let given = server.get("/healthz").header("x-request-id", "abc-123_x.Y").send().await;
    assert_eq!(given.header("x-request-id"), "abc-123_x.Y");
    for strange in ["a b", "<script>", "", &"x".repeat(65)] {
        let reply = server.get("/healthz").header("x-request-id", strange).send().await;
        assert_eq!(reply.header("x-request-id"), "", "{strange}");
    }
    let (one, two) = (server.get("/nothing").send().await, server.get("/nothing").send().await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_failure_is_one_line_in_the_log_without_a_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let server = Server::new();
    let ada = server.person("ada").await;
    server.get("/api/v1/users/nobody?secret=query").of(&ada).send().await;
    server.fake.store.fail(Some(PortError::Unavailable("disk on fire".into())));
    let reply = server.get("/api/v1/report/apps?tz=UTC&app=secret").of(&ada).send().await;
    assert_eq!(reply.status, 503);
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
    let id = format!("request_id=\"{}\"", reply.header("x-request-id"));
    for part in [
        "method=\"GET\"",
        "route=\"/api/v1/report/apps\"",
        "status=503",
        "code=\"unavailable\"",
        "disk on fire",
        &id,
    ] {
        assert!(log.contains(part), "{part} in {log}");
    }
    for secret in [ada.access.as_str(), ada.refresh.as_str(), PASSWORD, "ada@", "secret"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[tokio::test]
async fn pages_of_other_sites_are_shut_out_unless_allowed() {
    let preflight = async |server: &Server| {
        let call =
            server.request(Method::OPTIONS, "/api/v1/report/apps").header("origin", "https://app.example");
        let call = call.header("access-control-request-method", "GET");
        let response = tower::ServiceExt::oneshot(server.router.clone(), call.into_request()).await.unwrap();
        response.headers().get("access-control-allow-origin").cloned()
    };
    assert_eq!(preflight(&Server::new()).await, None);
    let allowed_origins =
        ["https://app.example/", "moz-extension://*"].map(|origin| origin.parse().unwrap()).into();
    let server = Server::with(KitConfig { allowed_origins, ..KitConfig::default() });
    assert_eq!(preflight(&server).await.unwrap(), "https://app.example");
    let reply = server.get("/healthz").header("origin", "https://app.example").send().await;
    assert_eq!(reply.header("access-control-allow-origin"), "https://app.example");
    let reply = server.get("/healthz").header("origin", "https://evil.example").send().await;
    assert_eq!(reply.header("access-control-allow-origin"), "");
    assert_eq!(reply.header("access-control-allow-credentials"), "");
    let extension = "moz-extension://1b2c3d4e-0000-4000-8000-000000000000";
    let reply = server.get("/healthz").header("origin", extension).send().await;
    assert_eq!(reply.header("access-control-allow-origin"), extension);
}

#[tokio::test]
async fn allowed_pages_may_send_and_read_what_clients_of_the_api_need() {
    let allowed_origins = vec!["https://app.example".parse().unwrap()];
    let server = Server::with(KitConfig { allowed_origins, ..KitConfig::default() });
    let list = |headers: &HeaderMap, name| {
        let text = headers[name].to_str().unwrap().to_lowercase();
        text.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>()
    };
    let call = server
        .request(Method::OPTIONS, "/api/v1/usage/corrections/x")
        .header("origin", "https://app.example");
    let preflight = call.header("access-control-request-method", "PUT").open().await.0.headers;
    let (methods, sent) =
        (list(&preflight, "access-control-allow-methods"), list(&preflight, "access-control-allow-headers"));
    for method in ["get", "post", "put", "patch", "delete"] {
        assert!(methods.iter().any(|known| known == method), "{method} in {methods:?}");
    }
    for header in [
        "authorization",
        "content-type",
        "content-encoding",
        "if-none-match",
        "last-event-id",
        "x-request-id",
    ] {
        assert!(sent.iter().any(|known| known == header), "{header} in {sent:?}");
    }
    let reply = server.get("/api/v1/users/me").header("origin", "https://app.example").send().await;
    let read = list(&reply.headers, "access-control-expose-headers");
    for header in [
        "etag",
        "location",
        "retry-after",
        "www-authenticate",
        "x-request-id",
        "ratelimit",
        "content-disposition",
    ] {
        assert!(read.iter().any(|known| known == header), "{header} in {read:?}");
    }
}

#[tokio::test]
async fn bodies_take_only_so_much_memory_together() {
    let server = Server::with(KitConfig { max_body_memory: 1_000, ..KitConfig::default() });
    let ada = server.person("ada").await;
    let send = async |bytes: usize| {
        let chunks = [vec![b' '; bytes / 2], vec![b' '; bytes / 2]].map(Ok::<_, std::io::Error>);
        let body = axum::body::Body::from_stream(futures_util::stream::iter(chunks));
        let call = server.post("/api/v1/usage/track").of(&ada).body("application/x-ndjson", body);
        let reply = call.send().await;
        (reply.problem(), reply.header("retry-after").to_owned())
    };
    // What a request took is given back, or the second would fail.
    for _ in 0..2 {
        assert_eq!(send(1_000).await, ((422, "no_pings".into()), String::new()));
    }
    assert_eq!(send(1_002).await, ((503, "unavailable".into()), "1".into()));
}
