//! What this process knows of a partition by its own appends, and who waits to hear that it has
//! grown.
//! Not here: what others append; fetching finds that.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::watch;

pub(super) struct Heard {
    /// After the last record that was acknowledged to this process.
    end: AtomicI64,
    grown: Arc<watch::Sender<()>>,
}

impl Heard {
    pub(super) fn new() -> Self {
        Self { end: AtomicI64::new(0), grown: Arc::new(watch::Sender::new(())) }
    }

    /// A record was acknowledged at this offset.
    pub(super) fn appended(&self, offset: i64) {
        self.end.fetch_max(offset + 1, Ordering::Relaxed);
        self.grown.send_replace(());
    }

    pub(super) fn end(&self) -> i64 {
        self.end.load(Ordering::Relaxed)
    }

    /// The partition ends at `now`, less than was `believed` before it was asked: what was
    /// acknowledged is not there any more.
    pub(super) fn correct(&self, believed: i64, now: i64) {
        if now < believed {
            let _ = self.end.compare_exchange(believed, now, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Whom to tell that there is something to read.
    pub(super) fn teller(&self) -> Arc<watch::Sender<()>> {
        Arc::clone(&self.grown)
    }

    /// Hears of everything that comes from now on.
    pub(super) fn listen(&self) -> watch::Receiver<()> {
        self.grown.subscribe()
    }
}
