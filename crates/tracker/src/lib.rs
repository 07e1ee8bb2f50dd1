//! A tracker for a desktop. It knows Dayline by its public API alone, as any other client does.
//!
//! What it sees, and what watchers on this computer tell its relay, becomes observations. They go into the spool, and from
//! there to the server.

pub mod cli;
pub mod clock;
mod commands;
pub mod config;
pub mod console;
pub mod device;
pub mod eyes;
pub mod forward;
pub mod intake;
pub mod key;
pub mod looking;
pub mod observation;
pub mod paths;
pub mod pause;
pub mod relay;
pub mod rules;
pub mod server;
pub mod spool;
pub mod status;
pub mod watch;
