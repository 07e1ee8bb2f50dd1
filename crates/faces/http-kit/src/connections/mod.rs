//! Serves a router over TCP with the time, size and number of all connections bounded, which plain
//! `axum::serve` does not do. Not here: making the listening socket, and signals; the binary has
//! those.

mod bare;
mod config;
mod connection;
mod head;
mod peer;
mod refusal;
mod register;
mod stream;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

pub use config::ConnectionConfig;
use connection::Connections;
pub use peer::{Peer, Streams};
use register::Register;

/// Waits this long for a connection to make room before it asks another one.
const ROOM_WAIT: Duration = Duration::from_millis(50);
/// Waits this long after an accept failed for want of something, such as file descriptors.
const ACCEPT_WAIT: Duration = Duration::from_millis(20);

/// Serves until `shutdown` is cancelled, then finishes what is in flight; returns when all
/// connections are closed, at the latest after [`ConnectionConfig::grace`]. Uses the runtime it is
/// called on and no other, so that several runtimes may each serve a listener of their own.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: ConnectionConfig,
    shutdown: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(config.max_connections));
    let connections = Connections::new(router, config);
    while let Some(stream) = shutdown.run_until_cancelled(accept(&listener, &connections.register)).await {
        let permit = shutdown.run_until_cancelled(make_room(&room, &connections.register)).await;
        // One that was accepted is answered, whatever has happened meanwhile.
        connections.spawn(stream, permit.flatten());
    }
    for stream in accepted_at_last(listener) {
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else { break };
        connections.spawn(stream, Some(permit));
    }
    connections.shut_down().await;
}

/// Waits until one more connection is allowed, and closes waiting ones to get there.
async fn make_room(room: &Arc<Semaphore>, register: &Register) -> Option<OwnedSemaphorePermit> {
    if let Ok(permit) = Arc::clone(room).try_acquire_owned() {
        return Some(permit);
    }
    loop {
        register.evict_one();
        if let Ok(permit) = timeout(ROOM_WAIT, Arc::clone(room).acquire_owned()).await {
            return permit.ok();
        }
    }
}

async fn accept(listener: &TcpListener, register: &Register) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // That connection is gone already; the next may be fine.
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "can't accept connections");
                register.evict_one();
                sleep(ACCEPT_WAIT).await;
            }
        }
    }
}

/// Closes the listener, and gives what waited to be accepted: these clients know that they are connected,
/// and may have sent a request.
fn accepted_at_last(listener: TcpListener) -> impl Iterator<Item = TcpStream> {
    let listener = listener.into_std();
    let next = move || match listener.as_ref().ok()?.accept() {
        Ok((stream, _)) => Some(stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream))),
        Err(error) if is_of_one_connection(&error) => Some(Err(error)),
        Err(_) => None,
    };
    std::iter::from_fn(next).filter_map(Result::ok)
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
