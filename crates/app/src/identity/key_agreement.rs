//! Whether this node may answer beside the others: a node with other keys would refuse the tokens
//! that they issue, and devices would sign out.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dayline_domain::identity::node_keys::{KeyDisagreement, MarkedKeys, NodeKeys};

use crate::ports::{Clock, KeyMarks, PortError};

/// What this node's keys are to the others.
pub struct KeyAgreement {
    marks: Arc<dyn KeyMarks>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    mine: NodeKeys,
    /// What was found when the others could be asked the last time.
    found: Option<Result<(), KeyDisagreement>>,
}

/// Why this node must not answer beside the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotInAgreement {
    /// Its keys are wrong.
    Disagrees(KeyDisagreement),
    /// Since it started the others could not be asked.
    NotAsked(PortError),
}

impl fmt::Display for NotInAgreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disagrees(how) => how.fmt(f),
            Self::NotAsked(error) => write!(f, "the other nodes' keys are not known yet: {error}"),
        }
    }
}

impl std::error::Error for NotInAgreement {}

impl KeyAgreement {
    /// A node that starts with these keys.
    pub fn new(keys: MarkedKeys, marks: Arc<dyn KeyMarks>, clock: Arc<dyn Clock>) -> Self {
        let mine = NodeKeys { keys, since: clock.now(), agreed: false };
        Self { marks, clock, state: Mutex::new(State { mine, found: None }) }
    }

    /// These keys are in force from now on.
    pub fn replace_keys(&self, keys: MarkedKeys) {
        let since = self.clock.now();
        let mut state = self.state();
        if state.mine.keys != keys {
            state.mine.keys = keys;
            state.mine.since = since;
        }
    }

    /// Tells the others about this node, and judges by what they tell. To be called every few
    /// seconds. While they can't be asked, what was found last holds on.
    ///
    /// # Errors
    ///
    /// Why this node is not to answer.
    pub async fn check(&self) -> Result<(), NotInAgreement> {
        let mine = self.state().mine.clone();
        match self.marks.tell(&mine).await {
            Ok(others) => self.judge(mine, &others).await.map_err(NotInAgreement::Disagrees),
            Err(error) => {
                let found = self.state().found.ok_or(NotInAgreement::NotAsked(error))?;
                found.map_err(NotInAgreement::Disagrees)
            }
        }
    }

    async fn judge(&self, mine: NodeKeys, others: &[NodeKeys]) -> Result<(), KeyDisagreement> {
        let found = mine.judge(others, self.clock.now());
        let news = {
            let mut state = self.state();
            state.found = Some(found);
            state.mine.agreed = found.is_ok();
            (mine.agreed != state.mine.agreed).then(|| state.mine.clone())
        };
        if let Some(mine) = news {
            // Who does not hear it now is told next time.
            let _ = self.marks.tell(&mine).await;
        }
        found
    }

    /// This node ends. Who waits for its keys to be gone need not wait for long; if the others
    /// can't be told, they find out.
    pub async fn leave(&self) {
        let _ = self.marks.leave().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
