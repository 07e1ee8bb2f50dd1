//! What clients of WakaTime send, and what becomes of it.

mod answers;
mod credentials;
mod heartbeats;
mod offline;
pub(crate) mod plugin;
mod reading;
