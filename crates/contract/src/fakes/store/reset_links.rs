//! Links to new passwords of the fake store.

use dayline_app::ports::{PasswordHash, PortFuture, Redeemed, ResetLink, ResetLinks, SignOut};
use dayline_domain::UtcMs;
use dayline_domain::identity::session::TokenHash;

use super::FakeStore;

impl ResetLinks for FakeStore {
    fn make(&self, link: ResetLink) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            let is_somebody = tables.users.contains_key(&link.user);
            if is_somebody {
                tables.reset_links.insert(link.user, link);
            }
            Ok(is_somebody)
        })
    }

    fn find(&self, hash: TokenHash) -> PortFuture<'_, Option<ResetLink>> {
        self.transaction(|tables| Ok(tables.reset_links.values().find(|link| link.hash == hash).copied()))
    }

    fn redeem(&self, hash: TokenHash, to: PasswordHash, now: UtcMs) -> PortFuture<'_, Option<Redeemed>> {
        self.transaction(|tables| {
            let good = tables.reset_links.values().find(|link| link.hash == hash && !link.is_expired(now));
            let Some(user) = good.map(|link| link.user) else { return Ok(None) };
            let Some((person, password)) = tables.users.get_mut(&user) else { return Ok(None) };
            *password = to;
            person.updated_at = now;
            tables.reset_links.remove(&user);
            let ended = tables.sign_out(user, SignOut { keep: None, api_keys: false, at: now });
            Ok(Some(Redeemed { user, ended }))
        })
    }

    fn purge(&self, now: UtcMs) -> PortFuture<'_, u64> {
        self.transaction(|tables| {
            let before = tables.reset_links.len();
            tables.reset_links.retain(|_, link| !link.is_expired(now));
            Ok((before - tables.reset_links.len()) as u64)
        })
    }
}
