//! The ping log of a clustered Dayline in Apache Kafka, as one topic. All of it is behind the
//! feature `kafka`, since the client needs a C++ compiler to be built.
//! Not here: consumer groups, transactions and idempotent producers. The reader's position is the
//! ledger's, and what is in the log twice or unasked changes nothing.
#![cfg(feature = "kafka")]

mod cluster;
mod config;
mod durability;
mod error;
mod events;
mod native;
mod ping_log;
mod topic;

pub use config::{Identity, KafkaConfig, Sasl, SaslMechanism, Security, Tls};
pub use durability::check_durability;
pub use error::{NotDurable, SetupError};
pub use ping_log::{KafkaPingLog, PingLogOptions};
pub use topic::{TopicOptions, create_topic};
