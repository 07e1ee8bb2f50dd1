//! The adapters against real Redis servers, each test with one of its own that it may stop, kill and spoil.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code, helpers included")]

mod durability;
mod ping_log;
mod server;
