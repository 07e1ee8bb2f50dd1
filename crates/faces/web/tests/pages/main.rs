//! The pages against an application of fakes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod account;
mod assets;
mod categories;
mod corrections;
mod data;
mod day;
mod device;
mod foreign;
mod headers;
mod history;
mod maintenance;
mod palette;
mod ranges;
mod reset_password;
mod session;
mod support;
mod templates;
mod two_people;
