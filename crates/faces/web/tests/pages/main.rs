//! The pages against an application of fakes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod assets;
mod device;
mod foreign;
mod headers;
mod session;
mod support;
mod templates;
