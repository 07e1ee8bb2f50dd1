//! A bound on the memory that bodies take while they arrive, over all connections.
//! Deliberately absent: the bound on one body (see [`super::body`]).

use std::sync::atomic::{AtomicUsize, Ordering};

use dayline_app::AppError;

use crate::problem::Problem;

/// The bytes that are left for bodies.
pub(crate) struct BodyMemory {
    left: AtomicUsize,
}

/// Bytes taken for one body, given back when dropped.
pub(crate) struct Taken<'a> {
    from: &'a BodyMemory,
    bytes: usize,
}

impl BodyMemory {
    pub(crate) fn new(bytes: usize) -> Self {
        Self { left: AtomicUsize::new(bytes) }
    }

    pub(crate) fn none(&self) -> Taken<'_> {
        Taken { from: self, bytes: 0 }
    }
}

impl Taken<'_> {
    /// Takes more; the problem is a 503 if there is not that much left.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Problem> {
        let less = |left: usize| left.checked_sub(bytes);
        match self.from.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
            Ok(_) => {
                self.bytes += bytes;
                Ok(())
            }
            Err(_) => Err(AppError::Unavailable("too many large bodies at once".into()).into()),
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.from.left.fetch_add(self.bytes, Ordering::Relaxed);
    }
}
