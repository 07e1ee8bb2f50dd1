//! The ping log against a real Apache Kafka. Tests that spoil a broker have one of their own, the others share one and have
//! a topic of their own. Where there is no Java they are skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code, helpers included")]

mod contract;
mod topics;
