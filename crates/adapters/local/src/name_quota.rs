//! How many different names one person may bring to this process in a UTC day.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Mutex, PoisonError};

use dayline_app::ports::NameQuota;
use dayline_domain::{UserId, UtcDay};

/// So many locks that threads seldom meet at one.
const SHARDS: usize = 256;
/// A name is remembered in one of so many places: a line of the processor's cache.
const WAYS: usize = 8;
/// Names that a shard remembers: four million in all, 32 MiB, of which memory is taken as it is used.
const REMEMBERED: usize = 16_384;
/// Counts that people of a shard share.
const COUNTS: usize = 1_024;
/// Of the limit one part is counted for several people together, so that nothing need be kept of each
/// of a million; the others for each person who needs more.
const SHARED_PART: u32 = 5;

/// Distinct names by person and day, in bounded memory, and without any allocation for a name that was
/// there before. When there are more names than are remembered, one may be counted again: a person may
/// then be refused a little early, but never brings more than the limit.
pub struct LocalNameQuota {
    shards: Vec<Mutex<Shard>>,
    limit: u32,
    random: RandomState,
}

struct Shard {
    day: UtcDay,
    /// Hashes of person, kind and name; 0 where there is none.
    seen: Vec<u64>,
    /// What people brought who have no count of their own.
    shared: Vec<u32>,
    own: HashMap<UserId, u32>,
}

impl LocalNameQuota {
    /// Far more than anybody uses in a day, and few enough for a person's dictionary to stay small.
    pub const DEFAULT: u32 = 50_000;

    /// Nothing is used up yet; `u32::MAX` limits nobody.
    pub fn new(limit: u32) -> Self {
        let empty = || Shard { day: UtcDay(0), seen: Vec::new(), shared: Vec::new(), own: HashMap::new() };
        let shards = (0..SHARDS).map(|_| Mutex::new(empty())).collect();
        Self { shards, limit, random: RandomState::new() }
    }
}

impl NameQuota for LocalNameQuota {
    fn admits(&self, user: UserId, names: [Option<&str>; 5], day: UtcDay) -> bool {
        let mut hasher = self.random.build_hasher();
        hasher.write_u128(user.bits());
        let place = hasher.finish() as usize;
        let shard = &self.shards[place % SHARDS];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.begin(day);
        let mut new = [0; 5];
        for (kind, name) in names.into_iter().enumerate() {
            let Some(name) = name else { continue };
            let mut hasher = hasher.clone();
            hasher.write_usize(kind);
            hasher.write(name.as_bytes());
            let hash = hasher.finish().max(1);
            if !shard.remembers(hash) {
                new[kind] = hash;
            }
        }
        let count = new.iter().filter(|hash| **hash != 0).count() as u32;
        if count == 0 {
            return true;
        }
        if !shard.count(user, place / SHARDS % COUNTS, count, self.limit) {
            return false;
        }
        new.into_iter().filter(|hash| *hash != 0).for_each(|hash| shard.remember(hash));
        true
    }
}

impl Shard {
    /// Forgets what was before this day. Fresh memory is taken only page by page as it is used.
    fn begin(&mut self, day: UtcDay) {
        if self.day != day || self.seen.is_empty() {
            *self = Self { day, seen: vec![0; REMEMBERED], shared: vec![0; COUNTS], own: HashMap::new() };
        }
    }

    fn ways(&mut self, hash: u64) -> &mut [u64] {
        let first = hash as usize % (REMEMBERED / WAYS) * WAYS;
        &mut self.seen[first..first + WAYS]
    }

    fn remembers(&mut self, hash: u64) -> bool {
        self.ways(hash).contains(&hash)
    }

    /// Remembers a name, if need be in the place of another one, by chance.
    fn remember(&mut self, hash: u64) {
        let ways = self.ways(hash);
        let free = ways.iter().position(|way| *way == 0);
        ways[free.unwrap_or((hash >> 32) as usize % WAYS)] = hash;
    }

    fn count(&mut self, user: UserId, place: usize, names: u32, limit: u32) -> bool {
        let part = limit / SHARED_PART;
        let shared = &mut self.shared[place];
        if *shared + names <= part {
            *shared += names;
            return true;
        }
        let own = self.own.entry(user).or_default();
        let fits = *own + names <= limit - part;
        *own += if fits { names } else { 0 };
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: UtcDay = UtcDay(20_000);

    #[test]
    fn a_person_brings_fifty_thousand_names_a_day_and_not_one_more() {
        let quota = LocalNameQuota::new(LocalNameQuota::DEFAULT);
        let ada = UserId::from_bits(7);
        let names = |day| {
            (0..60_000)
                .filter(|n| {
                    quota.admits(ada, [None, None, Some(&format!("{n}.example.org")), None, None], day)
                })
                .count()
        };
        assert_eq!(names(DAY), 50_000);
        assert_eq!(names(UtcDay(20_001)), 50_000);
    }

    #[test]
    fn a_crowd_takes_no_more_memory_than_is_set_aside_and_nobody_is_refused() {
        let quota = LocalNameQuota::new(LocalNameQuota::DEFAULT);
        for n in 0..200_000 {
            let names = [Some("laptop"), Some("Code"), Some("example.org"), None, None];
            assert!(quota.admits(UserId::from_bits(n), names, DAY));
        }
        for shard in &quota.shards {
            let shard = shard.lock().unwrap();
            assert_eq!((shard.seen.len(), shard.shared.len(), shard.own.len()), (REMEMBERED, COUNTS, 0));
        }
    }
}
