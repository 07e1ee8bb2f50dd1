//! What the handlers work with: the application, what all faces share, and the files of the pages.

use std::sync::Arc;

use dayline_app::App;
use dayline_http_kit::credential::Forms;
use dayline_http_kit::slots::Slots;
use dayline_http_kit::{Face, Kit, KitState};
use http::request;

use crate::assets::Assets;
use crate::refusal::Refusal;

/// The state as axum hands it to extractors and handlers.
pub(crate) type Web = Arc<WebState>;

/// Most files of history that come in at a time, each of which has a thread.
const FILES: usize = 4;

/// What all handlers share.
pub struct WebState {
    pub(crate) app: App,
    pub(crate) kit: Kit,
    pub(crate) assets: Assets,
    /// What the addresses of all pages begin with; empty where the server has a host of its own.
    pub(crate) base: String,
    /// Files of history that come in, one of each person.
    pub(crate) files: Arc<Slots>,
    /// Whether an operator wants no pages but the one on which a device is approved.
    pub(crate) only_device: bool,
}

impl WebState {
    /// The state of a router. Packs the files of the pages, which takes some milliseconds.
    pub fn new(kit: Kit) -> Self {
        let base = kit.config.base_path().to_owned();
        let files = Slots::new(FILES, 1);
        Self { app: kit.app.clone(), assets: Assets::packed(), base, files, only_device: false, kit }
    }
}

impl Face for WebState {
    type Refusal = Refusal;

    fn kit(&self) -> &KitState {
        &self.kit
    }

    /// None: cookies are read where sessions are renewed too (`session`), and nothing else counts.
    fn forms(&self, _: &request::Parts) -> Forms {
        Forms::default()
    }
}
