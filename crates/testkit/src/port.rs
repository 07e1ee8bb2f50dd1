//! Ports for servers.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// A TCP port of this machine that nobody uses. It lies below the ports that systems give to connections, so that none
/// takes it before the server that it is for, nor between two servers.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        // Test processes that run at the same time start at different places.
        let port =
            20_000 + (std::process::id() as u16 % 100) * 100 + NEXT.fetch_add(1, Ordering::Relaxed) % 100;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
