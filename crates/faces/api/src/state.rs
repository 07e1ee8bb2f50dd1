//! What the handlers work with: the application, the metrics, and what an operator may set.
//! Deliberately absent: how connections are limited (see [`crate::ServerConfig`]).

use std::sync::Arc;
use std::time::Duration;

use dayline_app::App;
use dayline_app::ports::BoxFuture;

use crate::metrics::Metrics;
use crate::request::address::{Cidr, ForwardedHeader};
use crate::request::budget::Budget;
use crate::request::places::Places;

/// Most streams of live events that one person may have open: a few pages on a few devices.
const LIVE_PER_PERSON: usize = 10;
/// Most exports at a time; each holds a day of somebody's ledger in memory.
const EXPORTS: usize = 32;
/// Most exports of one person at a time.
const EXPORTS_PER_PERSON: usize = 2;

/// What all handlers share.
pub struct ApiState {
    /// The application.
    pub app: App,
    /// The metrics that `/metrics` shows.
    pub metrics: Metrics,
    /// What `/readyz` asks.
    pub readiness: Arc<dyn Readiness>,
    /// What an operator may set.
    pub config: ApiConfig,
    pub(crate) body_memory: Budget,
    pub(crate) ping_work: Budget,
    pub(crate) live_streams: Arc<Places>,
    pub(crate) exports: Arc<Places>,
}

impl ApiState {
    /// The state of a router.
    pub fn new(app: App, metrics: Metrics, readiness: Arc<dyn Readiness>, config: ApiConfig) -> Self {
        let body_memory = Budget::new(config.max_body_memory);
        let ping_work = Budget::new(config.max_ping_work.max(1));
        let live_streams = Places::new(config.max_live_streams, LIVE_PER_PERSON);
        let exports = Places::new(EXPORTS, EXPORTS_PER_PERSON);
        Self { app, metrics, readiness, config, body_memory, ping_work, live_streams, exports }
    }
}

/// What an operator may set about requests.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// Proxies whose word about the client's address is taken.
    pub trusted_proxies: Vec<Cidr>,
    /// The header in which those proxies say it. Only this one is read: a proxy passes on what it does not
    /// know, so that a client could put the other one there itself.
    pub forwarded_header: ForwardedHeader,
    /// Origins (`https://host[:port]`) of other sites whose pages may call the API. None by default.
    pub allowed_origins: Vec<String>,
    /// Where people reach this server (`https://host[:port]`), for links. The request's own host if not given.
    pub public_url: Option<String>,
    /// How long a request's body may take.
    pub body_timeout: Duration,
    /// Bytes of bodies that may be in memory while they arrive, over all requests.
    pub max_body_memory: usize,
    /// Bytes of pings that may be taken in at a time, over all requests, each of which counts as 4 KiB more: about
    /// sixty milliseconds' work for two processors with the default. One request is always allowed.
    pub max_ping_work: usize,
    /// Streams of live events that may be open at a time; each is a connection.
    pub max_live_streams: usize,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::XForwardedFor,
            allowed_origins: Vec::new(),
            public_url: None,
            body_timeout: Duration::from_secs(30),
            max_body_memory: 64 << 20,
            max_ping_work: 8 << 20,
            max_live_streams: 2_000,
        }
    }
}

/// One part of the service as `/readyz` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at; a word that may be shown to anyone.
    pub name: &'static str,
    /// Whether the service can't do its work without it; else it does it less well.
    pub needed: bool,
    /// What an operator should look at if it does not work; words that may be shown to anyone.
    pub hint: &'static str,
    /// Why it is not ready, for the log only.
    pub failure: Option<String>,
}

/// Looks whether the parts of the service are ready to work. Supplied by the binary.
pub trait Readiness: Send + Sync {
    /// All checks, done now, within about a second.
    fn checks(&self) -> BoxFuture<'_, Vec<Check>>;
}
