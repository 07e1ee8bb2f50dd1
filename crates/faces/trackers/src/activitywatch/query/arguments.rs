//! What a call is given.

use super::stopped::Wrong;
use super::value::{Event, Value};

/// The arguments of a call that were not taken yet.
pub(super) struct Arguments {
    function: String,
    left: std::vec::IntoIter<Value>,
}

impl Arguments {
    /// All that a function is given.
    pub(super) fn of(function: &str, all: Vec<Value>) -> Self {
        Self { function: function.to_owned(), left: all.into_iter() }
    }

    /// What is called.
    pub(super) fn function(&self) -> &str {
        &self.function
    }

    /// Whether there is no other.
    pub(super) fn is_empty(&self) -> bool {
        self.left.len() == 0
    }

    /// The next one.
    pub(super) fn next(&mut self) -> Result<Value, Wrong> {
        self.left.next().ok_or_else(|| Wrong(format!("{} lacks an argument", self.function)))
    }

    /// The only one that is left.
    pub(super) fn last(&mut self) -> Result<Value, Wrong> {
        let last = self.next()?;
        if self.is_empty() {
            Ok(last)
        } else {
            Err(Wrong(format!("{} has too many arguments", self.function)))
        }
    }

    /// The next one, which is events.
    pub(super) fn events(&mut self) -> Result<Vec<Event>, Wrong> {
        self.next()?.into_events()
    }

    /// The only two that are left, which are events.
    pub(super) fn two(&mut self) -> Result<(Vec<Event>, Vec<Event>), Wrong> {
        Ok((self.events()?, self.last()?.into_events()?))
    }
}
