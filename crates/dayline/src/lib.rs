//! The Dayline program: configuration, wiring and commands. A library beside the binary, so that tests can use
//! its parts; nobody else should. Deliberately absent: rules (the domain) and anything an adapter does.

pub mod cli;
pub mod client;
mod closed_log;
pub mod commands;
pub mod config;
pub mod console;
pub mod dice;
pub mod failure;
pub mod replay;
pub mod serve;
pub mod simulate;
pub mod units;
pub mod wire;
