//! What every count against a limit keeps: never more than it allows, however many ask at once.

use std::sync::Arc;

use dayline_app::ports::{Limit, RateLimits};
use tokio::sync::Barrier;

use super::Fact;

/// Limits that allow so many at once of one kind, and refill so slowly that a test does not see it.
pub struct Subject {
    /// The limits, of which nothing is used up.
    pub limits: Arc<dyn RateLimits>,
    /// The kind to be used.
    pub limit: Limit,
    /// How many attempts of it are allowed; below 100.
    pub burst: u32,
}

/// The facts, for [`super::prove`].
pub const FACTS: &[Fact<Subject>] = &[
    Fact::new("attempts_within_the_limit_pass_and_the_next_does_not", |s| {
        Box::pin(attempts_within_the_limit_pass_and_the_next_does_not(s))
    }),
    Fact::new("what_is_used_up_of_one_kind_is_there_of_every_other", |s| {
        Box::pin(what_is_used_up_of_one_kind_is_there_of_every_other(s))
    }),
    Fact::new("a_hundred_parallel_attempts_never_get_more_than_the_limit", |s| {
        Box::pin(a_hundred_parallel_attempts_never_get_more_than_the_limit(s))
    }),
];

async fn attempts_within_the_limit_pass_and_the_next_does_not(subject: Subject) {
    let Subject { limits, limit, burst } = subject;
    for attempt in 0..burst {
        assert_eq!(limits.count(limit, "ada".to_owned()).await.unwrap(), Ok(()), "attempt {attempt}");
    }
    for _ in 0..3 {
        let too_many = limits.count(limit, "ada".to_owned()).await.unwrap().unwrap_err();
        assert!(too_many.retry_after_s >= 1);
        assert!(too_many.quota >= 1 && too_many.window_s >= 1);
    }
}

async fn what_is_used_up_of_one_kind_is_there_of_every_other(subject: Subject) {
    let Subject { limits, limit, burst } = subject;
    for _ in 0..burst {
        assert_eq!(limits.count(limit, "ada".to_owned()).await.unwrap(), Ok(()));
    }
    assert!(limits.count(limit, "ada".to_owned()).await.unwrap().is_err());
    for other in Limit::ALL.into_iter().filter(|other| *other != limit) {
        assert_eq!(limits.count(other, "ada".to_owned()).await.unwrap(), Ok(()), "{other:?}");
    }
}

async fn a_hundred_parallel_attempts_never_get_more_than_the_limit(subject: Subject) {
    let Subject { limits, limit, burst } = subject;
    let together = Arc::new(Barrier::new(100));
    let attempts: Vec<_> = (0..100)
        .map(|_| {
            let (limits, together) = (Arc::clone(&limits), Arc::clone(&together));
            tokio::spawn(async move {
                together.wait().await;
                limits.count(limit, "ada".to_owned()).await.unwrap()
            })
        })
        .collect();
    let mut passed = 0;
    for attempt in attempts {
        passed += u32::from(attempt.await.unwrap().is_ok());
    }
    assert_eq!(passed, burst);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::FakeLimits;
    use crate::suites::prove;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_fake_keeps_the_facts() {
        let fresh = async || {
            let limits = FakeLimits::default();
            limits.allow(Limit::LoginPerAccount, 10);
            Subject { limits: Arc::new(limits), limit: Limit::LoginPerAccount, burst: 10 }
        };
        prove(FACTS, fresh).await;
    }
}
