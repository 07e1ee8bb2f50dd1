//! One device's session and its refresh tokens, as a state machine over values (design, section 7).
//! Not here: what a token looks like, how it is derived and hashed (ports), and the store.

use crate::id::{SessionId, UserId};
use crate::identity::account::Label;
use crate::names::DeviceId;
use crate::time::UtcMs;

/// SHA-256 of a token. The only form in which a token is ever stored.
pub type TokenHash = [u8; 32];

/// How many times a session's refresh token has been rotated; the first token is generation 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u32);

impl Generation {
    /// The generation after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// How long sessions live and how forgiving rotation is; all in milliseconds except the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPolicy {
    /// A session not refreshed for this long ends.
    pub idle_ms: i64,
    /// A session this old ends.
    pub absolute_ms: i64,
    /// How long after a successor was issued its predecessor still yields it, to a client that lost
    /// the answer.
    pub retry_ms: i64,
    /// Most sessions one person has at a time; one more ends the one used longest ago.
    pub max_per_user: usize,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self { idle_ms: 30 * 86_400_000, absolute_ms: 365 * 86_400_000, retry_ms: 60_000, max_per_user: 50 }
    }
}

/// One device's session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Identity; also the `sid` of its access tokens.
    pub id: SessionId,
    /// The person that the device is signed in as.
    pub user: UserId,
    /// On which device; a person has at most one session per device.
    pub device: DeviceId,
    /// What the person calls the device.
    pub device_name: Option<Label>,
    /// The network the last sign-in or refresh came from, made coarse (IPv4 /24, IPv6 /48).
    pub address: Option<Box<str>>,
    /// When the device was signed in; the absolute time counts from here.
    pub created_at: UtcMs,
    /// Last sign-in or refresh.
    pub last_used_at: UtcMs,
    /// The current refresh token's generation.
    pub generation: Generation,
    /// The current refresh token's hash.
    pub token_hash: TokenHash,
    /// When the current refresh token was issued.
    pub issued_at: UtcMs,
    /// When its predecessor was issued; equal to `issued_at` while there is none.
    pub previous_issued_at: UtcMs,
}

/// What to do about a presented refresh token that is known to have been issued by us for this
/// session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshDecision {
    /// It is the current one: issue its successor and make that current.
    Rotate,
    /// A retry after a lost answer: give the same successor of the presented token again; change
    /// nothing.
    Repeat,
    /// The predecessor of the current token, too late for a retry. Either its answer was lost, or
    /// somebody has a copy of it: nobody can tell, so end the session.
    LostOrCopied,
    /// An older token: somebody else has a copy. End the session.
    Reused,
    /// The session has outlived its idle or absolute time. End it.
    Expired,
    /// Not a token this session can have issued.
    Unknown,
}

impl Session {
    /// Whether the session has outlived its idle or absolute time.
    pub fn is_expired(&self, now: UtcMs, policy: &SessionPolicy) -> bool {
        now.since(self.last_used_at) > policy.idle_ms || now.since(self.created_at) > policy.absolute_ms
    }

    /// Decides about a presented token of generation `presented` with hash `hash`. The caller has
    /// already verified that the token is one we made for this session (its tag), so an old one
    /// proves reuse.
    ///
    /// A token yields its successor again while that is under `retry_ms` old, even if it was used
    /// since: a burst of parallel requests with one token is no crime.
    pub fn judge(
        &self,
        presented: Generation,
        hash: &TokenHash,
        now: UtcMs,
        policy: &SessionPolicy,
    ) -> RefreshDecision {
        if self.is_expired(now, policy) {
            return RefreshDecision::Expired;
        }
        match self.generation.0.checked_sub(presented.0) {
            Some(0) if *hash == self.token_hash => RefreshDecision::Rotate,
            None | Some(0) => RefreshDecision::Unknown,
            Some(1) if now.since(self.issued_at) < policy.retry_ms => RefreshDecision::Repeat,
            Some(2) if now.since(self.previous_issued_at) < policy.retry_ms => RefreshDecision::Repeat,
            Some(1) => RefreshDecision::LostOrCopied,
            Some(_) => RefreshDecision::Reused,
        }
    }

    /// Whether a token that we made for this session is the last one its device can have: the
    /// current one, or the one before if the answer with the current one was lost.
    pub fn is_last(&self, presented: Generation, hash: &TokenHash) -> bool {
        match self.generation.0.checked_sub(presented.0) {
            Some(0) => *hash == self.token_hash,
            Some(1) => true,
            _ => false,
        }
    }

