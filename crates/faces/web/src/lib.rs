//! The dashboard as a face: pages that are whole before any script runs, their charts, their forms, and
//! sessions in cookies. Not here: rules (the use cases and the domain decide), what all faces share (the
//! http kit), and the API, which is a face of its own.

mod assets;
mod chart;
mod dress;
mod forms;
mod page;
mod pages;
mod refusal;
mod router;
mod session;
mod shell;
mod show;
mod state;

pub use router::{Pages, device_pages, pages, route_patterns};
pub use state::WebState;
