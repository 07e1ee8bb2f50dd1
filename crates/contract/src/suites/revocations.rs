//! What every set of revocations keeps: refused here at once, on other nodes within a second, and
//! nothing else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dayline_app::ports::{CredentialId, Revocations};
use dayline_domain::{ApiKeyId, SessionId, UtcMs};

use super::Fact;

/// Revocations as nodes see them.
pub struct Subject {
    /// This node's, empty.
    pub here: Arc<dyn Revocations>,
    /// Another node's; `None` if the adapter is for one node only.
    pub elsewhere: Option<Arc<dyn Revocations>>,
    /// A time that lies ahead by the adapter's clock.
    pub later: UtcMs,
}

/// The facts, for [`super::prove`].
pub const FACTS: &[Fact<Subject>] = &[
    Fact::new("nothing_is_revoked_at_first", |s| Box::pin(async move { nothing_is_revoked_at_first(&s) })),
    Fact::new("what_is_revoked_is_refused_at_once_and_nothing_else_is", |s| {
        Box::pin(what_is_revoked_is_refused_at_once_and_nothing_else_is(s))
    }),
    Fact::new("revoking_twice_or_nothing_is_no_error", |s| {
        Box::pin(revoking_twice_or_nothing_is_no_error(s))
    }),
    Fact::new("many_may_revoke_at_once", |s| Box::pin(many_may_revoke_at_once(s))),
    Fact::new("other_nodes_refuse_it_within_a_second", |s| {
        Box::pin(other_nodes_refuse_it_within_a_second(s))
    }),
];

fn session(bits: u128) -> CredentialId {
    CredentialId::Session(SessionId::from_bits(bits))
}

fn key(bits: u128) -> CredentialId {
    CredentialId::Key(ApiKeyId::from_bits(bits))
}

fn nothing_is_revoked_at_first(subject: &Subject) {
    for bits in [0, 1, u128::MAX] {
        assert!(!subject.here.is_revoked(session(bits)) && !subject.here.is_revoked(key(bits)));
    }
}

async fn what_is_revoked_is_refused_at_once_and_nothing_else_is(subject: Subject) {
    let Subject { here, later, .. } = subject;
    here.revoke(vec![session(1), session(2), key(3)], later).await.unwrap();
    for revoked in [session(1), session(2), key(3)] {
        assert!(here.is_revoked(revoked), "{revoked:?}");
    }
    // A session and a key may have the same number by chance.
    for good in [key(1), key(2), session(3), session(4), session(1 << 64 | 1)] {
        assert!(!here.is_revoked(good), "{good:?}");
    }
}

async fn revoking_twice_or_nothing_is_no_error(subject: Subject) {
    let Subject { here, later, .. } = subject;
    here.revoke(vec![], later).await.unwrap();
    here.revoke(vec![session(1), session(1)], later).await.unwrap();
    here.revoke(vec![session(1)], later).await.unwrap();
    assert!(here.is_revoked(session(1)));
}

async fn many_may_revoke_at_once(subject: Subject) {
    let Subject { here, later, .. } = subject;
    let revoking: Vec<_> = (0..100)
        .map(|bits| {
            let here = Arc::clone(&here);
            tokio::spawn(async move {
                here.revoke(vec![session(bits)], later).await.unwrap();
                assert!(here.is_revoked(session(bits)));
            })
        })
        .collect();
    for one in revoking {
        one.await.unwrap();
    }
    assert!((0..100).all(|bits| here.is_revoked(session(bits))));
    assert!(!here.is_revoked(session(100)));
}

async fn other_nodes_refuse_it_within_a_second(subject: Subject) {
    let Subject { here, elsewhere: Some(elsewhere), later } = subject else { return };
    here.revoke(vec![session(1)], later).await.unwrap();
    let since = Instant::now();
    while !elsewhere.is_revoked(session(1)) {
        assert!(since.elapsed() < Duration::from_secs(1), "still good after a second");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!elsewhere.is_revoked(session(2)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::FakeRevocations;
    use crate::suites::prove;

    #[tokio::test]
    async fn the_fake_keeps_the_facts() {
        let fresh = async || Subject {
            here: Arc::new(FakeRevocations::default()),
            elsewhere: None,
            later: UtcMs(i64::MAX),
        };
        prove(FACTS, fresh).await;
    }
}
