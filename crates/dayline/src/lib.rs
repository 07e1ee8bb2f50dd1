//! The Dayline program: configuration, wiring and commands. A library beside the binary, so that tests can use
//! its parts; nobody else should. Not here: rules (the domain) and anything an adapter does.

pub mod cli;
mod closed_log;
pub mod commands;
pub mod config;
mod environment;
pub mod serve;
pub mod wire;
