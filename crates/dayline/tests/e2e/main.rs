//! Dayline as its users have it: real processes of the program, on free ports, with throw-away data folders.
//! What a server logged is shown when its test fails. Clusters need the servers that `./test` starts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "shown with a test that fails, and what was measured on request")]

mod alone;
mod backup;
mod clock;
mod cluster;
mod commands;
mod damage;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod disk;
mod door;
mod import;
mod keys;
mod owner;
mod readiness;
mod replay;
mod restored;
mod retention;
mod start;
mod stop;
mod strangers;
mod support;
