//! Small commands, each in a file of its own: for operators, and for machines that look after a server.

pub mod backup;
pub mod dead_letters;
pub mod healthcheck;
pub mod keys;
pub mod migrate;
pub mod openapi;
pub mod partitions;
pub mod retention;
pub mod user;
