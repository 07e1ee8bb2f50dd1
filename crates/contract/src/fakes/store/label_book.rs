//! What people say about names, in the fake store.

use dayline_app::ports::{LabelBook, LabelMark, LabelsSet, MarkedLabels, PortFuture};
use dayline_domain::UserId;

use super::FakeStore;

impl LabelBook for FakeStore {
    fn labels(&self, user: UserId) -> PortFuture<'_, MarkedLabels> {
        self.transaction(|tables| Ok(tables.labels.get(&user).cloned().unwrap_or_default()))
    }

    fn set_labels(&self, user: UserId, from: LabelMark, to: MarkedLabels) -> PortFuture<'_, LabelsSet> {
        self.transaction(|tables| {
            if !tables.users.contains_key(&user) {
                return Ok(LabelsSet::NoSuchUser);
            }
            let before = tables.labels.entry(user).or_default();
            if before.mark != from {
                return Ok(LabelsSet::Changed);
            }
            *before = to;
            Ok(LabelsSet::Done)
        })
    }
}
