//! The HTTP adapter: routes, wire types, problem details, connection limits.
//! Deliberately absent: rules (the use cases and the domain decide) and wiring (the binary).

mod edge;
mod metrics;
mod openapi;
mod problem;
mod request;
mod router;
mod routes;
mod server;
mod state;
mod wire;

pub use metrics::Metrics;
pub use request::address::{Cidr, ForwardedHeader, InvalidCidr};
pub use router::{openapi, router};
pub use server::{ServerConfig, serve};
pub use state::{ApiConfig, ApiState, Check, Readiness};
