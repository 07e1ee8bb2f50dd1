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
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
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
        Arc::new(Self { most, most_per_person, taken: Mutex::default() })
    }

    /// Takes a slot: 429 if the person has too many, 503 if there is none left.
    pub fn take(self: &Arc<Self>, user: UserId) -> Result<SlotGuard, Problem> {
        let mut taken = self.taken();
        if taken.all >= self.most {
            return Err(AppError::Unavailable("too many streams at once".into()).into());
        }
        let theirs = taken.by_person.entry(user).or_default();
        if *theirs >= self.most_per_person {
            return Err(Problem::too_many_streams());
        }
        *theirs += 1;
        taken.all += 1;
        Ok(SlotGuard { slots: Arc::clone(self), user })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Nothing that holds the lock can leave it half changed.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SlotGuard {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        taken.all -= 1;
        if let Some(theirs) = taken.by_person.get_mut(&self.user) {
            *theirs -= 1;
            if *theirs == 0 {
                taken.by_person.remove(&self.user);
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
        let first = slots.take(ada).ok();
        let second = slots.take(ada).ok();
        assert!(second.is_some() && slots.take(ada).is_err());
        drop(first);
        let again = slots.take(ada).ok();
        assert!(again.is_some());
        let hers = slots.take(eve).ok();
        assert!(hers.is_some() && slots.take(eve).is_err(), "all three are taken");
        drop((second, again, hers));
        assert!(slots.taken().by_person.is_empty());
        assert_eq!(slots.taken().all, 0);
    }
}
