//! What the handlers of this wire share.

use std::sync::Arc;

use dayline_app::App;
use dayline_http_kit::credential::Forms;
use dayline_http_kit::slots::Slots;
use dayline_http_kit::{Face, Kit, KitState};
use http::request;

use super::refusal::Refusal;

/// Most sums of long stretches at a time.
const LONG_ANSWERS: usize = 64;
/// Most of them for one person at a time: some editors on a few computers.
const LONG_ANSWERS_PER_PERSON: usize = 8;

/// This wire as a face.
pub struct Wakatime {
    pub(super) app: App,
    pub(super) kit: Kit,
    pub(super) long_answers: Arc<Slots>,
}

impl Wakatime {
    /// The state of a router.
    pub fn new(kit: Kit) -> Self {
        let long_answers = Slots::new(LONG_ANSWERS, LONG_ANSWERS_PER_PERSON);
        Self { app: kit.app.clone(), kit, long_answers }
    }
}

impl Face for Wakatime {
    type Refusal = Refusal;

    fn kit(&self) -> &KitState {
        &self.kit
    }

    /// Browsers and editors in browsers send the key in the query, all others in a header.
    fn forms(&self, _: &request::Parts) -> Forms {
        Forms { bearer: true, packed_bearer: true, basic: true, cookie: None, query: Some("api_key") }
    }
}
