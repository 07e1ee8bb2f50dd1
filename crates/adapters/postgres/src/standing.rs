//! Where the ledger stands in each partition, as far as this process has heard: it tells whether
//! somebody else has written meanwhile, or the database has gone back.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use dayline_app::ports::{Partition, Position};

/// The last positions that this process has found or moved to.
#[derive(Default)]
pub(crate) struct Standing(Mutex<BTreeMap<Partition, Position>>);

impl Standing {
    /// The ledger stands here. Whether it stood elsewhere when this process last heard of it.
    pub(crate) fn hear(&self, partition: Partition, position: Position) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(partition, position).is_some_and(|before| before != position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_that_was_not_heard_of_is_news_where_there_was_another() {
        let standing = Standing::default();
        let at = |major| Position { major, minor: 0 };
        for (partition, position, is_news) in
            [(0, 5, false), (0, 5, false), (1, 7, false), (0, 4, true), (0, 4, false), (1, 8, true)]
        {
            assert_eq!(standing.hear(Partition(partition), at(position)), is_news);
        }
    }
}
