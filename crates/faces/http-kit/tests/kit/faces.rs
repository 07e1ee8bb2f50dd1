//! Two faces share a kit and nothing else.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dayline_app::identity::accounts::{self, Registration};
use dayline_app::identity::login::{self, Login};
use dayline_contract::fakes::FakeApp;
use dayline_domain::{DeviceId, Email, FullName, NewPassword};
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::credential::Forms;
use dayline_http_kit::metrics::Exposition;
use dayline_http_kit::router::with_state;
use dayline_http_kit::{Face, Kit, KitConfig, KitState, Metrics, Problem, Router, assemble};
use http::{Request, StatusCode, request};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// A face as the API is one.
struct Plain(Kit);

impl Face for Plain {
    type Refusal = Problem;

    fn kit(&self) -> &KitState {
        &self.0
    }

    fn forms(&self, _: &request::Parts) -> Forms {
        Forms::BEARER
    }
}

/// A face whose clients know Basic, a parameter, and errors as plain text.
struct Foreign(Kit);

struct ForeignError(Problem);

impl From<Problem> for ForeignError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for ForeignError {
    fn into_response(self) -> Response {
        (self.0.status(), format!("error: {}", self.0.code())).into_response()
    }
}

impl Face for Foreign {
    type Refusal = ForeignError;

    fn kit(&self) -> &KitState {
        &self.0
    }

    fn forms(&self, _: &request::Parts) -> Forms {
        Forms { basic: true, query: Some("api_key"), ..Forms::default() }
    }
}

async fn name(SignedIn(caller): SignedIn) -> String {
    caller.user.to_string()
}

struct Served {
    router: Router,
    metrics: Metrics,
    token: String,
}

/// Both faces, and the access token of somebody.
async fn served() -> Served {
    let fake = FakeApp::default();
    let registration = Registration {
        email: Email::new("ada@example.org").unwrap(),
        password: NewPassword::new("a long enough secret").unwrap(),
        full_name: FullName::new("Ada").unwrap(),
        timezone: None,
        address: None,
    };
    accounts::register(&fake.app, registration).await.unwrap();
    let sign_in = Login {
        email: Email::new("ada@example.org").unwrap(),
        password: "a long enough secret".into(),
        device: DeviceId::new("laptop").unwrap(),
        device_name: None,
        refresh_token: None,
        address: None,
    };
    let token = login::login(&fake.app, sign_in).await.unwrap().access_token;
    let metrics = Metrics::new(["/plain", "/foreign"].map(str::to_owned));
    let kit = KitState::new(fake.app, metrics.clone(), KitConfig::default()).unwrap();
    let plain = with_state(Router::new().route("/plain", get(name)), Arc::new(Plain(Arc::clone(&kit))));
    let foreign = with_state(Router::new().route("/foreign", get(name)), Arc::new(Foreign(Arc::clone(&kit))));
    Served { router: assemble(&kit, [plain, foreign]), metrics, token }
}

impl Served {
    async fn send(&self, method: &str, path: &str, authorization: &str) -> (StatusCode, String, String) {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", authorization).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let content_type = response.headers().get("content-type").map(|value| value.to_str().unwrap());
        let content_type = content_type.unwrap_or_default().to_owned();
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, content_type, String::from_utf8(body.to_vec()).unwrap())
    }
}

#[tokio::test]
async fn slashes_around_a_path_lead_to_its_route_and_are_counted_there() {
    let served = served().await;
    let bearer = format!("Bearer {}", served.token);
    for path in ["/plain", "/plain/", "//plain", "///plain//?a=b"] {
        assert_eq!(served.send("GET", path, &bearer).await.0, 200, "{path}");
    }
    for path in ["/pl/ain/", "/", "//", "/plain//x"] {
        assert_eq!(served.send("GET", path, &bearer).await.0, 404, "{path}");
    }
    assert_eq!(served.send("POST", "/plain/", &bearer).await.0, 405);
    let counts = served.metrics.text(Exposition::Prometheus).unwrap();
    assert!(counts.contains(r#"requests_total{route="/plain",method="GET",status="2xx"} 4"#), "{counts}");
    assert!(counts.contains(r#"requests_total{route="none",method="GET",status="4xx"} 4"#), "{counts}");
}

#[tokio::test]
async fn each_face_takes_its_own_forms_of_credentials() {
    let served = served().await;
    let bearer = format!("Bearer {}", served.token);
    let basic = format!("Basic {}", STANDARD.encode(format!("anybody:{}", served.token)));
    assert_eq!(served.send("GET", "/plain", &bearer).await.0, 200);
    assert_eq!(served.send("GET", "/plain", &basic).await.0, 401);
    assert_eq!(served.send("GET", "/foreign", &basic).await.0, 200);
    assert_eq!(served.send("GET", "/foreign", &bearer).await.0, 401);
    let with_key = format!("/foreign?api_key={}", served.token);
    let request = Request::get(&with_key).body(Body::empty()).unwrap();
    assert_eq!(served.router.clone().oneshot(request).await.unwrap().status(), 200);
}

#[tokio::test]
async fn each_face_refuses_on_its_own_wire() {
    let served = served().await;
    let (status, content_type, body) = served.send("GET", "/foreign", "Basic !").await;
    assert_eq!((status.as_u16(), content_type.as_str()), (401, "text/plain; charset=utf-8"));
    assert_eq!(body, "error: not_signed_in");
    assert_eq!(served.send("POST", "/foreign", "").await.2, "error: method_not_allowed");
    let (status, content_type, _) = served.send("GET", "/plain", "Basic !").await;
    assert_eq!((status.as_u16(), content_type.as_str()), (401, "application/problem+json"));
    assert_eq!(served.send("GET", "/neither", "").await.0, 404);
}

#[tokio::test]
async fn all_faces_are_counted_together() {
    let served = served().await;
    served.send("GET", "/plain", "").await;
    served.send("GET", "/foreign", "").await;
    let text = served.metrics.text(Exposition::OpenMetrics).unwrap();
    for route in ["/plain", "/foreign"] {
        let line = format!(r#"dayline_requests_total{{route="{route}",method="GET",status="4xx"}} 1"#);
        assert!(text.contains(&line), "{text}");
    }
}
