//! The tracker as people have it: the program itself, with a real server and on a real desktop.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what is skipped and what was measured is told"
)]

mod cost;
mod dayline;
mod desktop;
mod install;
mod installation;
mod login;
mod network;
mod person;
mod quarter;
mod relay;
mod script;
mod sway;
mod tracker;
mod watching;
