//! Making and checking one argon2id hash in its PHC form.

use std::sync::{PoisonError, RwLock};

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use dayline_app::ports::{PasswordHash, PasswordVerdict, PortError};
use subtle::ConstantTimeEq;

use super::workers::Memory;

/// Bytes of a hash.
const LENGTH: usize = 32;

/// Makes hashes with today's parameters, and checks those made with whatever parameters.
///
/// Until all stored hashes are made anew, checking one costs what its own parameters cost. So each
/// check does the work of all parameters that are in use, whichever hash it is for, or for none.
pub(crate) struct Hashing {
    today: Cost,
    /// What checks cost, the most memory first; today's parameters are always among it.
    in_use: RwLock<Vec<Cost>>,
}

impl Hashing {
    /// `None` if argon2 knows no such parameters.
    pub(crate) fn new(memory_kib: u32, passes: u32, lanes: u32) -> Option<Self> {
        let cost =
            Cost { memory_kib, passes, lanes, algorithm: Algorithm::Argon2id, version: Version::V0x13 };
        cost.params(LENGTH)?;
        Some(Self { today: cost, in_use: RwLock::new(vec![cost]) })
    }

    /// From now on each check does the work of these hashes' parameters and of today's.
    pub(crate) fn expect(&self, stored: &[PasswordHash]) {
        let stored = stored.iter().filter_map(parse).map(|known| known.cost);
        let mut costs: Vec<_> = stored.chain([self.today]).collect();
        costs.sort_unstable_by(|one, other| other.cmp(one));
        costs.dedup();
        *self.in_use.write().unwrap_or_else(PoisonError::into_inner) = costs;
    }

    /// Hashes a password with today's parameters.
    pub(crate) fn hash(
        &self,
        password: &str,
        salt: [u8; 16],
        memory: &mut Memory,
    ) -> Result<PasswordHash, PortError> {
        let hash = compute(&self.today, LENGTH, password, &salt, memory);
        hash.and_then(|hash| to_phc(&self.today.params(LENGTH)?, &salt, &hash)).ok_or_else(unreadable)
    }

    /// Checks a password. Without a hash, and with one that can't be read, the same work is done in
    /// vain.
    pub(crate) fn verify(
        &self,
        password: &str,
        hash: Option<&PasswordHash>,
        memory: &mut Memory,
    ) -> Result<PasswordVerdict, PortError> {
        let known = hash.and_then(parse);
        if hash.is_some() && known.is_none() {
            tracing::error!("a stored password hash is damaged; its owner can't sign in");
        }
        let mut matches = false;
        for cost in self.costs_with(known.as_ref()) {
            match known.as_ref().filter(|known| known.cost == cost) {
                Some(Known { salt, output, .. }) => {
                    let hash = compute(&cost, output.len(), password, salt, memory).ok_or_else(unreadable)?;
                    matches = bool::from(hash.ct_eq(output));
                }
                None => drop(compute(&cost, LENGTH, password, &[0; 16], memory).ok_or_else(unreadable)?),
            }
        }
        let outdated = known.is_some_and(|known| known.cost.is_below(&self.today));
        Ok(PasswordVerdict { matches, outdated })
    }

    /// What this check costs: what all cost. Parameters that nobody knew of yet, as another node may
    /// use them, cost the first check more, and from then on all.
    fn costs_with(&self, known: Option<&Known>) -> Vec<Cost> {
        let mut costs = self.in_use.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(new) = known.map(|known| known.cost).filter(|cost| !costs.contains(cost)) else {
            return costs;
        };
        costs.push(new);
        costs.sort_unstable_by(|one, other| other.cmp(one));
        self.in_use.write().unwrap_or_else(PoisonError::into_inner).clone_from(&costs);
        costs
    }
}

/// What a hash was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    algorithm: Algorithm,
    version: Version,
}

impl Cost {
    fn params(&self, length: usize) -> Option<Params> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(length)).ok()
    }

    fn is_below(&self, today: &Self) -> bool {
        self.algorithm != today.algorithm
            || self.version != today.version
            || self.memory_kib < today.memory_kib
            || self.passes < today.passes
            || self.lanes < today.lanes
    }
}

/// A stored hash taken apart.
struct Known {
    cost: Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
}

fn unreadable() -> PortError {
    PortError::Rejected("the password could not be hashed".into())
}

fn parse(hash: &PasswordHash) -> Option<Known> {
    let hash = phc::PasswordHash::new(&hash.0).ok()?;
    let params = Params::try_from(&hash).ok()?;
    let cost = Cost {
        memory_kib: params.m_cost(),
        passes: params.t_cost(),
        lanes: params.p_cost(),
        algorithm: Algorithm::try_from(hash.algorithm.as_str()).ok()?,
        version: hash.version.map_or(Ok(Version::V0x10), Version::try_from).ok()?,
    };
    Some(Known { cost, salt: hash.salt?.as_ref().to_vec(), output: hash.hash?.as_bytes().to_vec() })
}

fn compute(cost: &Cost, length: usize, password: &str, salt: &[u8], memory: &mut Memory) -> Option<Vec<u8>> {
    let params = cost.params(length)?;
    let blocks = params.block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::new());
    }
    let mut hash = vec![0; length];
    Argon2::new(cost.algorithm, cost.version, params)
        .hash_password_into_with_memory(password.as_bytes(), salt, &mut hash, memory.as_mut_slice())
        .ok()?;
    Some(hash)
}

