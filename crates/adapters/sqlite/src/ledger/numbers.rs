//! The numbers in people's dictionaries, as far as commits have met them: whoever is active is written
//! with each flush, mostly with the same names. Only what is committed is remembered, and only as long
//! as nobody else writes to the file.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use dayline_domain::{Source, Subject};
use rusqlite::Transaction;

use super::dictionary::{self, Named};
use crate::failure::Failure;

/// So many names are remembered at most, of all people; with some 150 bytes each.
const MAX_NAMES: usize = 100_000;

/// What is remembered between commits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Remembered(Arc<Mutex<Dictionaries>>);

impl Remembered {
    /// Takes what is remembered, for one transaction of the only connection in this process that
    /// writes. Whoever undoes it, or fails, has forgotten all of it.
    pub(super) fn take(&self, tx: &Transaction<'_>) -> rusqlite::Result<Dictionaries> {
        // Changes whenever another connection has committed: an operator's command, say.
        let others = tx.pragma_query_value(None, "data_version", |row| row.get(0))?;
        let taken = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if taken.others == Some(others) {
            return Ok(taken);
        }
        Ok(Dictionaries { others: Some(others), ..Dictionaries::default() })
    }

    /// Remembers what a transaction knew that is committed.
    pub(super) fn keep(&self, dictionaries: Dictionaries) {
        let names: usize = dictionaries.people.values().map(Dictionary::len).sum();
        if names <= MAX_NAMES {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = dictionaries;
        }
    }
}

/// The dictionaries of those who are active.
#[derive(Debug, Default)]
pub(crate) struct Dictionaries {
    /// Which of other connections' changes these names are after.
    others: Option<i64>,
    people: HashMap<i64, Dictionary>,
}

impl Dictionaries {
    /// The dictionary of a person.
    pub(super) fn of(&mut self, user: i64) -> &mut Dictionary {
        let new = || Dictionary { sources: Numbers::of(user), subjects: Numbers::of(user) };
        self.people.entry(user).or_insert_with(new)
    }

    /// Forgets a person's dictionary, of which something is taken away.
    pub(super) fn forget(&mut self, user: i64) {
        self.people.remove(&user);
    }
}

/// A person's dictionary, as far as it was met.
#[derive(Debug)]
pub(super) struct Dictionary {
    pub(super) sources: Numbers<Source>,
    pub(super) subjects: Numbers<Subject>,
}

impl Dictionary {
    fn len(&self) -> usize {
        self.sources.known.len() + self.subjects.known.len()
    }
}

/// Numbers of one person.
#[derive(Debug)]
pub(super) struct Numbers<T> {
    user: i64,
    known: HashMap<Arc<T>, u32>,
}

impl<T: Named> Numbers<T> {
    fn of(user: i64) -> Self {
        Self { user, known: HashMap::new() }
    }

    /// The number of something, if it was ever stored.
    pub(super) fn find(&mut self, tx: &Transaction<'_>, of: &Arc<T>) -> Result<Option<u32>, Failure> {
        if let Some(number) = self.known.get(of) {
            return Ok(Some(*number));
        }
        let found = dictionary::find(tx, self.user, &**of)?;
        if let Some(number) = found {
            self.known.insert(Arc::clone(of), number);
        }
        Ok(found)
    }

    /// The number of something, which is stored if it was not yet.
    pub(super) fn get(&mut self, tx: &Transaction<'_>, of: &Arc<T>) -> Result<u32, Failure> {
        if let Some(number) = self.find(tx, of)? {
            return Ok(number);
        }
        let number = dictionary::add(tx, self.user, &**of)?;
        self.known.insert(Arc::clone(of), number);
        Ok(number)
    }
}
