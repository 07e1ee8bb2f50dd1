//! Password "hashing" that is instant and reversible, so that use cases can be tested quickly.

use dayline_app::ports::{PasswordHash, PasswordHasher, PasswordVerdict, PortFuture};

/// Hashes to `v2:` and the password; hashes that start with `v1:` are outdated.
pub struct FakePasswords;

impl PasswordHasher for FakePasswords {
    fn hash(&self, password: String) -> PortFuture<'_, PasswordHash> {
        Box::pin(async move { Ok(PasswordHash(format!("v2:{password}"))) })
    }

    fn verify(&self, password: String, hash: Option<PasswordHash>) -> PortFuture<'_, PasswordVerdict> {
        Box::pin(async move {
            let hash = hash.map(|hash| hash.0).unwrap_or_default();
            let matches = hash.split_once(':').is_some_and(|(_, known)| known == password);
            Ok(PasswordVerdict { matches, outdated: hash.starts_with("v1:") })
        })
    }

    fn expect(&self, _: Vec<PasswordHash>) {}
}
