//! One test suite per port, run against every adapter and against the fakes that use cases are
//! tested with; and what their benches measure alike.

pub mod fakes;
pub mod load;
pub mod measures;
pub mod suites;
