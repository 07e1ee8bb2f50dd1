//! The HTTP adapter: routes, wire types, problem details, connection limits.
//! Deliberately absent: rules (the use cases and the domain decide) and wiring (the binary).

mod edge;
#[doc(hidden)]
pub mod fuzzing;
mod metrics;
mod openapi;
mod problem;
mod request;
mod results;
mod router;
mod routes;
mod server;
mod state;
mod wire;

pub use metrics::Metrics;
pub use request::address::{Cidr, ForwardedHeader, InvalidCidr};
pub use results::ClientForms;
pub use router::{openapi, operations_router, router};
pub use server::{ServerConfig, serve};
pub use state::{ApiConfig, ApiState, Check, Readiness};