fn to_phc(params: &Params, salt: &[u8], hash: &[u8]) -> Option<PasswordHash> {
    let phc = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: phc::ParamsString::try_from(params).ok()?,
        salt: Some(phc::Salt::new(salt).ok()?),
        hash: Some(phc::Output::new(hash).ok()?),
    };
    Some(PasswordHash(phc.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(memory: &Memory) -> Vec<u64> {
        memory.iter().flat_map(|block| block.as_ref().to_vec()).collect()
    }

    #[test]
    fn an_unknown_person_costs_the_same_work_as_a_wrong_password() {
        let hashing = Hashing::new(19_456, 2, 1).unwrap();
        // What is left in memory depends on each block of each pass: the same is left only by the
        // same work.
        let left_by_todays_work = |salt| {
            let mut memory = Memory::new();
            hashing.hash("a wrong password", salt, &mut memory).unwrap();
            words(&memory)
        };
        let left_by_a_check = |hash| {
            let mut memory = Memory::new();
            assert!(!hashing.verify("a wrong password", hash, &mut memory).unwrap().matches);
            words(&memory)
        };
        let wrong = hashing.hash("another password", [1; 16], &mut Memory::new()).unwrap();
        let damaged = PasswordHash("$argon2id$v=19$m=19456".to_owned());
        assert!(left_by_a_check(Some(&wrong)) == left_by_todays_work([1; 16]));
        assert!(left_by_a_check(None) == left_by_todays_work([0; 16]));
        assert!(left_by_a_check(Some(&damaged)) == left_by_todays_work([0; 16]));
    }

    /// Weak parameters of the past, raised twice since, one after the other in memory.
    const RAISED: [(u32, u32); 3] = [(19_456, 2), (19_464, 2), (19_472, 3)];

    fn hash_of(n: usize, salt: u8) -> PasswordHash {
        let (memory_kib, passes) = RAISED[n];
        let hashing = Hashing::new(memory_kib, passes, 1).unwrap();
        hashing.hash("another password", [salt; 16], &mut Memory::new()).unwrap()
    }

    #[test]
    fn while_parameters_are_raised_a_check_does_the_work_of_all_of_them_for_everybody() {
        let today = Hashing::new(RAISED[2].0, RAISED[2].1, 1).unwrap();
        let stored: Vec<_> = (0..3).map(|n| hash_of(n, n as u8 + 1)).collect();
        today.expect(&stored);
        // The most memory first, so that of each piece of work something is left to be seen.
        let left_by_the_work_of_all = |salts: [u8; 3]| {
            let mut memory = Memory::new();
            for n in (0..3).rev() {
                let hashing = Hashing::new(RAISED[n].0, RAISED[n].1, 1).unwrap();
                hashing.hash("a wrong password", [salts[n]; 16], &mut memory).unwrap();
            }
            words(&memory)
        };
        let left_by_a_check = |hash: Option<&PasswordHash>| {
            let mut memory = Memory::new();
            assert!(!today.verify("a wrong password", hash, &mut memory).unwrap().matches);
            words(&memory)
        };
        assert!(left_by_a_check(None) == left_by_the_work_of_all([0, 0, 0]), "an unknown address");
        assert!(left_by_a_check(Some(&stored[0])) == left_by_the_work_of_all([1, 0, 0]));
        assert!(left_by_a_check(Some(&stored[1])) == left_by_the_work_of_all([0, 2, 0]));
        assert!(left_by_a_check(Some(&stored[2])) == left_by_the_work_of_all([0, 0, 3]));
    }

    #[test]
    fn a_check_costs_everybody_the_same_parameters_whatever_is_stored() {
        let hashing = Hashing::new(RAISED[1].0, RAISED[1].1, 1).unwrap();
        let stored: Vec<_> = (0..3).map(|n| hash_of(n, 1)).collect();
        let costs = |hash: Option<&PasswordHash>| hashing.costs_with(hash.and_then(parse).as_ref());
        assert_eq!(costs(None), [hashing.today]);
        hashing.expect(&stored);
        for hash in [None, Some(&stored[0]), Some(&stored[1]), Some(&stored[2])] {
            assert_eq!(costs(hash).len(), 3);
            assert_eq!(costs(hash), costs(None));
        }
        // When the last weak hash was made anew, checks cost no more than today's work.
        hashing.expect(&stored[1..2]);
        assert_eq!(costs(None), [hashing.today]);
        // What another node has stored meanwhile is known from its first check on.
        let seen = costs(Some(&stored[2]));
        assert_eq!((seen.len(), costs(None)), (2, seen));
    }

    #[test]
    fn the_right_password_is_known_whatever_else_is_in_use() {
        let hashing = Hashing::new(RAISED[1].0, RAISED[1].1, 1).unwrap();
        let stored: Vec<_> = (0..3).map(|n| hash_of(n, 1)).collect();
        hashing.expect(&stored);
        for (n, hash) in stored.iter().enumerate() {
            let verdict = hashing.verify("another password", Some(hash), &mut Memory::new()).unwrap();
            assert_eq!(verdict, PasswordVerdict { matches: true, outdated: n == 0 });
        }
    }
}
