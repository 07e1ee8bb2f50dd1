//! One test suite per port, run against every adapter and against the fakes that use cases are tested with; and what their
//! benches measure alike.
//! Deliberately absent: any adapter. An adapter's own tests call a suite with a way to make fresh instances.

pub mod fakes;
pub mod measures;
pub mod suites;
