//! The buckets of watchers, of which the relay remembers what they are for and on which computer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::paths::replace_durably;

/// Most buckets; who has more makes them up.
const MAX_BUCKETS: usize = 1_000;

/// What a watcher says of its bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bucket {
    /// What its events are.
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) client: String,
    pub(super) hostname: String,
    #[serde(default)]
    pub(super) created: Option<Timestamp>,
}

/// Why a bucket was not made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotMade {
    IsThere,
    TooMany,
}

/// All buckets, kept in a file: watchers make theirs when they start, which may be long before this program does again.
#[derive(Debug)]
pub(super) struct Buckets {
    file: PathBuf,
    known: Mutex<BTreeMap<String, Bucket>>,
}

impl Buckets {
    /// Those in the file. What can't be read is as if it were not there: watchers are told so and make theirs anew.
    pub(super) fn open(file: &Path) -> Self {
        let known = std::fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok());
        Self { file: file.to_owned(), known: Mutex::new(known.unwrap_or_default()) }
    }

    pub(super) fn get(&self, id: &str) -> Option<Bucket> {
        self.known().get(id).cloned()
    }

    pub(super) fn all(&self) -> BTreeMap<String, Bucket> {
        self.known().clone()
    }

    pub(super) fn make(&self, id: &str, bucket: Bucket) -> Result<(), NotMade> {
        let mut known = self.known();
        if known.contains_key(id) {
            return Err(NotMade::IsThere);
        }
        if known.len() >= MAX_BUCKETS {
            return Err(NotMade::TooMany);
        }
        known.insert(id.to_owned(), bucket);
        self.write(&known);
        Ok(())
    }

    /// Forgets one; gives whether it was there.
    pub(super) fn delete(&self, id: &str) -> bool {
        let mut known = self.known();
        let found = known.remove(id).is_some();
        if found {
            self.write(&known);
        }
        found
    }

    fn write(&self, known: &BTreeMap<String, Bucket>) {
        let text = serde_json::to_vec(known).unwrap_or_default();
        if let Err(error) = replace_durably(&self.file, &text) {
            tracing::warn!("the buckets of watchers can't be written down: {error}");
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Bucket>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket() -> Bucket {
        let text = |text: &str| text.to_owned();
        Bucket {
            kind: text("afkstatus"),
            client: text("aw-watcher-afk"),
            hostname: text("laptop"),
            created: None,
        }
    }

    #[test]
    fn buckets_outlive_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("buckets.json");
        let buckets = Buckets::open(&file);
        assert_eq!(buckets.make("a", bucket()), Ok(()));
        assert_eq!(buckets.make("b", bucket()), Ok(()));
        assert_eq!(buckets.make("a", bucket()), Err(NotMade::IsThere));
        assert!(buckets.delete("b") && !buckets.delete("b"));
        let again = Buckets::open(&file);
        assert_eq!(again.get("a"), Some(bucket()));
        assert_eq!(again.all().len(), 1);
    }

    #[test]
    fn nobody_can_make_more_than_there_is_room_for() {
        let folder = tempfile::tempdir().unwrap();
        let buckets = Buckets::open(&folder.path().join("buckets.json"));
        let many = (0..MAX_BUCKETS).map(|number| (number.to_string(), bucket()));
        buckets.known().extend(many);
        assert_eq!(buckets.make("one more", bucket()), Err(NotMade::TooMany));
    }
}
