//! Whether the nodes of one installation have the same keys, as far as it matters: tokens that one
//! issues must be good on the others. Nodes know each other's keys by marks alone.

use std::fmt;

use crate::time::UtcMs;

/// How long before a key signs all nodes must have it, in milliseconds: longer than it takes to
/// find out that one does not.
pub const SIGNS_SOON_MS: i64 = 3_000;

/// What a key is recognised by without being known: its keyed hash. Equal for equal keys of one
/// name and purpose; of different ones never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyMark(pub u128);

/// A key of access tokens, and when it is used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MarkedKey {
    /// Its mark.
    pub mark: KeyMark,
    /// It does not sign before this.
    pub signs_from: Option<UtcMs>,
    /// It is retired: it signs no more, and verifies until then.
    pub retires_at: Option<UtcMs>,
}

/// All the keys of a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MarkedKeys {
    /// The key of refresh tokens.
    pub refresh: KeyMark,
    /// The keys of access tokens, the oldest first.
    pub access: Vec<MarkedKey>,
}

/// What a node tells the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeKeys {
    /// Its keys.
    pub keys: MarkedKeys,
    /// Since when it has them, by its own clock.
    pub since: UtcMs,
    /// It has found before that it agrees with the others.
    pub agreed: bool,
}

/// Why tokens of one node would not be good on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyDisagreement {
    /// Refresh tokens are made with different keys.
    RefreshKey,
    /// The other one signs with a key that this one does not have, now or soon.
    Lacks,
    /// This one signs with a key that the other one does not have, now or soon.
    Alone,
}

impl fmt::Display for KeyDisagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RefreshKey => "refresh tokens are made with another key than on the other nodes",
            Self::Lacks => "other nodes sign with a key that this node does not have",
            Self::Alone => "this node signs with a key that other nodes do not have",
        })
    }
}

impl MarkedKeys {
    /// Whether tokens of each would be good on the other.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn agree(&self, other: &Self, now: UtcMs) -> Result<(), KeyDisagreement> {
        if self.refresh != other.refresh {
            return Err(KeyDisagreement::RefreshKey);
        }
        if !self.verifies_all_of(other, now) {
            return Err(KeyDisagreement::Lacks);
        }
        if !other.verifies_all_of(self, now) {
            return Err(KeyDisagreement::Alone);
        }
        Ok(())
    }

    fn verifies_all_of(&self, other: &Self, now: UtcMs) -> bool {
        other.signing(now).all(|key| self.verifies(key.mark, now.plus(SIGNS_SOON_MS)))
    }

    /// The key that signs now, and those that will soon.
    fn signing(&self, now: UtcMs) -> impl Iterator<Item = &MarkedKey> {
        let signers = self.access.iter().filter(|key| key.retires_at.is_none());
        let first = choose_signer(signers.clone(), now, |key| key.signs_from);
        let soon = now.plus(SIGNS_SOON_MS);
        let next = signers.filter(move |key| key.signs_from.is_some_and(|from| now < from && from <= soon));
        first.into_iter().chain(next)
    }

    fn verifies(&self, mark: KeyMark, at: UtcMs) -> bool {
        self.access.iter().any(|key| key.mark == mark && key.retires_at.is_none_or(|until| at < until))
    }
}

/// The newest whose time has come. If there is none the oldest: its time comes first, and somebody
/// has to sign.
pub fn choose_signer<'a, T>(
    oldest_first: impl DoubleEndedIterator<Item = &'a T> + Clone,
    now: UtcMs,
    signs_from: impl Fn(&T) -> Option<UtcMs>,
) -> Option<&'a T> {
    let ready = |key: &&T| signs_from(key).is_none_or(|from| from <= now);
    let oldest = oldest_first.clone().next();
    oldest_first.rev().find(ready).or(oldest)
}

