//! The outermost layer: catches panics, counts and measures, logs answers of 5xx, adds what every
//! answer has. Not here: spans per request; the hot path pays for none.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use dayline_app::identity::network::coarse;
use dayline_app::ports::BoxFuture;
use dayline_domain::UserId;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tower::{Layer, Service};

use crate::access_log::Line;
use crate::address::client_of;
use crate::connections::Peer;
use crate::instant::utc;
use crate::metrics::known_method;
use crate::outages::Outages;
use crate::problem::{Logged, Problem};
use crate::state::Kit;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// By what an answer that went wrong is found in the log; with each request that comes through the edge.
#[derive(Debug, Clone)]
pub struct RequestId(pub HeaderValue);

/// Puts the edge around a service.
#[derive(Clone)]
pub(crate) struct EdgeLayer(Arc<Shared>);

struct Shared {
    kit: Kit,
    ids: RequestIds,
    outages: Outages,
}

impl EdgeLayer {
    pub(crate) fn new(kit: Kit) -> Self {
        let mut prefix = [0; 4];
        kit.app.randomness.fill(&mut prefix);
        let ids = RequestIds { prefix: u32::from_be_bytes(prefix), next: AtomicU32::new(1) };
        Self(Arc::new(Shared { kit, ids, outages: Outages::default() }))
    }
}

impl<S> Layer<S> for EdgeLayer {
    type Service = Edge<S>;

    fn layer(&self, inner: S) -> Edge<S> {
        Edge { inner, layer: self.clone() }
    }
}

/// The edge around a service.
#[derive(Clone)]
pub(crate) struct Edge<S> {
    inner: S,
    layer: EdgeLayer,
}

impl<S> Service<Request> for Edge<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let began = Instant::now();
        let EdgeLayer(shared) = self.layer.clone();
        let given = given_id(request.headers());
        let seen = Seen {
            method: request.method().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            id_was_given: given.is_some(),
            id: given.or_else(|| shared.ids.next()),
            peer: request.extensions().get::<Peer>().cloned(),
            network: network_of(&self.layer.0.kit, &request),
        };
        if let Some(id) = seen.id.clone() {
            request.extensions_mut().insert(RequestId(id));
        }
        let answering = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        Box::pin(async move {
            let response = match answering.await {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(_) => Problem::panicked().into_response(),
            };
            let admitted = shared.kit.unread.admit(seen.caller(), response);
            let mut response = admitted.unwrap_or_else(IntoResponse::into_response);
            let status = response.status();
            shared.kit.metrics.answered(seen.route(), &seen.method, status, began.elapsed());
            let is_told = seen.id_was_given || status.as_u16() >= 400;
            let id = seen.id.clone().filter(|_| is_told);
            if status.is_server_error() {
                log(&seen, id.as_ref(), &response, &shared.outages);
            }
            if let Some(access) = &shared.kit.access_log {
                access.write(seen.line(&shared.kit, status, began.elapsed(), id.as_ref()));
            }
            let headers = response.headers_mut();
            headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            if let Some(id) = id {
                headers.insert(REQUEST_ID, id);
            }
            Ok(response)
        })
    }
}

/// What is remembered of a request until it is answered.
struct Seen {
    method: Method,
    route: Option<MatchedPath>,
    id: Option<HeaderValue>,
    id_was_given: bool,
    peer: Option<Peer>,
    /// Where it came from, for the access log alone.
    network: Option<String>,
}

impl Seen {
    /// Who sent the request, if that was asked.
    fn caller(&self) -> Option<UserId> {
        self.peer.as_ref().and_then(Peer::caller)
    }

    /// The route's pattern; nothing the client chose.
    fn route(&self) -> Option<&str> {
        self.route.as_ref().map(MatchedPath::as_str)
    }

    /// The request in the access log.
    fn line(&self, kit: &Kit, status: StatusCode, took: Duration, id: Option<&HeaderValue>) -> Line {
        Line {
            time: utc(kit.app.clock.now()),
            method: known_method(&self.method),
            route: self.route().map(str::to_owned),
            status: status.as_u16(),
            ms: took.as_micros() as f64 / 1_000.0,
            network: self.network.clone(),
            request_id: id.and_then(|id| id.to_str().ok()).map(str::to_owned),
        }
    }
}

/// The network that a request came from, if there is an access log that wants to know.
fn network_of(kit: &Kit, request: &Request) -> Option<String> {
    kit.access_log.as_ref()?;
    let peer = request.extensions().get::<Peer>().map(Peer::address);
    client_of(peer, request.headers(), kit).map(coarse)
}

/// One line for an answer of 5xx, or for the last of many. It has the route's pattern, never the path, query
/// or any header.
fn log(seen: &Seen, id: Option<&HeaderValue>, response: &Response, outages: &Outages) {
    let logged = response.extensions().get::<Logged>();
    let code = logged.map(|logged| logged.code);
    let cause = logged.and_then(|logged| logged.cause.as_deref());
    let requests = outages.count(code, Instant::now());
    if requests == 0 {
        return;
    }
    tracing::error!(
        request_id = id.and_then(|id| id.to_str().ok()),
        method = seen.method.as_str(),
        route = seen.route(),
        status = response.status().as_u16(),
        code,
        cause,
        requests,
        "request failed"
    );
}

/// The id that a client or proxy gave the request, if it is one that may go into a log.
fn given_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(REQUEST_ID)?;
    let is_plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
    (id.len() <= 64 && id.as_bytes().iter().all(is_plain)).then(|| id.clone())
}

/// Makes ids for requests that have none. They are told where something went wrong.
struct RequestIds {
    prefix: u32,
    next: AtomicU32,
}

impl RequestIds {
    fn next(&self) -> Option<HeaderValue> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{:08x}-{n:x}", self.prefix).parse().ok()
    }
}
