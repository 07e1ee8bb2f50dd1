//! What this process knows of people: their number, and the numbers of names they have used lately.
//! Only a hint that saves look-ups: each commit checks the epoch of all it takes from here.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dayline_domain::{UserId, UtcDay, UtcMs};

use super::Name;

/// Names in each of two generations; one takes some 150 bytes.
const GENERATION: usize = 50_000;

/// A person as the database has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    /// `users.id`.
    pub(crate) id: i64,
    /// `users.names_epoch`: as long as it is this, `numbers` are right.
    pub(crate) epoch: i32,
    /// Numbers of names; only some.
    pub(crate) numbers: HashMap<Name, u32>,
    /// The tail that this process wrote last for them.
    pub(crate) tail: Option<KnownTail>,
}

/// Where the tail of a day's version begins, which ends after all other pieces of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownTail {
    pub(crate) day: UtcDay,
    pub(crate) version: u64,
    pub(crate) start: UtcMs,
}

/// Some people.
pub(crate) type People = HashMap<UserId, Person>;

/// The people this process knows, bounded: whoever is not used in one generation is forgotten with
/// the end of the next.
#[derive(Default)]
pub(crate) struct KnownPeople(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: People,
    old: People,
    /// In `young`, each person counted as one more.
    names: usize,
}

impl KnownPeople {
    /// Takes out those of some people who are known. Who changes the database by what is known of
    /// them gives them back when that has succeeded: otherwise they are forgotten.
    pub(crate) fn take(&self, users: impl Iterator<Item = UserId>) -> People {
        let mut known = self.known();
        users.filter_map(|user| Some((user, known.remove(user)?))).collect()
    }

    /// Learns of people, or gives them back.
    pub(crate) fn learn(&self, people: People) {
        let mut known = self.known();
        for (user, mut person) in people {
            if let Some(before) = known.remove(user)
                && (before.id, before.epoch) == (person.id, person.epoch)
            {
                person.numbers.extend(before.numbers);
            }
            known.insert(user, person);
        }
    }

    /// Forgets everybody: the database may not be the one it was.
    pub(crate) fn forget(&self) {
        *self.known() = Generations::default();
    }

    fn known(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn remove(&mut self, user: UserId) -> Option<Person> {
        if let Some(person) = self.young.remove(&user) {
            self.names -= person.numbers.len() + 1;
            return Some(person);
        }
        self.old.remove(&user)
    }

    fn insert(&mut self, user: UserId, person: Person) {
        let names = person.numbers.len() + 1;
        if self.names + names > GENERATION {
            self.old = std::mem::take(&mut self.young);
            self.names = 0;
        }
        self.names += names;
        self.young.insert(user, person);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dayline_domain::Source;

    fn person(id: i64, names: usize) -> Person {
        let name = |n| Name::Source(Source::new("d", &format!("app {n}"), None).unwrap());
        let numbers = (0..names).map(|n| (name(n), n as u32)).collect();
        Person { id, epoch: 0, numbers, tail: None }
    }

    fn user(n: usize) -> UserId {
        UserId::from_bits(n as u128)
    }

    #[test]
    fn who_is_taken_out_is_forgotten_until_given_back() {
        let known = KnownPeople::default();
        known.learn(People::from([(user(1), person(1, 3))]));
        let taken = known.take([user(1), user(2)].into_iter());
        assert_eq!(taken.len(), 1);
        assert!(known.take([user(1)].into_iter()).is_empty());
        known.learn(taken);
        assert_eq!(known.take([user(1)].into_iter())[&user(1)].numbers.len(), 3);
    }

    #[test]
    fn what_was_known_of_another_epoch_is_not_kept() {
        let known = KnownPeople::default();
        known.learn(People::from([(user(1), person(1, 3))]));
        known.learn(People::from([(user(1), Person { epoch: 1, ..person(1, 1) })]));
        assert_eq!(known.take([user(1)].into_iter())[&user(1)].numbers.len(), 1);
        known.learn(People::from([(user(1), person(1, 2))]));
        known.learn(People::from([(user(1), person(1, 5))]));
        assert_eq!(known.take([user(1)].into_iter())[&user(1)].numbers.len(), 5);
    }

    #[test]
    fn so_many_names_are_known_and_no_more() {
        let known = KnownPeople::default();
        for n in 0..10 * GENERATION / 100 {
            known.learn(People::from([(user(n), person(1, 99))]));
            // Who is used again and again stays.
            let first = known.take([user(0)].into_iter());
            assert_eq!(first.len(), 1, "after {n}");
            known.learn(first);
        }
        let known = known.known();
        let names = |people: &People| people.values().map(|person| person.numbers.len() + 1).sum::<usize>();
        assert_eq!(names(&known.young), known.names);
        assert!(names(&known.young) <= GENERATION && names(&known.old) <= GENERATION);
    }
}
