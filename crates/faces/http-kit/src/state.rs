//! What the faces share while they serve, and what the kit must know of a face.
//! Not here: what only one face needs; that is in its own router state.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::response::IntoResponse;
use dayline_app::App;
use http::{HeaderMap, request};

use crate::access_log::AccessLog;
use crate::base_path::base_path;
use crate::budget::Budget;
use crate::credential::Forms;
use crate::metrics::Metrics;
use crate::origin::AllowedOrigin;
use crate::problem::Problem;
use crate::proxy::{Cidr, ForwardedHeader};
use crate::request_id::{RequestId, RequestIds, given_id};
use crate::unpacker::Unpacker;
use crate::unread::Unread;

/// Bytes of answers that may wait to be read, over all connections.
const MAX_UNREAD: usize = 64 << 20;

/// A handle to what the faces share; clones share it.
pub type Kit = Arc<KitState>;

/// A face's router state. The kit's extractors work for every such state, also behind an [`Arc`].
pub trait Face: Send + Sync + 'static {
    /// How the face tells a client that something is wrong: the kit's [`Problem`], or that in the
    /// words of the wire which the face speaks.
    type Refusal: From<Problem> + IntoResponse;

    /// What all faces share.
    fn kit(&self) -> &KitState;

    /// In which forms the face takes credentials with this request.
    fn forms(&self, request: &request::Parts) -> Forms;
}

impl<F: Face> Face for Arc<F> {
    type Refusal = F::Refusal;

    fn kit(&self) -> &KitState {
        F::kit(self)
    }

    fn forms(&self, request: &request::Parts) -> Forms {
        F::forms(self, request)
    }
}

/// What the faces share.
pub struct KitState {
    /// The application, for who sent a request.
    pub app: App,
    /// Where requests are counted.
    pub metrics: Metrics,
    /// What an operator may set.
    pub config: KitConfig,
    /// The pings that may be in flight.
    pub ping_work: Budget,
    /// Where a line for each request goes, if anybody wants one.
    pub(crate) access_log: Option<AccessLog>,
    pub(crate) request_ids: RequestIds,
    pub(crate) body_memory: Budget,
    pub(crate) unread: Arc<Unread>,
    pub(crate) unpacker: Unpacker,
}

impl KitState {
    /// What faces share that serve this application.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub fn new(app: App, metrics: Metrics, config: KitConfig) -> io::Result<Kit> {
        let body_memory = Budget::new(config.max_body_memory);
        let ping_work = Budget::new(config.max_ping_work.max(1));
        let unread = Unread::new(MAX_UNREAD);
        let unpacker = Unpacker::start()?;
        let access_log = config.access_log.then(|| AccessLog::start(io::stdout())).transpose()?;
        let request_ids = RequestIds::new(&*app.randomness);
        Ok(Arc::new(Self {
            app,
            metrics,
            config,
            ping_work,
            access_log,
            request_ids,
            body_memory,
            unread,
            unpacker,
        }))
    }

    /// The id of a request for an answer that tells it before the edge does, and has it with it then; the one that the
    /// request came with, if it has one.
    pub fn request_id(&self, headers: &HeaderMap) -> Option<RequestId> {
        given_id(headers).or_else(|| self.request_ids.next()).map(RequestId)
    }
}

/// What an operator may set about requests, of whatever face.
#[derive(Debug, Clone)]
pub struct KitConfig {
    /// Proxies whose word about the client's address is taken.
    pub trusted_proxies: Vec<Cidr>,
    /// The header in which those proxies say it. Only this one is read: a proxy passes on what it
    /// does not know, so that a client could put the other one there itself.
    pub forwarded_header: ForwardedHeader,
    /// Other sites whose pages may call the API. None by default.
    pub allowed_origins: Vec<AllowedOrigin>,
    /// Where people reach this server (`https://host[:port][/path]`), for links. The request's own
    /// host if not given.
    pub public_url: Option<String>,
    /// How long a request's body may take.
    pub body_timeout: Duration,
    /// Bytes of bodies that may be in memory while they arrive, over all requests.
    pub max_body_memory: usize,
    /// Bytes of pings that may be in flight, over all requests, each of which counts as 4 KiB more:
    /// about sixty milliseconds' work for two processors with the default. One request is always
    /// allowed.
    pub max_ping_work: usize,
    /// Whether there is a line for each request on standard output.
    pub access_log: bool,
}

impl KitConfig {
    /// What the paths of all links to this server begin with; empty where it has a host of its own.
    pub fn base_path(&self) -> &str {
        base_path(self.public_url.as_deref())
    }
}

impl Default for KitConfig {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::XForwardedFor,
            allowed_origins: Vec::new(),
            public_url: None,
            body_timeout: Duration::from_secs(30),
            max_body_memory: 64 << 20,
            max_ping_work: 8 << 20,
            access_log: false,
        }
    }
}