impl NodeKeys {
    /// Whether this node's keys are the right ones among those of the other nodes. Of two that
    /// differ those are right that agreed before, then those that have been there for longer: who
    /// comes with other keys finds them wrong, and nobody else does. All nodes that know the same
    /// come to the same judgement.
    ///
    /// # Errors
    ///
    /// What is wrong.
    pub fn judge(&self, others: &[Self], now: UtcMs) -> Result<(), KeyDisagreement> {
        let mut all: Vec<&Self> = others.iter().chain([self]).collect();
        all.sort_by_key(|node| (!node.agreed, node.since, &node.keys));
        let mut right: Vec<&MarkedKeys> = Vec::with_capacity(all.len());
        for node in all {
            let outcome = right.iter().try_for_each(|keys| node.keys.agree(keys, now));
            if std::ptr::eq(node, self) {
                return outcome;
            }
            if outcome.is_ok() {
                right.push(&node.keys);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMs = UtcMs(1_000_000);

    fn key(mark: u128) -> MarkedKey {
        MarkedKey { mark: KeyMark(mark), signs_from: None, retires_at: None }
    }

    fn signs_in(mark: u128, ms: i64) -> MarkedKey {
        MarkedKey { signs_from: Some(NOW.plus(ms)), ..key(mark) }
    }

    fn retires_in(mark: u128, ms: i64) -> MarkedKey {
        MarkedKey { retires_at: Some(NOW.plus(ms)), ..key(mark) }
    }

    fn keys(access: &[MarkedKey]) -> MarkedKeys {
        MarkedKeys { refresh: KeyMark(0), access: access.to_vec() }
    }

    fn node(access: &[MarkedKey], since: i64, agreed: bool) -> NodeKeys {
        NodeKeys { keys: keys(access), since: UtcMs(since), agreed }
    }

    #[test]
    fn nodes_agree_if_each_verifies_what_the_other_signs_now_or_soon() {
        use KeyDisagreement::{Alone, Lacks};
        let old = keys(&[key(1)]);
        for other in [[key(2)], [signs_in(2, 0)]] {
            assert_eq!(old.agree(&keys(&other), NOW), Err(Lacks));
            assert_eq!(keys(&other).agree(&old, NOW), Err(Lacks));
        }
        for (other, expected) in [
            (vec![key(1)], Ok(())),
            (vec![key(1), signs_in(2, SIGNS_SOON_MS + 1)], Ok(())),
            (vec![key(1), signs_in(2, SIGNS_SOON_MS)], Err(Lacks)),
            (vec![key(1), signs_in(2, 0)], Err(Lacks)),
            // Its newest signs.
            (vec![key(2), key(1)], Ok(())),
            (vec![retires_in(2, 60_000), key(1)], Ok(())),
            // If none may sign yet the oldest does.
            (vec![signs_in(1, 60_000), signs_in(2, 90_000)], Ok(())),
        ] {
            assert_eq!(old.agree(&keys(&other), NOW), expected, "{other:?}");
            let mirrored = expected.map_err(|_| Alone);
            assert_eq!(keys(&other).agree(&old, NOW), mirrored, "{other:?}");
        }
        let both = keys(&[key(1), key(2)]);
        assert_eq!(both.agree(&keys(&[retires_in(1, 60_000), key(2)]), NOW), Ok(()));
        assert_eq!(both.agree(&keys(&[retires_in(2, SIGNS_SOON_MS), key(1)]), NOW), Err(Alone));
        assert_eq!(both.agree(&keys(&[retires_in(2, SIGNS_SOON_MS + 1), key(1)]), NOW), Ok(()));
    }

    #[test]
    fn another_refresh_key_is_a_disagreement_whatever_else_is_the_same() {
        let (one, other) = (keys(&[key(1)]), MarkedKeys { refresh: KeyMark(9), ..keys(&[key(1)]) });
        assert_eq!(one.agree(&other, NOW), Err(KeyDisagreement::RefreshKey));
        assert_eq!(other.agree(&one, NOW), Err(KeyDisagreement::RefreshKey));
    }

    #[test]
    fn who_comes_with_other_keys_is_wrong_and_nobody_else() {
        let [first, second] = [node(&[key(1)], 5, true), node(&[key(1)], 9, true)];
        // Also if its clock is behind, and if more come with it.
        let [wrong, too] = [node(&[key(2)], 3, false), node(&[key(2)], 4, false)];
        let all = [first, second, wrong, too];
        let judged = std::array::from_fn(|at| {
            let others: Vec<NodeKeys> = all.iter().take(at).chain(&all[at + 1..]).cloned().collect();
            all[at].judge(&others, NOW).is_ok()
        });
        assert_eq!(judged, [true, true, false, false]);
    }

    #[test]
    fn a_wrong_node_does_not_stand_in_the_way_of_a_right_one_that_comes_later() {
        let (first, wrong) = (node(&[key(1)], 5, true), node(&[key(2)], 6, false));
        assert_eq!(node(&[key(1)], 7, false).judge(&[first, wrong], NOW), Ok(()));
    }

    #[test]
    fn of_nodes_that_agreed_before_the_one_that_changed_is_wrong() {
        let (stays, changed) = (node(&[key(1)], 5, true), node(&[key(2)], 8, true));
        assert_eq!(stays.judge(std::slice::from_ref(&changed), NOW), Ok(()));
        assert_eq!(changed.judge(&[stays], NOW), Err(KeyDisagreement::Lacks));
    }

    #[test]
    fn of_nodes_that_come_at_the_same_moment_one_is_right() {
        let (one, other) = (node(&[key(1)], 5, false), node(&[key(2)], 5, false));
        let ok = [(&one, &other), (&other, &one)]
            .map(|(one, other)| one.judge(std::slice::from_ref(other), NOW).is_ok());
        assert_eq!(ok.into_iter().filter(|ok| *ok).count(), 1);
    }
}
