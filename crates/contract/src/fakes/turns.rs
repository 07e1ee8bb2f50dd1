//! Whose turn it is to remove what is past, as a test says.

use std::future::ready;
use std::sync::Mutex;

use dayline_app::ports::{PortFuture, RetentionTurns, Turn};

use super::store::locked;

/// The turn that a test gives; at first it is this process's.
pub struct FakeTurns(Mutex<Turn>);

impl Default for FakeTurns {
    fn default() -> Self {
        Self(Mutex::new(Turn::Ours))
    }
}

impl FakeTurns {
    /// From now on it is this.
    pub fn give(&self, turn: Turn) {
        *locked(&self.0) = turn;
    }
}

impl RetentionTurns for FakeTurns {
    fn take(&self, _: String) -> PortFuture<'_, Turn> {
        Box::pin(ready(Ok(locked(&self.0).clone())))
    }
}
