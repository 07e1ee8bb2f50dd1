//! The most a server takes: as fast as it answers, from many people.

use std::sync::Arc;
use std::time::Duration;

use crate::client::Turn;
use crate::failure::Failure;
use crate::outcomes::{Outcomes, Pace, send};
use crate::server::Server;
use crate::stream::{Order, Stream};

/// More requests a second than any server takes here; the pings for them are made beforehand.
const BOUND: usize = 100_000;

/// A stream at a pace; nothing of it is left out but what the window cuts off.
pub(crate) async fn send_stream(server: &Server, stream: Stream, pace: Pace) -> Result<Outcomes, Failure> {
    let pace = Pace { connections: stream.connections(), ..pace };
    let stream = Arc::new(stream);
    send(&server.addresses, pace, move |turn: Turn| stream.request(&turn)).await
}

/// Sends requests of so many pings as fast as they are answered; they end at `end`. Gives when the first one begins, too.
pub(crate) async fn find(
    server: &Server,
    tokens: &[String],
    in_request: usize,
    (connections, window): (usize, Duration),
    end: i64,
) -> Result<(Outcomes, i64), Failure> {
    let requests = BOUND / in_request.isqrt() * window.as_secs().max(1) as usize;
    let steps = (requests / tokens.len() + 2) * in_request;
    let stream = Stream::new(tokens.to_vec(), Order::AsItHappens, steps, in_request, end, connections);
    let begin = stream.begin;
    let outcomes = send_stream(server, stream, Pace { connections, per_second: None, window }).await?;
    if outcomes.sent() != outcomes.count(202) {
        return Err(format!("at the peak requests were refused: {}", outcomes.statuses()).into());
    }
    Ok((outcomes, begin))
}

/// Requests a second that were accepted.
pub(crate) fn rate(outcomes: &Outcomes) -> f64 {
    outcomes.count(202) as f64 / outcomes.took.as_secs_f64()
}
