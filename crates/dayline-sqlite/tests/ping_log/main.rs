//! The ping log in SQLite: what every ping log keeps, and what only a file can break.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code, helpers included")]

mod contract;
