//! Credentials revoked before their time, in this process. Not here: telling other nodes, and what
//! outlives a restart (the store's ended sessions, read again at the start).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use dayline_app::ports::{Clock, CredentialId, PortFuture, Revocations};
use dayline_domain::UtcMs;

/// More slots make it rarer that a good credential shares one with a revoked one; these take 16
/// KiB.
const SLOTS: usize = 4_096;
/// As few revocations as are not worth sweeping.
const FEW: usize = 1_024;

/// A set of revoked credentials that forgets.
///
/// Asking takes no lock unless the credential falls into the same slot as a revoked one: a slot
/// counts the revoked credentials that fall into it.
pub struct LocalRevocations {
    clock: Arc<dyn Clock>,
    slots: Vec<AtomicU32>,
    revoked: RwLock<Revoked>,
}

#[derive(Default)]
struct Revoked {
    until: HashMap<CredentialId, UtcMs>,
    sweep_above: usize,
}

impl LocalRevocations {
    /// Nothing is revoked yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let slots = (0..SLOTS).map(|_| AtomicU32::new(0)).collect();
        let revoked = Revoked { until: HashMap::new(), sweep_above: FEW };
        Self { clock, slots, revoked: RwLock::new(revoked) }
    }

    /// Refuses the credentials from now on; they are forgotten after `until`.
    pub fn revoke_now(&self, credentials: impl IntoIterator<Item = CredentialId>, until: UtcMs) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        for credential in credentials {
            let known = revoked.until.entry(credential).or_insert_with(|| {
                self.count(credential).fetch_add(1, Ordering::Release);
                until
            });
            *known = until.max(*known);
        }
        if revoked.until.len() > revoked.sweep_above {
            self.forget(&mut revoked);
        }
    }

    /// Forgets what has run out; with the lock held, so that a slot's count never is too small.
    fn forget(&self, revoked: &mut Revoked) {
        let now = self.clock.now();
        revoked.until.retain(|&credential, &mut until| {
            let keep = until >= now;
            if !keep {
                self.count(credential).fetch_sub(1, Ordering::Release);
            }
            keep
        });
        revoked.until.shrink_to_fit();
        revoked.sweep_above = FEW.max(2 * revoked.until.len());
    }

    fn count(&self, credential: CredentialId) -> &AtomicU32 {
        let bits = match credential {
            CredentialId::Session(id) => id.bits(),
            CredentialId::Key(id) => id.bits(),
        };
        // The low bits of a version 7 id are random.
        &self.slots[bits as usize % SLOTS]
    }
}

impl Revocations for LocalRevocations {
    fn is_revoked(&self, credential: CredentialId) -> bool {
        if self.count(credential).load(Ordering::Acquire) == 0 {
            return false;
        }
        self.revoked.read().unwrap_or_else(PoisonError::into_inner).until.contains_key(&credential)
    }

    fn revoke(&self, credentials: Vec<CredentialId>, until: UtcMs) -> PortFuture<'_, ()> {
        self.revoke_now(credentials, until);
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use dayline_contract::fakes::FakeClock;
    use dayline_domain::{ApiKeyId, SessionId};

    use super::*;

    fn session(bits: u128) -> CredentialId {
        CredentialId::Session(SessionId::from_bits(bits))
    }

    #[test]
    fn what_shares_a_slot_with_a_revoked_one_is_not_revoked() {
        let revocations = LocalRevocations::new(Arc::new(FakeClock::default()));
        revocations.revoke_now([session(1)], UtcMs(i64::MAX));
        assert!(revocations.is_revoked(session(1)));
        assert!(!revocations.is_revoked(session(1 + SLOTS as u128)));
        assert!(!revocations.is_revoked(CredentialId::Key(ApiKeyId::from_bits(1))));
    }

    #[test]
    fn what_has_run_out_is_forgotten_and_the_rest_is_not() {
        let clock = Arc::new(FakeClock::default());
        let revocations = LocalRevocations::new(clock.clone());
        let start = clock.now();
        // Revoked once for a short and once for a long time: the long one counts.
        revocations.revoke_now([session(7)], start.plus(1));
        revocations.revoke_now([session(7)], UtcMs(i64::MAX));
        revocations.revoke_now([session(7)], start.plus(1));
        for n in 0..100_000 {
            clock.advance(10);
            revocations.revoke_now([session(1_000 + n)], clock.now().plus(1_000));
            assert!(revocations.is_revoked(session(1_000 + n)));
            assert!(revocations.is_revoked(session(1_000 + n.saturating_sub(100))), "{n}");
            assert!(revocations.is_revoked(session(7)));
        }
        let held = revocations.revoked.read().unwrap().until.len();
        assert!(held <= FEW + 1, "{held}");
        let counted: u32 = revocations.slots.iter().map(|slot| slot.load(Ordering::Relaxed)).sum();
        assert_eq!(counted as usize, held);
    }

    #[test]
    fn a_revoked_credential_is_never_seen_as_good_while_others_come_and_go() {
        let clock = Arc::new(FakeClock::default());
        let revocations = LocalRevocations::new(clock.clone());
        revocations.revoke_now([session(SLOTS as u128)], UtcMs(i64::MAX));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for n in 0..20_000_u128 {
                    clock.advance(1);
                    revocations.revoke_now([session(n * SLOTS as u128)], clock.now().plus(5));
                }
            });
            for _ in 0..20_000 {
                assert!(revocations.is_revoked(session(SLOTS as u128)));
            }
        });
    }
}
