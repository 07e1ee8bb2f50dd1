//! The life of connections: each is a task that speaks HTTP and keeps watch over its own time. One
//! timer per connection, moved only when it rings or must ring earlier, so that requests set none.

use std::convert::Infallible;
use std::future::{poll_fn, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use dayline_app::ports::BoxFuture;
use http::{HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service as HyperService;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_util::task::TaskTracker;
use tower::Service;

use super::config::ConnectionConfig;
use super::peer::{Peer, Phase, Signal};
use super::refusal::refusal;
use super::register::{Register, Stuck};
use super::stream::Stream;
use crate::problem::Problem;

/// Most header lines of a request.
const MAX_HEADERS: usize = 100;
/// Most bytes of a request's head.
const MAX_HEAD: usize = 32 * 1024;
/// Most bytes read ahead per connection.
const MAX_BUFFER: usize = 64 * 1024;
/// How long a client may take to close its side after ours.
const LINGER: Duration = Duration::from_secs(2);

type Http<S> = http1::Connection<TokioIo<Stream>, S>;

/// All connections of one listener.
pub(super) struct Connections {
    pub(super) register: Arc<Register>,
    router: Router,
    config: Arc<ConnectionConfig>,
    tasks: TaskTracker,
}

impl Connections {
    pub(super) fn new(router: Router, config: ConnectionConfig) -> Self {
        Self { register: Arc::default(), router, config: Arc::new(config), tasks: TaskTracker::new() }
    }

    pub(super) fn spawn(&self, tcp: TcpStream, permit: Option<OwnedSemaphorePermit>) {
        // Without an address the connection is gone already.
        let Ok(address) = tcp.peer_addr() else { return };
        // Answers are written whole; waiting for more would only delay them.
        let _ = tcp.set_nodelay(true);
        let peer = Peer::new(address.ip(), Arc::clone(&self.config.leaving));
        let entry = Entry::new(&self.register, &self.config, peer.clone());
        let requests = Requests { router: self.router.clone(), peer: peer.clone() };
        let config = Arc::clone(&self.config);
        self.tasks.spawn(async move {
            let http = http1::Builder::new()
                .max_headers(MAX_HEADERS)
                .max_header_size(MAX_HEAD)
                .max_buf_size(MAX_BUFFER)
                .serve_connection(TokioIo::new(Stream::new(tcp, peer.clone())), requests);
            watch(pin!(http), &peer, &config, Stuck::new(&entry.register, config.max_stuck)).await;
            drop((entry, permit));
        });
    }

    /// Lets every connection answer what it has begun, and cuts off what takes too long.
    pub(super) async fn shut_down(self) {
        self.tasks.close();
        self.register.send_all(Signal::ShutDown);
        if timeout(self.config.grace, self.tasks.wait()).await.is_err() {
            self.register.send_all(Signal::Abort);
            self.tasks.wait().await;
        }
    }
}

/// A connection's place in the register and in the count, given up when its task ends, however it
/// ends.
struct Entry {
    register: Arc<Register>,
    config: Arc<ConnectionConfig>,
    number: u64,
}

impl Entry {
    fn new(register: &Arc<Register>, config: &Arc<ConnectionConfig>, peer: Peer) -> Self {
        if let Some(metrics) = &config.metrics {
            metrics.connection_opened();
        }
        let number = register.add(peer);
        Self { register: Arc::clone(register), config: Arc::clone(config), number }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.register.remove(self.number);
        if let Some(metrics) = &self.config.metrics {
            metrics.connection_closed();
        }
    }
}

/// What happens when a connection's time is up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// It ends as soon as no request is in flight.
    Finish,
    /// It ends at once, whatever is in flight.
    Cut,
}

/// Drives a connection to its end, or to the end of its time.
async fn watch<S>(mut http: Pin<&mut Http<S>>, peer: &Peer, config: &ConnectionConfig, mut stuck: Stuck<'_>)
where
    S: HyperService<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
{
    let mut alarm = pin!(sleep_until(Instant::now() + config.header_timeout));
    let mut drained_at = None;
    let mut finishing = false;
    poll_fn(|cx| {
        loop {
            if http.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            stuck.set(peer.stuck_since().is_some());
            match peer.take_signal(cx.waker()) {
                Signal::Evict if peer.phase().0 != Phase::Busy => return Poll::Ready(()),
                Signal::Abort => return Poll::Ready(()),
                Signal::ShutDown => drained_at = Some(Instant::now() + config.drain),
                Signal::Evict | Signal::None => {}
            }
            // Only polling the connection changes what it waits for, so that nothing is missed
            // here.
            let Some((due, then)) = deadline(peer, config, drained_at, finishing) else {
                return Poll::Pending;
            };
            if !rings(alarm.as_mut(), due, cx) {
                return Poll::Pending;
            }
            // Half a head is nothing that could be finished.
            if then == Then::Cut || peer.phase().0 == Phase::Head {
                return Poll::Ready(());
            }
            (drained_at, finishing) = (None, true);
            http.as_mut().graceful_shutdown();
        }
    })
    .await;
}

/// When the time of what the connection waits for is up, if that has a bound here.
fn deadline(
    peer: &Peer,
    config: &ConnectionConfig,
    drained_at: Option<Instant>,
    finishing: bool,
) -> Option<(Instant, Then)> {
    let (phase, since) = peer.phase();
    let waits = match phase {
        Phase::Idle if finishing => Some((since + LINGER, Then::Cut)),
        Phase::Idle => Some((since + config.idle_timeout, Then::Finish)),
        Phase::Head => Some((since + config.header_timeout, Then::Cut)),
        Phase::Closing => Some((since + LINGER, Then::Cut)),
        // Whoever reads the body bounds its time, since that can still answer.
        Phase::Body | Phase::Busy => None,
    };
    let stuck = peer.stuck_since().map(|since| (since + config.write_timeout, Then::Cut));
    let drained = drained_at.map(|at| (at, Then::Finish));
    [waits, stuck, drained].into_iter().flatten().min_by_key(|(due, _)| *due)
}

/// Whether it is `due` already; if not, the task is woken then or earlier.
fn rings(mut alarm: Pin<&mut Sleep>, due: Instant, cx: &mut Context<'_>) -> bool {
    if alarm.deadline() > due {
        alarm.as_mut().reset(due);
    }
    while alarm.as_mut().poll(cx).is_ready() {
        // It was set for something that has passed since.
        if Instant::now() >= due {
            return true;
        }
        alarm.as_mut().reset(due);
    }
    false
}

/// Hands a connection's requests to the router and records when each begins and is answered.
struct Requests {
    router: Router,
    peer: Peer,
}

impl HyperService<Request<Incoming>> for Requests {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let peer = self.peer.clone();
        peer.enter(Phase::Busy);
        peer.set_caller(None);
        if let Some(problem) = refusal(peer.fault(), &request) {
            return Box::pin(ready(Ok(refuse(&problem))));
        }
        request.extensions_mut().insert(peer.clone());
        // A router is always ready, and a clone of it is a clone of a pointer.
        let answering = self.router.clone().call(request);
        Box::pin(async move {
            let mut response = answering.await?;
            if peer.is_last_answer() {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            peer.set_served();
            peer.enter(Phase::Idle);
            Ok(response)
        })
    }
}

/// Refuses a request whose end or whose meaning is not clear, and with it the connection.
fn refuse(problem: &Problem) -> Response<Body> {
    let mut response = problem.respond_with(&problem.body());
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