    /// The session after its token was rotated at `now` to one with hash `hash`.
    #[must_use]
    pub fn rotated(&self, hash: TokenHash, now: UtcMs, address: Option<Box<str>>) -> Self {
        Self {
            generation: self.generation.next(),
            token_hash: hash,
            previous_issued_at: self.issued_at,
            issued_at: now,
            last_used_at: now,
            address: address.or_else(|| self.address.clone()),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: SessionPolicy =
        SessionPolicy { idle_ms: 1_000_000, absolute_ms: 5_000_000, retry_ms: 10_000, max_per_user: 5 };

    fn fresh() -> Session {
        Session {
            id: SessionId::from_bits(1),
            user: UserId::from_bits(2),
            device: DeviceId::new("laptop").unwrap(),
            device_name: None,
            address: None,
            created_at: UtcMs(0),
            last_used_at: UtcMs(0),
            generation: Generation(0),
            token_hash: [0; 32],
            issued_at: UtcMs(0),
            previous_issued_at: UtcMs(0),
        }
    }

    fn judge(session: &Session, generation: u32, now: i64) -> RefreshDecision {
        session.judge(Generation(generation), &session.token_hash, UtcMs(now), &POLICY)
    }

    #[test]
    fn the_current_token_rotates_and_its_predecessor_repeats_for_as_long_as_a_retry_takes() {
        let session = fresh();
        assert_eq!(judge(&session, 0, 5), RefreshDecision::Rotate);
        let session = session.rotated([1; 32], UtcMs(5), None);
        assert_eq!(judge(&session, 0, 10_004), RefreshDecision::Repeat);
        assert_eq!(judge(&session, 0, 10_005), RefreshDecision::LostOrCopied);
        assert_eq!(judge(&session, 1, 900_000), RefreshDecision::Rotate);
    }

    #[test]
    fn a_token_whose_successor_was_used_repeats_as_long_and_then_ends_the_session() {
        let session = fresh().rotated([1; 32], UtcMs(5), None).rotated([2; 32], UtcMs(6), None);
        assert_eq!(judge(&session, 0, 10_004), RefreshDecision::Repeat);
        assert_eq!(judge(&session, 0, 10_005), RefreshDecision::Reused);
    }

    #[test]
    fn a_thief_and_the_owner_who_take_turns_are_noticed_at_the_second_turn() {
        // The thief has a copy of the first token. Whoever comes second comes too late.
        let quarter = 15 * 60_000;
        let policy = SessionPolicy::default();
        let session = fresh().rotated([1; 32], UtcMs(quarter), None);
        let second = session.judge(Generation(0), &[0; 32], UtcMs(quarter + quarter / 2), &policy);
        assert_eq!(second, RefreshDecision::LostOrCopied);
    }

    #[test]
    fn the_last_token_of_a_device_is_the_current_one_or_the_one_before() {
        let session = (1..4).fold(fresh(), |session, n| session.rotated([n; 32], UtcMs(5), None));
        assert!(session.is_last(Generation(3), &[3; 32]));
        assert!(!session.is_last(Generation(3), &[4; 32]));
        assert!(session.is_last(Generation(2), &[2; 32]));
        assert!(!session.is_last(Generation(1), &[1; 32]));
        assert!(!session.is_last(Generation(4), &[4; 32]));
    }

    #[test]
    fn a_token_three_generations_old_ends_the_session_at_once() {
        let session = (1..4).fold(fresh(), |session, n| session.rotated([n; 32], UtcMs(5), None));
        assert_eq!(judge(&session, 0, 6), RefreshDecision::Reused);
    }

    #[test]
    fn a_wrong_hash_or_a_generation_to_come_is_unknown_and_changes_nothing() {
        assert_eq!(judge(&fresh(), 1, 5), RefreshDecision::Unknown);
        assert_eq!(fresh().judge(Generation(0), &[9; 32], UtcMs(5), &POLICY), RefreshDecision::Unknown);
    }

    #[test]
    fn a_session_ends_when_idle_too_long_and_when_too_old() {
        assert_eq!(judge(&fresh(), 0, 1_000_000), RefreshDecision::Rotate);
        assert_eq!(judge(&fresh(), 0, 1_000_001), RefreshDecision::Expired);
        let mut busy = fresh();
        busy.last_used_at = UtcMs(4_999_999);
        assert_eq!(judge(&busy, 0, 5_000_000), RefreshDecision::Rotate);
        assert_eq!(judge(&busy, 0, 5_000_001), RefreshDecision::Expired);
    }
}
