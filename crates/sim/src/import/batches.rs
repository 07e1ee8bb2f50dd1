//! Puts together what goes into one request.

use std::collections::BTreeMap;

use super::item::Target;

/// Most pieces of one request.
const MOST: usize = 500;
/// A request that has so many bytes is sent; servers take 1 MiB.
const BYTES: usize = 512 << 10;

/// Pieces that wait for others to go with.
#[derive(Debug, Default)]
pub(super) struct Batches(BTreeMap<Target, Batch>);

/// Pieces that go into one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Batch {
    /// JSON values with commas between them.
    values: String,
    /// How many there are.
    pub(super) number: usize,
}

impl Batch {
    /// The values as a JSON array.
    pub(super) fn json(&self) -> String {
        format!("[{}]", self.values)
    }

    fn add(&mut self, json: &str) {
        if self.number > 0 {
            self.values.push(',');
        }
        self.values.push_str(json);
        self.number += 1;
    }

    fn is_full(&self) -> bool {
        self.number == MOST || self.values.len() >= BYTES
    }
}

impl Batches {
    /// Adds a piece; gives the batch if it is full then.
    pub(super) fn add(&mut self, target: &Target, json: &str) -> Option<Batch> {
        if let Some(batch) = self.0.get_mut(target) {
            batch.add(json);
            return batch.is_full().then(|| std::mem::take(batch));
        }
        let mut batch = Batch::default();
        batch.add(json);
        self.0.insert(target.clone(), batch);
        None
    }

    /// What is left, none empty.
    pub(super) fn rest(&mut self) -> impl Iterator<Item = (Target, Batch)> + use<> {
        std::mem::take(&mut self.0).into_iter().filter(|(_, batch)| batch.number > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_one_target_go_together_until_a_batch_is_full() {
        let (own, other) = (Target::Own, Target::Machine(None));
        let mut batches = Batches::default();
        for _ in 0..MOST - 1 {
            assert_eq!(batches.add(&own, "{}"), None);
        }
        assert_eq!(batches.add(&other, "7"), None);
        assert_eq!(batches.add(&own, "{}").unwrap().number, MOST);
        assert_eq!(batches.add(&own, "8"), None);
        let rest: Vec<_> = batches.rest().map(|(target, batch)| (target, batch.json())).collect();
        assert_eq!(rest, [(other, "[7]".to_owned()), (own, "[8]".to_owned())]);
        assert_eq!(batches.rest().count(), 0);
    }

    #[test]
    fn a_batch_of_large_pieces_is_full_sooner() {
        let mut batches = Batches::default();
        let large = "x".repeat(BYTES / 2);
        assert_eq!(batches.add(&Target::Own, &large), None);
        assert_eq!(batches.add(&Target::Own, &large).unwrap().number, 2);
    }
}
