//! Who may use the relay: programs on this computer, and the extensions of its browsers. Pages of the web may not, although
//! they can reach it.

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, HOST, ORIGIN,
    VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answer::failed;
use super::state::Relay;

/// aw-watcher-web in the stores of Chrome and its like. Firefox gives each installation an origin of its own.
const KNOWN: [&str; 1] = ["chrome-extension://nglaklhklhcoonedhgnpgddginnjdadi"];

/// Lets a request through or refuses it.
pub(super) async fn guard(State(relay): State<Relay>, request: Request, next: Next) -> Response {
    if !is_local(request.headers()) {
        return failed(StatusCode::BAD_REQUEST, "Host header is invalid");
    }
    let Some(origin) = request.headers().get(ORIGIN).cloned() else { return next.run(request).await };
    if !may_use(&origin, relay.origins()) {
        return failed(StatusCode::FORBIDDEN, "this origin may not use the relay; see relay_origins");
    }
    let mut response = match *request.method() {
        Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, DELETE"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
    headers.insert(VARY, HeaderValue::from_static("origin"));
    response
}

/// Whether the request was meant for this computer by its name: a page may let its own name point here.
fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let authority: Result<axum::http::uri::Authority, _> = host.parse();
    authority.is_ok_and(|authority| matches!(authority.host(), "127.0.0.1" | "localhost" | "[::1]"))
}

fn may_use(origin: &HeaderValue, more: &[String]) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    origin.starts_with("moz-extension://")
        || KNOWN.contains(&origin)
        || more.iter().any(|allowed| allowed == origin)
}

/// The path that is meant by one of the spellings that clients have: `//api/0/info`, `/api/0/buckets/`.
pub(super) fn plain(mut request: Request) -> Request {
    let path = request.uri().path();
    if !path.contains("//") && !path.ends_with('/') {
        return request;
    }
    let names: Vec<_> = path.split('/').filter(|name| !name.is_empty()).collect();
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    if let Ok(uri) = format!("/{}{query}", names.join("/")).parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    request
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_request_must_name_this_computer() {
        let local = |host: &str| is_local(&HeaderMap::from_iter([(HOST, host.parse().unwrap())]));
        for host in
            ["127.0.0.1", "127.0.0.1:5600", "localhost:5600", "[::1]:5600", "user:token@localhost:5600"]
        {
            assert!(local(host), "{host}");
        }
        for host in ["example.org", "localhost.example.org:5600", "127.0.0.1.example.org", ""] {
            assert!(!local(host), "{host}");
        }
        assert!(!is_local(&HeaderMap::new()));
    }

    #[test]
    fn extensions_may_use_the_relay_and_pages_may_not() {
        let more = ["chrome-extension://mine".to_owned()];
        let may = |origin: &str| may_use(&HeaderValue::from_str(origin).unwrap(), &more);
        for origin in
            [KNOWN[0], "moz-extension://4f2d1a5e-0000-4000-8000-000000000000", "chrome-extension://mine"]
        {
            assert!(may(origin), "{origin}");
        }
        for origin in ["https://example.org", "http://127.0.0.1:5600", "null", "chrome-extension://other"] {
            assert!(!may(origin), "{origin}");
        }
    }

    #[test]
    fn spellings_of_a_path_are_one() {
        let path = |uri: &str| plain(Request::get(uri).body(Body::empty()).unwrap()).uri().to_string();
        assert_eq!(path("//api/0/info"), "/api/0/info");
        assert_eq!(path("/api/0/buckets/"), "/api/0/buckets");
        assert_eq!(
            path("/api//0/buckets/a/heartbeat/?pulsetime=2.0"),
            "/api/0/buckets/a/heartbeat?pulsetime=2.0"
        );
        assert_eq!(path("/api/0/info"), "/api/0/info");
        assert_eq!(path("/"), "/");
    }
}
