//! The wires of foreign trackers: each request of theirs becomes a call of a use case, each event one observation.
//!
//! Nothing is remembered here. What needs a neighbour (joining, holes, idle, durations) is the timeline rule's.

pub mod activitywatch;
pub mod wakatime;
