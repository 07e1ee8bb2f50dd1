//! Whether people may register themselves. A handler that takes [`RegistrationOpen`] before the body refuses
//! without looking at anything that came.

use axum::extract::FromRequestParts;
use dayline_app::identity::accounts::check_open;
use http::request;

use crate::problem::Problem;
use crate::state::Face;

/// That people may register themselves.
pub struct RegistrationOpen;

impl<F: Face> FromRequestParts<F> for RegistrationOpen {
    type Rejection = F::Refusal;

    async fn from_request_parts(_: &mut request::Parts, face: &F) -> Result<Self, F::Refusal> {
        check_open(&face.kit().app).map(|()| Self).map_err(|error| Problem::from(error).into())
    }
}
