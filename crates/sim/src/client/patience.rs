//! How long and how often a client tries again: it waits as long as the server asks, else longer each time.
//! Only for requests that may be sent twice, as everything here may.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Refusal;
use crate::dice::Dice;

const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Longest time that a server's word to wait is obeyed; a sign-up limit may ask for minutes.
const LONGEST_OBEYED: Duration = Duration::from_mins(2);

/// Patience with a server, shared by all requests of a run.
#[derive(Debug)]
pub struct Patience {
    /// How long one thing is tried after it first failed.
    limit: Duration,
    retries: AtomicU64,
    dice: Mutex<Dice>,
}

impl Patience {
    /// Tries each thing for `limit` after it first failed.
    pub fn new(limit: Duration, dice: Dice) -> Self {
        Self { limit, retries: AtomicU64::new(0), dice: Mutex::new(dice) }
    }

    /// How often anything was tried again.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Tries until it succeeds, can't succeed, or has failed for too long. The attempt learns its number, from 0.
    pub async fn until_done<T, F: Future<Output = Result<T, Refusal>>>(
        &self,
        mut attempt: impl FnMut(u32) -> F,
    ) -> Result<T, Refusal> {
        let mut first_failure = None;
        let mut number = 0;
        loop {
            let refusal = match attempt(number).await {
                Err(refusal) if refusal.may_pass() => refusal,
                outcome => return outcome,
            };
            let wait = self.wait_before(number + 1, refusal.retry_after());
            let since = *first_failure.get_or_insert_with(Instant::now);
            if since.elapsed() + wait > self.limit {
                return Err(refusal);
            }
            self.retries.fetch_add(1, Ordering::Relaxed);
            sleep(wait).await;
            number += 1;
        }
    }

    /// Doubles from try to try, half of it by chance, so that many clients don't come back at once.
    fn wait_before(&self, attempt: u32, asked: Option<Duration>) -> Duration {
        let doubled = FIRST_WAIT.saturating_mul(1 << attempt.min(16)).min(LONGEST_WAIT);
        let base = asked.map_or(doubled, |asked| asked.min(LONGEST_OBEYED));
        let spread_ms = (doubled.as_millis() / 2) as u64;
        let mut dice = self.dice.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let chance = Duration::from_millis(dice.below(spread_ms + 1));
        if asked.is_some() { base + chance } else { base / 2 + chance }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use reqwest::StatusCode;

    use super::*;

    fn answered(status: StatusCode, retry_after: Option<u64>) -> Refusal {
        Refusal::Answered {
            status,
            problem: String::new(),
            retry_after: retry_after.map(Duration::from_secs),
            rejected: Vec::new(),
        }
    }

    async fn tries_until(refusal: Refusal, limit: Duration) -> (u32, Duration) {
        let patience = Patience::new(limit, Dice::new(1));
        let (tries, start) = (Cell::new(0), Instant::now());
        let outcome: Result<(), _> = patience
            .until_done(|_| {
                tries.set(tries.get() + 1);
                std::future::ready(Err(refusal.clone()))
            })
            .await;
        assert!(outcome.is_err());
        (tries.get(), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_pass_is_not_tried_again() {
        let (tries, took) =
            tries_until(answered(StatusCode::UNAUTHORIZED, None), Duration::from_secs(9)).await;
        assert_eq!((tries, took), (1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unanswered_request_is_tried_until_patience_ends() {
        let refusal = Refusal::Unanswered("connection refused".into());
        let (tries, took) = tries_until(refusal, Duration::from_secs(10)).await;
        assert!((10..40).contains(&tries), "{tries}");
        assert!(took > Duration::from_secs(8) && took <= Duration::from_secs(10), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_asks_to_wait_is_obeyed() {
        let refusal = answered(StatusCode::TOO_MANY_REQUESTS, Some(7));
        let (tries, took) = tries_until(refusal, Duration::from_secs(16)).await;
        assert_eq!(tries, 3);
        assert!(took >= Duration::from_secs(14), "{took:?}");
    }
}
