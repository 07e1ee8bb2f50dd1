//! One test suite per port, run against every adapter and the fakes.
