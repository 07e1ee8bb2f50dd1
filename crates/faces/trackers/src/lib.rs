//! The wires of foreign trackers: each request of theirs becomes a call of a use case, each event one observation.
//!
//! Nothing is remembered here. What needs a neighbour (joining, holes, idle, durations) is the timeline rule's.

pub mod activitywatch;
pub mod wakatime;

use std::sync::Arc;

use dayline_http_kit::{Kit, Router};

use activitywatch::ActivityWatch;
use wakatime::Wakatime;

/// The routes of all wires, each of which is a face.
pub fn routers(kit: &Kit) -> Vec<Router> {
    vec![
        activitywatch::router(ActivityWatch::new(Arc::clone(kit))),
        wakatime::router(Wakatime::new(Arc::clone(kit))),
    ]
}

/// The patterns of all routes, to be counted one by one.
pub fn route_patterns() -> Vec<String> {
    [activitywatch::route_patterns(), wakatime::route_patterns()].concat()
}
