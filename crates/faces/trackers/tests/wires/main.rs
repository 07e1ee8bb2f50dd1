//! The wires of foreign trackers on a server made of fakes: what clients send, and what they get.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod activitywatch;
mod desktop;
mod desktop_queries;
mod door;
mod held;
mod import;
mod kept_events;
mod kept_suites;
mod queries;
mod statuses;
mod suites;
mod support;
mod wakatime;
