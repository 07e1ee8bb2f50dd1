//! The hexagon, held by tests: arrows point inward only, the core is std only, and neither crates nor the modules
//! inside a crate depend on each other in a circle.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod circle_examples;
mod circles;
mod crates;
mod modules;
mod names;
mod source;
mod workspace;
