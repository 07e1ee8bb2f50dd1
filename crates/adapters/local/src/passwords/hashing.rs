//! Making and checking one argon2id hash in its PHC form.

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use dayline_app::ports::{PasswordHash, PasswordVerdict, PortError};
use subtle::ConstantTimeEq;

use super::workers::Memory;

/// Bytes of a hash.
const LENGTH: usize = 32;

/// Today's parameters, and a hash of no password made with them.
pub(crate) struct Hashing {
    params: Params,
    dummy: PasswordHash,
}

impl Hashing {
    /// `None` if argon2 knows no such parameters.
    pub(crate) fn new(memory_kib: u32, passes: u32, lanes: u32) -> Option<Self> {
        let params = Params::new(memory_kib, passes, lanes, Some(LENGTH)).ok()?;
        let dummy = to_phc(&params, &[0; 16], &[0; LENGTH])?;
        Some(Self { params, dummy })
    }

    /// Hashes a password with today's parameters.
    pub(crate) fn hash(
        &self,
        password: &str,
        salt: [u8; 16],
        memory: &mut Memory,
    ) -> Result<PasswordHash, PortError> {
        let hash = compute(&self.params, Version::V0x13, Algorithm::Argon2id, password, &salt, memory);
        hash.and_then(|hash| to_phc(&self.params, &salt, &hash))
            .ok_or_else(|| PortError::Rejected("the password could not be hashed".into()))
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
        let real = known.is_some();
        let unreadable = || PortError::Rejected("the password could not be hashed".into());
        let known = known.or_else(|| parse(&self.dummy)).ok_or_else(unreadable)?;
        let Known { params, version, algorithm, salt, output } = &known;
        let hash = compute(params, *version, *algorithm, password, salt, memory).ok_or_else(unreadable)?;
        let matches = bool::from(hash.ct_eq(output)) && real;
        Ok(PasswordVerdict { matches, outdated: real && self.is_outdated(&known) })
    }

    fn is_outdated(&self, known: &Known) -> bool {
        let (today, then) = (&self.params, &known.params);
        known.algorithm != Algorithm::Argon2id
            || known.version != Version::V0x13
            || then.m_cost() < today.m_cost()
            || then.t_cost() < today.t_cost()
            || then.p_cost() < today.p_cost()
    }
}

/// A stored hash taken apart.
struct Known {
    params: Params,
    version: Version,
    algorithm: Algorithm,
    salt: Vec<u8>,
    output: Vec<u8>,
}

fn parse(hash: &PasswordHash) -> Option<Known> {
    let hash = phc::PasswordHash::new(&hash.0).ok()?;
    let params = Params::try_from(&hash).ok()?;
    Some(Known {
        version: hash.version.map_or(Ok(Version::V0x10), Version::try_from).ok()?,
        algorithm: Algorithm::try_from(hash.algorithm.as_str()).ok()?,
        salt: hash.salt?.as_ref().to_vec(),
        output: hash.hash?.as_bytes().to_vec(),
        params,
    })
}

fn compute(
    params: &Params,
    version: Version,
    algorithm: Algorithm,
    password: &str,
    salt: &[u8],
    memory: &mut Memory,
) -> Option<Vec<u8>> {
    let blocks = params.block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::new());
    }
    let mut hash = vec![0; params.output_len().unwrap_or(LENGTH)];
    Argon2::new(algorithm, version, params.clone())
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
}
