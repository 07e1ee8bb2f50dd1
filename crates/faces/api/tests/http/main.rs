//! The HTTP adapter against an application of fakes: in process for what it says, over TCP for how.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod api_keys;
mod audit;
mod categories;
mod connect;
mod connections;
mod corrections;
mod device_login;
mod devices;
mod document;
mod edge;
mod export;
mod framing;
mod kinds;
mod leaving;
mod live;
mod maintenance;
mod operations;
mod packing;
mod ping_texts;
mod preferences;
mod problems;
mod proxies;
mod report_jobs;
mod report_kinds;
mod reports;
mod sessions;
mod streams;
mod sub_path;
mod support;
mod tcp;
mod track;
mod two_people;
mod walk;
mod why;
