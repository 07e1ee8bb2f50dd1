//! All open connections of one listener, to find the one to close when there are too many, and to
//! tell all of them that the server ends.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::peer::{Peer, Phase, Signal};

#[derive(Default)]
pub(super) struct Register {
    peers: Mutex<Peers>,
    stuck: AtomicUsize,
}

/// Counts a connection among those whose clients take no bytes, while that is so.
pub(super) struct Stuck<'a> {
    register: &'a Register,
    most: usize,
    is_counted: bool,
}

impl<'a> Stuck<'a> {
    pub(super) fn new(register: &'a Register, most: usize) -> Self {
        Self { register, most, is_counted: false }
    }

    /// Says whether the client takes no bytes now. If there are too many such clients, the connection is
    /// cut off that has been one for the longest.
    pub(super) fn set(&mut self, is_stuck: bool) {
        if is_stuck == self.is_counted {
            return;
        }
        self.is_counted = is_stuck;
        if !is_stuck {
            self.register.stuck.fetch_sub(1, Ordering::Relaxed);
        } else if self.register.stuck.fetch_add(1, Ordering::Relaxed) >= self.most {
            self.register.cut_stuck();
        }
    }
}

impl Drop for Stuck<'_> {
    fn drop(&mut self) {
        self.set(false);
    }
}

#[derive(Default)]
struct Peers {
    open: HashMap<u64, Peer>,
    last: u64,
}

impl Register {
    fn peers(&self) -> MutexGuard<'_, Peers> {
        // Nothing that holds the lock can leave the map half changed.
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection; gives its number.
    pub(super) fn add(&self, peer: Peer) -> u64 {
        let mut peers = self.peers();
        peers.last += 1;
        let number = peers.last;
        peers.open.insert(number, peer);
        number
    }

    pub(super) fn remove(&self, number: u64) {
        self.peers().open.remove(&number);
    }

    /// Asks the connection to close that is worth the least: one that never completed a request before
    /// those that did, one between requests before one that sends a request slowly, then the one that
    /// has waited longest. None that we work for.
    pub(super) fn evict_one(&self) {
        let peers = self.peers();
        let waiting = peers.open.values().filter_map(|peer| {
            let (phase, since) = peer.phase();
            let worth = match phase {
                Phase::Closing => 0,
                Phase::Idle | Phase::Head | Phase::Body if !peer.has_served() => 1,
                Phase::Idle => 2,
                Phase::Head | Phase::Body => 3,
                Phase::Busy => return None,
            };
            Some((worth, since, peer))
        });
        if let Some((_, _, peer)) = waiting.min_by_key(|(worth, since, _)| (*worth, *since)) {
            peer.send(Signal::Evict);
        }
    }

    /// Cuts the connection off whose client has taken no bytes for the longest.
    fn cut_stuck(&self) {
        let peers = self.peers();
        let stuck = peers.open.values().filter_map(|peer| Some((peer.stuck_since()?, peer)));
        if let Some((_, peer)) = stuck.min_by_key(|(since, _)| *since) {
            peer.send(Signal::Abort);
        }
    }

    /// Sends a signal to all; gives how many there are.
    pub(super) fn send_all(&self, signal: Signal) {
        for peer in self.peers().open.values() {
            peer.send(signal);
        }
    }
}
