//! Holding a heartbeat until it can be stored. Watchers drop what is refused, for whatever reason, and send it never
//! again; but they wait for an answer.

use std::sync::Arc;
use std::time::Duration;

use dayline_app::{AppError, Kind};
use dayline_domain::UserId;
use dayline_http_kit::slots::Slots;
use tokio::time::{Instant, sleep, sleep_until};

/// How long a heartbeat is held: a little less than the 30 s after which those that run in browsers give up.
const PATIENCE: Duration = Duration::from_secs(28);
/// Between the first tries; twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// At most so long between two.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long one request may still be held, whatever for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    until: Instant,
}

impl Patience {
    /// From now on.
    pub(super) fn new() -> Self {
        Self { until: Instant::now() + PATIENCE }
    }

    /// Tries until it succeeds or time can't mend it, as long as there is patience and a slot for this person.
    ///
    /// # Errors
    /// The last try's.
    pub(super) async fn hold<T, Trying: Future<Output = Result<T, AppError>>>(
        self,
        slots: &Arc<Slots>,
        user: UserId,
        mended_by_time: &[Kind],
        attempt: impl Fn() -> Trying,
    ) -> Result<T, AppError> {
        let mut outcome = attempt().await;
        let is_mended = |outcome: &Result<T, AppError>| {
            outcome.as_ref().is_err_and(|error| mended_by_time.contains(&error.kind()))
        };
        if !is_mended(&outcome) {
            return outcome;
        }
        let Ok(_slot) = slots.claim(user) else { return outcome };
        let mut pause = FIRST_PAUSE;
        while is_mended(&outcome) && Instant::now() < self.until {
            tokio::select! {
                () = sleep(pause) => {}
                () = sleep_until(self.until) => {}
            }
            pause = (2 * pause).min(LONGEST_PAUSE);
            outcome = attempt().await;
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::ready;

    use super::*;

    const MENDED: &[Kind] = &[Kind::Unavailable];

    fn ada() -> UserId {
        UserId::from_bits(1)
    }

    /// Fails so many times, then succeeds; how often it was tried and how long that took.
    async fn held(slots: &Arc<Slots>, failures: u32, error: AppError) -> (bool, u32, Duration) {
        let (tries, began) = (Cell::new(0), Instant::now());
        let attempt = || {
            tries.set(tries.get() + 1);
            ready(if tries.get() <= failures { Err(error.clone()) } else { Ok(()) })
        };
        let outcome = Patience::new().hold(slots, ada(), MENDED, attempt).await;
        (outcome.is_ok(), tries.get(), began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn what_time_mends_is_tried_until_it_succeeds() {
        let slots = Slots::new(1, 1);
        let full = || AppError::LogFull { retry_after_s: 1 };
        assert_eq!(held(&slots, 0, full()).await, (true, 1, Duration::ZERO));
        let (good, tries, took) = held(&slots, 5, full()).await;
        assert_eq!((good, tries), (true, 6));
        assert!((Duration::from_millis(2_500)..Duration::from_secs(3)).contains(&took), "{took:?}");
        assert!(slots.claim(ada()).is_ok(), "the slot is free again");
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_before_the_client_s() {
        let (good, tries, took) =
            held(&Slots::new(1, 1), u32::MAX, AppError::Unavailable("away".into())).await;
        assert!(!good && tries < 40, "{tries}");
        assert!((PATIENCE..Duration::from_secs(29)).contains(&took), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_time_does_not_mend_is_said_at_once() {
        assert_eq!(held(&Slots::new(1, 1), 1, AppError::NotFound).await, (false, 1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_held_than_there_are_slots() {
        let slots = Slots::new(9, 1);
        let _taken = slots.claim(ada()).ok();
        let full = AppError::LogFull { retry_after_s: 1 };
        assert_eq!(held(&slots, 1, full).await, (false, 1, Duration::ZERO));
    }
}
