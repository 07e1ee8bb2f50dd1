//! Two API processes and two workers over PostgreSQL, through PgBouncer, and Redis: everything in this module that is
//! not in this folder is what must hold alone, too.
#![allow(clippy::duplicate_mod, reason = "the same tests, once for each kind of installation")]

use crate::support::server::Installation;

mod caller;
mod failover;
mod faults;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "kafka")]
mod kafka_topic;
mod key_files;
mod months;
mod nodes;
mod sentinel;
mod standstill;
mod start;
mod steps;

#[path = "../bad_input.rs"]
mod bad_input;
#[path = "../kill.rs"]
mod kill;
#[path = "../maintenance.rs"]
mod maintenance;
#[path = "../operators.rs"]
mod operators;
#[path = "../recorded_day.rs"]
mod recorded_day;
#[path = "../report_jobs.rs"]
mod report_jobs;
#[path = "../secrets.rs"]
mod secrets;
#[path = "../slow_clients.rs"]
mod slow_clients;
#[path = "../stop_under_load.rs"]
mod stop_under_load;
#[path = "../trackers.rs"]
mod trackers;

fn installation() -> Installation {
    Installation::cluster()
}
