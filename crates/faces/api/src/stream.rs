//! Long answers of the API: whose they are, and how many there may be.

use axum::body::Body;
use axum::extract::FromRequestParts;
use dayline_app::identity::caller::Caller;
use dayline_http_kit::Problem;
use dayline_http_kit::caller::StaysSignedIn;
use dayline_http_kit::slots::SlotGuard;
use dayline_http_kit::stream::LongRequest;
pub(crate) use dayline_http_kit::stream::{CHUNK, Writer};
use http::request;

use crate::state::Api;

/// The request of an answer that may be long.
pub(crate) struct LongAnswer {
    api: Api,
    caller: Caller,
    request: LongRequest,
}

impl FromRequestParts<Api> for LongAnswer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, api: &Api) -> Result<Self, Problem> {
        let credential = StaysSignedIn::from_request_parts(parts, api).await?;
        let caller = credential.caller.clone();
        let request = LongRequest::new(api.kit.clone(), Some(credential), parts);
        Ok(Self { api: api.clone(), caller, request })
    }
}

impl LongAnswer {
    /// Who asks.
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The answer's body. What goes wrong at once is still told by the status.
    pub(crate) async fn body(
        self,
        begins_with: &[u8],
        writer: impl Writer,
        slot: SlotGuard,
    ) -> Result<Body, Problem> {
        self.request.body(begins_with, writer, slot).await
    }

    /// The answer's body, which takes a slot only if it is long.
    pub(crate) async fn body_of_any_length(
        self,
        begins_with: &[u8],
        writer: impl Writer,
    ) -> Result<Body, Problem> {
        let slots = &self.api.long_answers;
        self.request.body_of_any_length(begins_with, writer, slots, self.caller.user).await
    }
}
