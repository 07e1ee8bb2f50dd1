//! What nodes tell each other about their keys, in one process, by a clock that a test moves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use dayline_app::ports::{BELIEVED_MS, Clock, KeyMarks, PortError, PortFuture};
use dayline_domain::UtcMs;
use dayline_domain::identity::node_keys::NodeKeys;

use super::store::locked;
use super::system::FakeClock;

/// What all nodes told.
pub struct FakeNodes {
    clock: Arc<FakeClock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    joined: u32,
    told: BTreeMap<u32, (UtcMs, NodeKeys)>,
    failure: Option<PortError>,
}

/// One node's [`KeyMarks`].
pub struct FakeKeyMarks {
    nodes: Arc<FakeNodes>,
    me: u32,
}

impl FakeNodes {
    /// No nodes yet.
    pub fn new(clock: Arc<FakeClock>) -> Arc<Self> {
        Arc::new(Self { clock, state: Mutex::default() })
    }

    /// Another node.
    pub fn join(self: &Arc<Self>) -> Arc<FakeKeyMarks> {
        let mut state = locked(&self.state);
        state.joined += 1;
        Arc::new(FakeKeyMarks { nodes: Arc::clone(self), me: state.joined })
    }

    /// From now on every call fails like this, or works again.
    pub fn fail(&self, failure: Option<PortError>) {
        locked(&self.state).failure = failure;
    }
}

impl FakeKeyMarks {
    fn change<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<u32, (UtcMs, NodeKeys)>) -> T,
    ) -> Result<T, PortError> {
        let mut state = locked(&self.nodes.state);
        state.failure.clone().map_or(Ok(()), Err)?;
        let now = self.nodes.clock.now();
        state.told.retain(|_, (until, _)| now < *until);
        Ok(change(&mut state.told))
    }
}

impl KeyMarks for FakeKeyMarks {
    fn tell<'a>(&'a self, mine: &'a NodeKeys) -> PortFuture<'a, Vec<NodeKeys>> {
        Box::pin(async move {
            let until = self.nodes.clock.now().plus(BELIEVED_MS);
            self.change(|told| {
                told.insert(self.me, (until, mine.clone()));
                let others = told.iter().filter(|(node, _)| **node != self.me);
                others.map(|(_, (_, keys))| keys.clone()).collect()
            })
        })
    }

    fn leave(&self) -> PortFuture<'_, ()> {
        Box::pin(async move { self.change(|told| drop(told.remove(&self.me))) })
    }
}
