//! What every channel of live events keeps: each person hears of their own days, in order.

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{DayChanged, LiveEvent, LiveEvents, LiveSubscription};
use dayline_domain::{UserId, UtcDay, UtcMs};

use super::Fact;

/// The facts, for [`super::prove`].
pub const FACTS: &[Fact<Arc<dyn LiveEvents>>] = &[
    Fact::new("a_subscriber_hears_of_changes_in_their_order", |l| {
        Box::pin(a_subscriber_hears_of_changes_in_their_order(l))
    }),
    Fact::new("all_subscribers_of_a_person_hear_it_and_others_do_not", |l| {
        Box::pin(all_subscribers_of_a_person_hear_it_and_others_do_not(l))
    }),
    Fact::new("what_was_before_a_subscription_is_not_heard", |l| {
        Box::pin(what_was_before_a_subscription_is_not_heard(l))
    }),
];

const ADA: UserId = UserId::from_bits(1);
const BOB: UserId = UserId::from_bits(2);

fn changed(user: UserId, version: u64) -> DayChanged {
    DayChanged { user, day: UtcDay(20_777), version, at: UtcMs(1_795_176_000_000) }
}

async fn next(subscription: &mut dyn LiveSubscription) -> LiveEvent {
    let waited = tokio::time::timeout(Duration::from_secs(5), subscription.next()).await;
    waited.expect("an event within 5 s")
}

async fn a_subscriber_hears_of_changes_in_their_order(live: Arc<dyn LiveEvents>) {
    let mut ada = live.subscribe(ADA);
    live.announce(&[changed(ADA, 1), changed(BOB, 1), changed(ADA, 2)]);
    live.announce(&[changed(ADA, 3)]);
    for version in 1..=3 {
        assert_eq!(next(&mut *ada).await, LiveEvent::Changed(changed(ADA, version)));
    }
}

async fn all_subscribers_of_a_person_hear_it_and_others_do_not(live: Arc<dyn LiveEvents>) {
    let (mut first, mut second, mut bob) = (live.subscribe(ADA), live.subscribe(ADA), live.subscribe(BOB));
    live.announce(&[changed(ADA, 1)]);
    live.announce(&[changed(BOB, 7)]);
    assert_eq!(next(&mut *first).await, LiveEvent::Changed(changed(ADA, 1)));
    assert_eq!(next(&mut *second).await, LiveEvent::Changed(changed(ADA, 1)));
    assert_eq!(next(&mut *bob).await, LiveEvent::Changed(changed(BOB, 7)));
    drop(first);
    live.announce(&[changed(ADA, 2)]);
    assert_eq!(next(&mut *second).await, LiveEvent::Changed(changed(ADA, 2)));
}

async fn what_was_before_a_subscription_is_not_heard(live: Arc<dyn LiveEvents>) {
    live.announce(&[changed(ADA, 1)]);
    drop(live.subscribe(ADA));
    live.announce(&[changed(ADA, 2)]);
    let mut ada = live.subscribe(ADA);
    live.announce(&[changed(ADA, 3)]);
    assert_eq!(next(&mut *ada).await, LiveEvent::Changed(changed(ADA, 3)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::FakeLive;
    use crate::suites::prove;

    #[tokio::test]
    async fn the_fake_keeps_the_facts() {
        prove(FACTS, async || Arc::new(FakeLive::default()) as Arc<dyn LiveEvents>).await;
    }
}
