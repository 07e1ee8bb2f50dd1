//! Private servers and folders for tests: PostgreSQL, PgBouncer, Redis and Kafka as processes of one test, databases on the
//! server that all tests share, free ports, certificates. The programs are those that `scripts/with-servers` finds.
//!
//! It knows no other crate of Dayline, so that each can test with it. Whatever goes wrong here panics: a test that can't
//! have its servers has failed. All calls block; a runtime is not needed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::missing_panics_doc, reason = "everything here may")]

mod certificate;
mod database;
mod kafka;
mod length;
mod patience;
mod pgbouncer;
mod port;
mod postgres;
mod process;
mod programs;
mod redis;
mod sentinels;
mod settings;

pub use certificate::certify;
pub use database::{Database, query, try_query};
#[cfg(feature = "kafka")]
pub use kafka::KafkaTopic;
pub use kafka::{Kafka, KafkaSettings, Operation, shared_kafka};
pub use length::length;
pub use patience::until;
pub use pgbouncer::PgBouncer;
pub use port::free_port;
pub use postgres::Postgres;
pub use process::{Process, run};
pub use programs::{postgres_program, unprivileged, variable};
pub use redis::Redis;
pub use sentinels::Sentinels;
pub use settings::substitute;
