//! The PostgreSQL adapters against real servers: what every store keeps, direct and through
//! PgBouncer, and what only a server can break. `./test` starts the servers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod contract;
mod damage;
mod database;
mod first_release;
mod fitness;
mod growth;
mod months;
mod names;
mod outages;
mod replicas;
mod retention;
mod round_trips;
mod schema;
mod test_postgres;
mod tls;
mod upgrade;
mod workers;
mod world;
