//! What Dayline must withstand, against the program itself: real tokens, real passwords, a real database.
//! Not here: what can be shown with fakes; that is in the crates' own tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "shown with a test that fails, and what was measured on request")]

mod cookie;
mod edges;
mod ending;
mod guessing;
mod injection;
mod races;
mod secrets;
mod sub_path;
#[allow(dead_code, reason = "shared with the end-to-end tests, which use all of it")]
#[path = "../e2e/support/mod.rs"]
mod support;
mod tokens;
mod unread;
mod walk;
mod web;
