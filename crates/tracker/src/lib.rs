//! A tracker for a desktop. It knows Dayline by its public API alone, as any other client does.
//!
//! What it sees, and what watchers on this computer tell its relay, becomes observations. They go into the spool, and from
//! there to the server.

pub mod cli;
pub mod clock;
pub mod config;
pub mod console;
pub mod device;
pub mod observation;
pub mod paths;
pub mod rules;
pub mod spool;
