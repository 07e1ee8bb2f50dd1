//! One connection as its stream, its requests and its watch see it: what it waits for, and since
//! when.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use dayline_domain::UserId;
use futures_util::task::AtomicWaker;
use tokio::time::Instant;

use super::head::Fault;

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// For the next request.
    Idle,
    /// For the rest of a request's head; at first for its beginning.
    Head,
    /// For the rest of a request's body, and a handler waits for it.
    Body,
    /// For a handler, whose answer the client waits for.
    Busy,
    /// For the client to close its side.
    Closing,
}

/// What others ask of a connection's task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// Nothing so far: go on.
    None,
    /// Make room, unless a request is being handled.
    Evict,
    /// End when the present request is answered.
    ShutDown,
    /// End at once.
    Abort,
}

/// A handle to a connection; each request has one among its extensions.
#[derive(Clone)]
pub struct Peer(Arc<State>);

struct State {
    address: IpAddr,
    born: Instant,
    /// The phase in the low bits, and since when in milliseconds after `born` above them.
    phase: AtomicU64,
    /// Since when the client takes no bytes, in milliseconds after `born`, plus 1; 0 if it does.
    stuck: AtomicU64,
    signal: AtomicU8,
    closing: AtomicBool,
    /// Of all connections.
    leaving: Arc<AtomicBool>,
    fault: AtomicU8,
    has_served: AtomicBool,
    /// Both halves of who sent the present request; 0 if that is not known.
    caller: [AtomicU64; 2],
    waker: AtomicWaker,
}

const PHASE_BITS: u32 = 3;

impl Peer {
    pub(super) fn new(address: IpAddr, leaving: Arc<AtomicBool>) -> Self {
        let peer = Self(Arc::new(State {
            address,
            born: Instant::now(),
            phase: AtomicU64::new(0),
            stuck: AtomicU64::new(0),
            signal: AtomicU8::new(0),
            closing: AtomicBool::new(false),
            leaving,
            fault: AtomicU8::new(0),
            has_served: AtomicBool::new(false),
            caller: [const { AtomicU64::new(0) }; 2],
            waker: AtomicWaker::new(),
        }));
        peer.enter(Phase::Head);
        peer
    }

    /// The address of the other end.
    pub fn address(&self) -> IpAddr {
        self.0.address
    }

    /// Says that a handler waits for the client to send more of a body, until the guard is dropped.
    pub(crate) fn waits_for_body(&self) -> WaitsForBody<'_> {
        self.enter(Phase::Body);
        WaitsForBody(self)
    }

    /// Says that an answer is made while it is sent, until the guard is dropped. To be asked for
    /// when the answer's body is polled first: before that the connection still becomes idle.
    pub fn streams(&self) -> Streams {
        self.enter(Phase::Busy);
        Streams(self.clone())
    }

    fn now_ms(&self) -> u64 {
        // A connection's age in milliseconds fits for half a billion years.
        self.0.born.elapsed().as_millis() as u64
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.0.phase.store(self.now_ms() << PHASE_BITS | phase as u64, Ordering::Relaxed);
    }

    /// The phase and since when it is.
    pub(super) fn phase(&self) -> (Phase, Instant) {
        let word = self.0.phase.load(Ordering::Relaxed);
        let phase = match word & ((1 << PHASE_BITS) - 1) {
            0 => Phase::Idle,
            1 => Phase::Head,
            2 => Phase::Body,
            3 => Phase::Busy,
            _ => Phase::Closing,
        };
        (phase, self.0.born + Duration::from_millis(word >> PHASE_BITS))
    }

    /// Says that the client took bytes, or has no room for any. While an answer is being taken, the
    /// wait for the next request has not begun.
    pub(super) fn writes(&self, blocked: bool) {
        if !blocked && self.phase().0 == Phase::Idle {
            self.enter(Phase::Idle);
        }
        let was_blocked = self.0.stuck.load(Ordering::Relaxed) != 0;
        if blocked != was_blocked {
            self.0.stuck.store(if blocked { self.now_ms() + 1 } else { 0 }, Ordering::Relaxed);
        }
    }

    /// Since when the client takes no bytes, if so.
    pub(super) fn stuck_since(&self) -> Option<Instant> {
        let word = self.0.stuck.load(Ordering::Relaxed);
        Some(self.0.born + Duration::from_millis(word.checked_sub(1)?))
    }

    /// Whether the next answer is to be the last; one without an end goes on.
    pub(super) fn is_last_answer(&self) -> bool {
        self.is_closing() || self.0.leaving.load(Ordering::Relaxed)
    }

    /// Whether the next answer is to be the last, and one without an end is to end.
    pub fn is_closing(&self) -> bool {
        self.0.closing.load(Ordering::Relaxed)
    }

    /// What is wrong with the present request's head.
    pub(super) fn fault(&self) -> Option<Fault> {
        match self.0.fault.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(Fault::Ambiguous),
            2 => Some(Fault::Coding),
            _ => Some(Fault::Oversize),
        }
    }

    pub(super) fn set_fault(&self, fault: Fault) {
        let code = match fault {
            Fault::Ambiguous => 1,
            Fault::Coding => 2,
            Fault::Oversize => 3,
        };
        self.0.fault.store(code, Ordering::Relaxed);
    }

    /// Who sent the present request, if that is known.
    pub(crate) fn caller(&self) -> Option<UserId> {
        let [high, low] = &self.0.caller;
        let half = |half: &AtomicU64| u128::from(half.load(Ordering::Relaxed));
        let bits = half(high) << 64 | half(low);
        (bits != 0).then(|| UserId::from_bits(bits))
    }

    /// Says who sent the present request. One is handled at a time, so that the halves fit together.
    pub(crate) fn set_caller(&self, user: Option<UserId>) {
        let bits = user.map_or(0, UserId::bits);
        let [high, low] = &self.0.caller;
        high.store((bits >> 64) as u64, Ordering::Relaxed);
        low.store(bits as u64, Ordering::Relaxed);
    }

    /// Whether a request was answered on this connection.
    pub(super) fn has_served(&self) -> bool {
        self.0.has_served.load(Ordering::Relaxed)
    }

    pub(super) fn set_served(&self) {
        self.0.has_served.store(true, Ordering::Relaxed);
    }

    pub(super) fn send(&self, signal: Signal) {
        if signal == Signal::ShutDown {
            self.0.closing.store(true, Ordering::Relaxed);
        }
        self.0.signal.store(signal as u8, Ordering::Release);
        self.0.waker.wake();
    }

    /// Takes the signal, if there is one, and wakes `waker` when the next comes.
    pub(super) fn take_signal(&self, waker: &Waker) -> Signal {
        self.0.waker.register(waker);
        if self.0.signal.load(Ordering::Acquire) == 0 {
            return Signal::None;
        }
        match self.0.signal.swap(0, Ordering::AcqRel) {
            1 => Signal::Evict,
            2 => Signal::ShutDown,
            3 => Signal::Abort,
            _ => Signal::None,
        }
    }
}

/// Marks a connection as waiting for a body while it lives.
pub(crate) struct WaitsForBody<'a>(&'a Peer);

impl Drop for WaitsForBody<'_> {
    fn drop(&mut self) {
        self.0.enter(Phase::Busy);
    }
}

/// Marks a connection as busy with an answer that is being sent, while it lives.
pub struct Streams(Peer);

impl Drop for Streams {
    fn drop(&mut self) {
        if self.0.phase().0 == Phase::Busy {
            self.0.enter(Phase::Idle);
        }
    }
}
