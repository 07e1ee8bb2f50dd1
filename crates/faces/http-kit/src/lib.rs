//! What all faces share of HTTP: connections and their limits, the edge, bodies and budgets,
//! proxies, credentials, problem details, metrics. Not here: routes. Each face has its own, with a
//! state, credential forms and error bodies of its own (see [`Face`]).

pub mod access_log;
pub mod address;
pub mod base_path;
pub mod body;
pub mod budget;
pub mod caller;
pub mod connections;
pub mod cookie;
pub mod credential;
pub mod csv;
mod edge;
pub mod entity_tag;
pub mod fields;
mod gzip;
pub mod instant;
pub mod json;
pub mod maintenance;
pub mod metrics;
pub mod origin;
mod outages;
pub mod packing;
pub mod page_cookies;
pub mod parameter;
pub mod path;
pub mod problem;
pub mod proxy;
pub mod query;
pub mod registration;
mod request_id;
pub mod router;
pub mod slots;
mod spelling;
pub mod state;
pub mod stream;
mod unpacker;
pub mod unread;

pub use axum::Router;
pub use connections::{ConnectionConfig, serve};
pub use metrics::Metrics;
pub use problem::Problem;
pub use request_id::RequestId;
pub use router::{assemble, assemble_with};
pub use state::{Face, Kit, KitConfig, KitState};
