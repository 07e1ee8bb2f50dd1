//! The API as a face: routes, their wire types, the API document. Not here: rules (the use cases
//! and the domain decide), what all faces share (the http kit) and wiring (the binary).

mod dated_document;
#[doc(hidden)]
pub mod fuzzing;
mod known_parameters;
mod openapi;
mod refresh_cookie;
mod results;
mod router;
mod routes;
mod signed_out;
mod state;
mod stream;
mod views;

pub use results::ClientForms;
pub use router::{document, health_router, operations_router, route_patterns, router, router_for_all};
pub use state::{ApiConfig, ApiState, Check, Readiness};
