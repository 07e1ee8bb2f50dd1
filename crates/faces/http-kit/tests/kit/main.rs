//! The kit with faces that are nobody's: each with routes, credential forms and errors of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod faces;
mod streamed;
