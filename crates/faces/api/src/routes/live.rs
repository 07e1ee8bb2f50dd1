//! `/live`: server-sent events that tell open pages which of my days changed.
//! Not here: what changed (pages ask again), and who announces it.

use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use dayline_app::Kind;
use dayline_app::ports::{LiveEvent, LiveSubscription};
use dayline_app::tracking::live::{self, Missed, Watch};
use dayline_domain::{UtcDay, UtcMs};
use dayline_http_kit::Problem;
use dayline_http_kit::caller::StaysSignedIn;
use dayline_http_kit::connections::{Peer, Streams};
use dayline_http_kit::slots::SlotGuard;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, header};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use crate::openapi::SignedInProblems;
use crate::state::Api;

/// How often a stream asks whether it may go on.
const POLL: Duration = Duration::from_secs(1);
/// After this long without an event a comment is sent, so that neither side takes the other for
/// gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Which of my days change, as they do (server-sent events).
///
/// - `ready` (data `{}`) comes once, after what was missed.
/// - `changed` (data `{"date": "2026-11-20", "version": 7}`): the ledger of this UTC day has this
///   version now.
/// - `resync` (data `{}`): some changes were missed; look at everything again.
/// - `end` (data `{"code", "detail"}`): the stream ends, since the session was revoked or the token
///   has ended (`session_revoked`, `not_signed_in`) or the server stops (`stopping`). Come back
///   with a fresh token.
///
/// Ids are times of commits in milliseconds. Who comes back with the last one as `Last-Event-ID` is
/// told what changed since; a day may be named that was named before. An empty comment every 15 s
/// shows that the stream lives. One person may have 10 streams. Pages of this server are let in by the
/// cookie of their session.
#[utoipa::path(
    get, path = "/api/v1/live", tag = "live", operation_id = "live",
    params(("last-event-id" = Option<String>, Header, description = "The last id that was seen")),
    responses(
        (status = 200, body = String, content_type = "text/event-stream", description = "Events without end"),
        SignedInProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn live(
    State(api): State<Api>,
    credential: StaysSignedIn,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let caller = &credential.caller;
    let watch = live::watch(&api.app, caller, last_seen(&headers)).await?;
    let slot = api.live_streams.claim(caller.user)?;
    let mut polls = interval(POLL);
    polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stream = Stream {
        first: Some(beginning(&watch)),
        events: watch.events,
        credential,
        polls,
        sent_at: Instant::now(),
        has_ended: false,
        peer: peer.map(|Extension(peer)| peer),
        streams: None,
        api,
        _slot: slot,
    };
    let mut response = Response::new(Body::from_stream(stream::unfold(stream, Stream::next)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // For nginx, which would otherwise gather events until a buffer is full.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// The commit time of the last event that the client saw. An id that is none of ours is older than
/// everything.
fn last_seen(headers: &HeaderMap) -> Option<UtcMs> {
    let id = headers.get("last-event-id")?;
    let ms = id.to_str().ok().and_then(|id| id.trim().parse().ok());
    Some(UtcMs(ms.unwrap_or(0)))
}

/// What was missed. Only the last event has an id, since a client that loses the connection in
/// between has to be told all of it again.
fn beginning(Watch { missed, began_at, .. }: &Watch) -> Bytes {
    let mut text = String::from("retry: 2000\n\n");
    match missed {
        Missed::Days(days) => {
            for (day, version) in days {
                changed(&mut text, None, *day, *version);
            }
        }
        Missed::Much => text.push_str("event: resync\ndata: {}\n\n"),
    }
    // Writing to a string can't fail, here and below.
    let _ = write!(text, "event: ready\nid: {}\ndata: {{}}\n\n", began_at.0);
    text.into()
}

fn changed(text: &mut String, id: Option<UtcMs>, day: UtcDay, version: u64) {
    text.push_str("event: changed\n");
    if let Some(id) = id {
        let _ = writeln!(text, "id: {}", id.0);
    }
    let _ = write!(text, "data: {{\"date\":\"{day}\",\"version\":{version}}}\n\n");
}

/// An open stream. Events that the client does not take wait in the subscription, which keeps a
/// bounded number.
struct Stream {
    api: Api,
    first: Option<Bytes>,
    events: Box<dyn LiveSubscription>,
    credential: StaysSignedIn,
    polls: Interval,
    sent_at: Instant,
    has_ended: bool,
    peer: Option<Peer>,
    streams: Option<Streams>,
    _slot: SlotGuard,
}

impl Stream {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        if self.has_ended {
            return None;
        }
        if self.streams.is_none() {
            self.streams = self.peer.as_ref().map(Peer::streams);
        }
        let text = match self.first.take() {
            Some(first) => first,
            None => self.wait().await,
        };
        self.sent_at = Instant::now();
        Some((Ok(text), self))
    }

    /// Waits for something to be sent.
    async fn wait(&mut self) -> Bytes {
        loop {
            tokio::select! {
                event = self.events.next() => return self.tell(event),
                _ = self.polls.tick() => {
                    let peer = self.peer.as_ref();
                    if let Some(end) = reason_to_end(&self.api, &self.credential, peer).await {
                        self.has_ended = true;
                        return end;
                    }
                    if self.sent_at.elapsed() >= HEARTBEAT {
                        return Bytes::from_static(b":\n\n");
                    }
                }
            }
        }
    }

    fn tell(&self, event: LiveEvent) -> Bytes {
        let mut text = String::new();
        match event {
            LiveEvent::Changed(change) => changed(&mut text, Some(change.at), change.day, change.version),
            LiveEvent::Missed => {
                let now = self.api.app.clock.now().0;
                let _ = write!(text, "event: resync\nid: {now}\ndata: {{}}\n\n");
            }
        }
        text.into()
    }
}

/// The last event, if the stream must end.
async fn reason_to_end(api: &Api, credential: &StaysSignedIn, peer: Option<&Peer>) -> Option<Bytes> {
    let (code, detail) = if peer.is_some_and(Peer::is_closing) {
        ("stopping", "the server stops; connect again")
    } else {
        match credential.check(&api.kit).await {
            Err(error) if error.kind() == Kind::Unauthenticated => (error.code(), error.detail()),
            // A store that can't be asked now ends nothing.
            Ok(()) | Err(_) => return None,
        }
    };
    Some(format!("event: end\ndata: {{\"code\":\"{code}\",\"detail\":\"{detail}\"}}\n\n").into())
}
