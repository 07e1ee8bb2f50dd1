//! A bound on answers that go on for long: so many at a time, and so many for one person.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dayline_app::AppError;
use dayline_domain::UserId;

use crate::problem::Problem;

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

impl Slots {
    /// So many slots, and so many for one person.
    pub fn new(most: usize, most_per_person: usize) -> Arc<Self> {
        Arc::new(Self { most, most_per_person, in_use: Mutex::default() })
    }

    /// Claims a slot: 429 if the person has too many, 503 if there is none left.
    pub fn claim(self: &Arc<Self>, user: UserId) -> Result<SlotGuard, Problem> {
        let mut in_use = self.in_use();
        if in_use.all >= self.most {
            return Err(AppError::Unavailable("too many streams at once".into()).into());
        }
        let theirs = in_use.by_person.entry(user).or_default();
        if *theirs >= self.most_per_person {
            return Err(Problem::too_many_streams());
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
        assert!(second.is_some() && slots.claim(ada).is_err());
        drop(first);
        let again = slots.claim(ada).ok();
        assert!(again.is_some());
        let hers = slots.claim(eve).ok();
        assert!(hers.is_some() && slots.claim(eve).is_err(), "all three are in use");
        drop((second, again, hers));
        assert!(slots.in_use().by_person.is_empty());
        assert_eq!(slots.in_use().all, 0);
    }
}
