//! A bound on what takes long: so many at a time, and so many for one person.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dayline_domain::UserId;

/// The slots there are.
pub struct Slots {
    most: usize,
    most_per_person: usize,
    in_use: Mutex<InUse>,
}

#[derive(Default)]
struct InUse {
    all: usize,
    by_person: HashMap<UserId, usize>,
}

/// A slot somebody has, given back when dropped.
pub struct SlotGuard {
    slots: Arc<Slots>,
    user: UserId,
}

/// Why there is no slot.
#[derive(Debug, PartialEq, Eq)]
pub enum NoSlot {
    /// The person has as many as one may have.
    OfTheirs,
    /// All are in use.
    AtAll,
}

impl Slots {
    /// So many slots, and so many for one person.
    pub fn new(most: usize, most_per_person: usize) -> Arc<Self> {
        Arc::new(Self { most, most_per_person, in_use: Mutex::default() })
    }

    /// Claims a slot.
    ///
    /// # Errors
    /// [`NoSlot`].
    pub fn claim(self: &Arc<Self>, user: UserId) -> Result<SlotGuard, NoSlot> {
        let mut in_use = self.in_use();
        if in_use.all >= self.most {
            return Err(NoSlot::AtAll);
        }
        let theirs = in_use.by_person.entry(user).or_default();
        if *theirs >= self.most_per_person {
            return Err(NoSlot::OfTheirs);
        }
        *theirs += 1;
        in_use.all += 1;
        Ok(SlotGuard { slots: Arc::clone(self), user })
    }

    fn in_use(&self) -> MutexGuard<'_, InUse> {
        // Nothing that holds the lock can leave it half changed.
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SlotGuard {
    fn drop(&mut self) {
        let mut in_use = self.slots.in_use();
        in_use.all -= 1;
        if let Some(theirs) = in_use.by_person.get_mut(&self.user) {
            *theirs -= 1;
            if *theirs == 0 {
                in_use.by_person.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_free_again_when_its_guard_is_dropped() {
        let slots = Slots::new(3, 2);
        let (ada, eve) = (UserId::from_bits(1), UserId::from_bits(2));
        let first = slots.claim(ada).ok();
        let second = slots.claim(ada).ok();
        assert!(second.is_some());
        assert_eq!(slots.claim(ada).err(), Some(NoSlot::OfTheirs));
        drop(first);
        let again = slots.claim(ada).ok();
        assert!(again.is_some());
        let hers = slots.claim(eve).ok();
        assert!(hers.is_some());
        assert_eq!(slots.claim(eve).err(), Some(NoSlot::AtAll));
        drop((second, again, hers));
        assert!(slots.in_use().by_person.is_empty());
        assert_eq!(slots.in_use().all, 0);
    }
}
