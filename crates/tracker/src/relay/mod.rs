//! An ActivityWatch server's face on this computer. Watchers are answered at once and never told to come again, since they
//! would drop what they have. Nobody can read anything here but which buckets there are.

mod answer;
mod bucket;
mod guard;
mod routes;
mod state;
mod translate;

use std::net::SocketAddr;

use axum::Router;
use axum::ServiceExt;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tower::Layer;
use tower::util::MapRequestLayer;

pub use state::{Relay, Setup};

/// Most bytes of a request.
const MAX_BODY: usize = 16 << 20;

fn router(relay: Relay) -> Router {
    Router::new()
        .route("/api/0/info", get(routes::info))
        .route("/api/0/buckets", get(routes::buckets))
        .route(
            "/api/0/buckets/{id}",
            get(routes::bucket).post(routes::make).put(routes::make).delete(routes::delete),
        )
        .route("/api/0/buckets/{id}/heartbeat", post(routes::heartbeat))
        .route("/api/0/buckets/{id}/events", post(routes::events))
        .fallback(routes::not_here)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(relay.clone(), guard::guard))
        .with_state(relay)
}

/// Answers for as long as it is polled.
///
/// # Errors
/// What ended it.
pub async fn serve(relay: Relay, listener: TcpListener) -> Result<(), String> {
    let service = MapRequestLayer::new(guard::plain).layer(router(relay));
    let service = ServiceExt::<Request>::into_make_service(service);
    axum::serve(listener, service).await.map_err(|error| format!("the relay ended: {error}"))
}

/// Listens at this address.
///
/// # Errors
/// What is in the way, such as an ActivityWatch server.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| {
        format!("relay: cannot listen on {address} ({error}); stop the ActivityWatch server there, or use --relay off")
    })
}

#[cfg(test)]
mod tests;
