//! What the handlers work with: the application, what all faces share, and what only this face
//! needs. Not here: how connections are limited (see [`dayline_http_kit::ConnectionConfig`]).

use std::sync::Arc;

use dayline_app::App;
use dayline_app::ports::BoxFuture;
use dayline_http_kit::address::ClientAddress;
use dayline_http_kit::cookie::is_asked_by_own_page;
use dayline_http_kit::credential::Forms;
use dayline_http_kit::page_cookies::PageCookies;
use dayline_http_kit::slots::Slots;
use dayline_http_kit::{Face, Kit, KitState, Problem};
use http::{Method, request};

use crate::dated_document::DatedDocument;

/// Most streams of live events that one person may have open: a few pages on a few devices.
const LIVE_PER_PERSON: usize = 10;
/// Where pages follow changes, and what they link to as files.
const READ_BY_PAGES: [&str; 2] = ["/api/v1/live", "/api/v1/users/me/export"];
/// Below it are report jobs, whose results are such files, too.
const JOBS: &str = "/api/v1/report/jobs/";
/// Most exports at a time; each holds a day of somebody's ledger in memory.
const EXPORTS: usize = 32;
/// Most exports of one person at a time.
const EXPORTS_PER_PERSON: usize = 2;

/// Most other long answers at a time; each holds two days of somebody's timeline in memory.
const LONG_ANSWERS: usize = 128;
/// Most long answers of one person at a time: some pages on a few devices.
const LONG_ANSWERS_PER_PERSON: usize = 8;

/// The state as axum hands it to extractors and handlers.
pub(crate) type Api = Arc<ApiState>;

/// What all handlers share.
pub struct ApiState {
    pub(crate) app: App,
    pub(crate) kit: Kit,
    pub(crate) readiness: Arc<dyn Readiness>,
    pub(crate) live_streams: Arc<Slots>,
    pub(crate) exports: Arc<Slots>,
    pub(crate) long_answers: Arc<Slots>,
    /// The API document. The router knows it, and puts it here.
    pub(crate) document: DatedDocument,
}

impl ApiState {
    /// The state of a router. `readiness` is what `/readyz` asks.
    pub fn new(kit: Kit, readiness: Arc<dyn Readiness>, config: &ApiConfig) -> Self {
        let live_streams = Slots::new(config.max_live_streams, LIVE_PER_PERSON);
        let exports = Slots::new(EXPORTS, EXPORTS_PER_PERSON);
        let long_answers = Slots::new(LONG_ANSWERS, LONG_ANSWERS_PER_PERSON);
        let (app, document) = (kit.app.clone(), DatedDocument::new(String::new()));
        Self { app, kit, readiness, live_streams, exports, long_answers, document }
    }
}

impl Face for ApiState {
    type Refusal = Problem;

    fn kit(&self) -> &KitState {
        &self.kit
    }

    /// Bearer tokens; from a page of ours, for what pages read here, also the cookie of its session, which it
    /// can't read.
    fn forms(&self, request: &request::Parts) -> Forms {
        let is_page = request.method == Method::GET
            && is_read_by_pages(request.uri.path())
            && is_asked_by_own_page(&request.headers);
        let cookies = || {
            let client = ClientAddress::of(request, &self.kit).0;
            PageCookies::of(&self.kit.config, &request.headers, client)
        };
        Forms { cookie: is_page.then(|| cookies().access), ..Forms::BEARER }
    }
}

fn is_read_by_pages(path: &str) -> bool {
    let of_job = path.strip_prefix(JOBS).and_then(|rest| rest.split_once('/'));
    READ_BY_PAGES.contains(&path)
        || of_job.is_some_and(|(_, file)| matches!(file, "result" | "result.csv" | "result.ndjson"))
}

/// What an operator may set about the API alone.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// Streams of live events that may be open at a time; each is a connection.
    pub max_live_streams: usize,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self { max_live_streams: 2_000 }
    }
}

/// One part of the service as `/readyz` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was checked; a word that may be shown to anyone.
    pub name: &'static str,
    /// Whether the service can't do its work without it; else it does it less well.
    pub needed: bool,
    /// What an operator should look at if it does not work; words that may be shown to anyone.
    pub hint: &'static str,
    /// Why it is not ready, for the log only.
    pub failure: Option<String>,
}

/// Checks whether the parts of the service are ready to work. Supplied by the binary.
pub trait Readiness: Send + Sync {
    /// All checks, as they came out a few seconds ago at most.
    fn checks(&self) -> BoxFuture<'_, Vec<Check>>;
}
