//! What must hold alone as in a cluster, shown by a server alone.
#![allow(clippy::duplicate_mod, reason = "the same tests, once for each kind of installation")]

use crate::support::server::Installation;

#[path = "bad_input.rs"]
mod bad_input;
#[path = "erased_jobs.rs"]
mod erased_jobs;
#[path = "kill.rs"]
mod kill;
#[path = "maintenance.rs"]
mod maintenance;
#[path = "operators.rs"]
mod operators;
#[path = "recorded_day.rs"]
mod recorded_day;
#[path = "report_jobs.rs"]
mod report_jobs;
#[path = "secrets.rs"]
mod secrets;
#[path = "slow_clients.rs"]
mod slow_clients;
#[path = "stop_under_load.rs"]
mod stop_under_load;
#[path = "trackers.rs"]
mod trackers;

fn installation() -> Installation {
    Installation::alone()
}
