//! A bound on bytes in flight, over all connections: of bodies that arrive, of pings that are read.
//! Not here: the bound on one body (see [`crate::body`]).

use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes that are left.
pub struct Budget {
    left: AtomicUsize,
    most: usize,
}

/// Bytes that somebody uses, given back when dropped.
pub struct Permit<'a> {
    from: &'a Budget,
    bytes: usize,
}

/// There are not that many bytes left.
#[derive(Debug, Clone, Copy)]
pub struct Exhausted;

impl Budget {
    /// A budget of so many bytes.
    pub fn new(most: usize) -> Self {
        Self { left: AtomicUsize::new(most), most }
    }

    /// Nothing yet, to be extended later.
    pub fn none(&self) -> Permit<'_> {
        Permit { from: self, bytes: 0 }
    }

    /// A permit for so many bytes, or for all there are if that is more: what comes alone is never
    /// too large.
    ///
    /// # Errors
    /// [`Exhausted`] if there are not that many left.
    pub fn acquire_or_all(&self, bytes: usize) -> Result<Permit<'_>, Exhausted> {
        let mut permit = self.none();
        permit.extend(bytes.min(self.most))?;
        Ok(permit)
    }
}

impl Permit<'_> {
    /// Adds more bytes to the permit.
    ///
    /// # Errors
    /// [`Exhausted`] if there are not that many left; the permit is as it was then.
    pub fn extend(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let less = |left: usize| left.checked_sub(bytes);
        self.from.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).map_err(|_| Exhausted)?;
        self.bytes += bytes;
        Ok(())
    }

    /// Gives some of the bytes back, or all if that is more.
    pub fn give_back(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.from.left.fetch_add(bytes, Ordering::Relaxed);
        self.bytes -= bytes;
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.from.left.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_given_while_too_much_is_used_and_all_comes_back() {
        let budget = Budget::new(3);
        let (one, two) = (budget.acquire_or_all(1).unwrap(), budget.acquire_or_all(2).unwrap());
        assert!(budget.acquire_or_all(1).is_err());
        drop(one);
        assert!(budget.acquire_or_all(2).is_err());
        let three = budget.acquire_or_all(1).unwrap();
        drop((two, three));
        assert_eq!(budget.left.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn what_is_not_needed_is_given_back_once() {
        let budget = Budget::new(3);
        let mut permit = budget.acquire_or_all(3).unwrap();
        permit.give_back(1);
        assert!(budget.acquire_or_all(2).is_err());
        assert!(budget.acquire_or_all(1).is_ok());
        permit.give_back(9);
        drop(permit);
        assert_eq!(budget.left.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn more_than_there_is_at_all_is_given_to_who_comes_alone() {
        let budget = Budget::new(1);
        let large = budget.acquire_or_all(1 << 20).unwrap();
        assert!(budget.acquire_or_all(1).is_err());
        drop(large);
        assert!(budget.acquire_or_all(1).is_ok());
    }
}
