//! A bound on bytes that are at hand at a time, over all connections: of bodies that arrive, of pings that are taken in.
//! Deliberately absent: the bound on one body (see [`crate::body`]).

use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes that are left.
pub struct Budget {
    left: AtomicUsize,
    most: usize,
}

/// Bytes taken, given back when dropped.
pub struct Taken<'a> {
    from: &'a Budget,
    bytes: usize,
}

/// There are not that many bytes left.
#[derive(Debug)]
pub struct UsedUp;

impl Budget {
    /// A budget of so many bytes.
    pub fn new(most: usize) -> Self {
        Self { left: AtomicUsize::new(most), most }
    }

    /// Nothing yet, to take more later.
    pub fn none(&self) -> Taken<'_> {
        Taken { from: self, bytes: 0 }
    }

    /// Takes so many, or all there are if that is more: what comes alone is never too large.
    pub fn take_or_all(&self, bytes: usize) -> Result<Taken<'_>, UsedUp> {
        let mut taken = self.none();
        taken.take(bytes.min(self.most))?;
        Ok(taken)
    }
}

impl Taken<'_> {
    /// Takes more, if there is that much left.
    pub fn take(&mut self, bytes: usize) -> Result<(), UsedUp> {
        let less = |left: usize| left.checked_sub(bytes);
        self.from.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).map_err(|_| UsedUp)?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.from.left.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_given_while_too_much_is_taken_and_all_comes_back() {
        let budget = Budget::new(3);
        let (one, two) = (budget.take_or_all(1).unwrap(), budget.take_or_all(2).unwrap());
        assert!(budget.take_or_all(1).is_err());
        drop(one);
        assert!(budget.take_or_all(2).is_err());
        let three = budget.take_or_all(1).unwrap();
        drop((two, three));
        assert_eq!(budget.left.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn more_than_there_is_at_all_is_given_to_who_comes_alone() {
        let budget = Budget::new(1);
        let large = budget.take_or_all(1 << 20).unwrap();
        assert!(budget.take_or_all(1).is_err());
        drop(large);
        assert!(budget.take_or_all(1).is_ok());
    }
}
