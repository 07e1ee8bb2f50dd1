//! What the in-process adapters promise beyond what a unit of code can show: the contracts of their
//! ports, and the lines on tokens, passwords and zones that Dayline must withstand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code, helpers included")]

use std::sync::Arc;

use dayline_app::ports::AccessClaims;
use dayline_domain::{DeviceId, SessionId, UserId, UtcMs};

/// 2026-11-20T12:00:00Z.
const NOW: UtcMs = UtcMs(1_795_176_000_000);

/// What a good access token of somebody's laptop says.
fn claims() -> AccessClaims {
    AccessClaims {
        user: UserId::from_bits(1),
        session: SessionId::from_bits(2),
        device: Arc::new(DeviceId::new("laptop").unwrap()),
        issued_at: NOW,
        expires_at: NOW.plus(900_000),
    }
}

mod contracts;
mod jwt;
mod key_files;
mod key_ring;
mod keys_watch;
mod passwords;
mod refresh;
mod zones;
