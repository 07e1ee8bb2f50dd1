//! What the in-process adapters promise beyond what a unit of code can show: the contracts of their ports, and the
//! lines on tokens, passwords and zones that Dayline must withstand.
//! Deliberately absent: HTTP; these are the adapters alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code, helpers included")]

use dayline_domain::UtcMs;

/// 2026-11-20T12:00:00Z.
const NOW: UtcMs = UtcMs(1_795_176_000_000);

mod contracts;
mod jwt;
mod key_files;
mod key_ring;
mod keys_watch;
mod passwords;
mod refresh;
mod zones;
