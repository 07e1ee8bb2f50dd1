//! WakaTime: what its heartbeats say, and its data dumps.

pub(crate) mod dump;
mod heartbeat;
mod observations;
mod program;

pub use heartbeat::{EntityKind, Heartbeat};
pub use observations::drafts;
