//! A bound on the pings that are taken in at a time, over all connections. What comes on top would wait for longer than
//! it is worth waiting for, and keep all others waiting: it is refused at once, before its pings are even read.
//! Deliberately absent: a bound on what has been accepted and waits (the ping log's).

use std::sync::atomic::{AtomicUsize, Ordering};

use dayline_app::AppError;

/// What a request costs beside its body, as bytes of body: a small one takes about as long as this many bytes of pings.
const REQUEST: usize = 4 << 10;
/// What a client is told to wait: what is at hand takes some tens of milliseconds.
const RETRY_S: u32 = 1;

/// The work at hand, in bytes.
pub(crate) struct Work {
    at_hand: AtomicUsize,
    most: usize,
}

/// Work that was begun; it ends when this is dropped.
pub(crate) struct Begun<'a> {
    work: &'a Work,
    bytes: usize,
}

impl Work {
    pub(crate) fn new(most: usize) -> Self {
        Self { at_hand: AtomicUsize::new(0), most }
    }

    /// Begins work on a body of so many bytes, unless too much is at hand. When nothing is, any body may come.
    pub(crate) fn begin(&self, body: usize) -> Result<Begun<'_>, AppError> {
        let bytes = body.saturating_add(REQUEST);
        let before = self.at_hand.fetch_add(bytes, Ordering::Relaxed);
        let begun = Begun { work: self, bytes };
        if before > 0 && before.saturating_add(bytes) > self.most {
            return Err(AppError::LogFull { retry_after_s: RETRY_S });
        }
        Ok(begun)
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.work.at_hand.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_refused_while_too_much_is_at_hand() {
        let work = Work::new(3 * REQUEST);
        let (one, two) = (work.begin(0).unwrap(), work.begin(REQUEST).unwrap());
        assert!(work.begin(0).is_err());
        drop(one);
        assert!(work.begin(1).is_err());
        let three = work.begin(0).unwrap();
        drop((two, three));
        assert_eq!(work.at_hand.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_body_larger_than_the_bound_is_taken_when_it_comes_alone() {
        let work = Work::new(REQUEST);
        let large = work.begin(1 << 20).unwrap();
        assert!(work.begin(0).is_err());
        drop(large);
        assert!(work.begin(0).is_ok());
    }
}
