//! The outermost layer: catches panics, counts and measures, logs answers of 5xx, adds what every
//! answer has. Not here: spans per request; the hot path pays for none.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use dayline_app::identity::network::coarse;
use dayline_app::ports::BoxFuture;
use dayline_domain::UserId;
use futures_util::FutureExt;
use http::{HeaderValue, Method, StatusCode, header};
use tower::{Layer, Service};

use crate::access_log::Line;
use crate::address::client_of;
use crate::connections::Peer;
use crate::instant::utc;
use crate::metrics::known_method;
use crate::outages::Outages;
use crate::problem::{Logged, Problem};
use crate::request_id::{REQUEST_ID, RequestId, given_id};
use crate::state::Kit;

/// Puts the edge around a service.
#[derive(Clone)]
pub(crate) struct EdgeLayer(Arc<Shared>);

struct Shared {
    kit: Kit,
    outages: Outages,
}

impl EdgeLayer {
    pub(crate) fn new(kit: Kit) -> Self {
        Self(Arc::new(Shared { kit, outages: Outages::default() }))
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

    fn call(&mut self, request: Request) -> Self::Future {
        let began = Instant::now();
        let EdgeLayer(shared) = self.layer.clone();
        let seen = Seen {
            method: request.method().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            id: given_id(request.headers()),
            peer: request.extensions().get::<Peer>().cloned(),
            network: network_of(&shared.kit, &request),
        };
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
            let id = seen.id.clone().or_else(|| told_id(&shared.kit, &response));
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

/// The id of an answer that went wrong to a request that had none: one that it tells already, or a new one.
fn told_id(kit: &Kit, response: &Response) -> Option<HeaderValue> {
    if response.status().as_u16() < 400 {
        return None;
    }
    let told = response.extensions().get::<RequestId>().map(|RequestId(id)| id.clone());
    told.or_else(|| kit.request_ids.next())
}
