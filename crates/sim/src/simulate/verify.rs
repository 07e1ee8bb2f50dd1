//! Compares every person's timeline with what was acknowledged, over the API.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use dayline_domain::timeline::{Bridge, Settled};
use dayline_domain::{Interval, UtcDay};
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep};

use super::check::{Faults, SentPings, check};
use super::tracker::Person;
use crate::client::Refusal;
use dayline_cli_kit::console::remark;
use dayline_cli_kit::units::rfc3339;

/// How many timelines are read at a time.
const AT_ONCE: usize = 8;
const POLL_EVERY: Duration = Duration::from_millis(200);

/// What was found about all people.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) faults: Faults,
    /// People whose timeline could not be read.
    pub(super) unread: u64,
}

/// Checks everybody. A timeline that is not right yet is read again for at most `wait_at_most`.
pub(super) async fn all(people: &[Arc<Person>], bridge: Bridge, wait_at_most: Duration) -> Checked {
    let deadline = Instant::now() + wait_at_most;
    stream::iter(people)
        .map(|person| until_right(person, bridge, deadline))
        .buffer_unordered(AT_ONCE)
        .fold(Checked::default(), async |mut checked, outcome| {
            match outcome {
                Ok(faults) => checked.faults.add(faults),
                Err(refusal) => {
                    remark(format_args!("a timeline could not be read: {refusal}"));
                    checked.unread += 1;
                }
            }
            checked
        })
        .await
}

async fn until_right(person: &Person, bridge: Bridge, deadline: Instant) -> Result<Faults, Refusal> {
    let sent = person.sent.lock().unwrap_or_else(PoisonError::into_inner).clone();
    loop {
        let outcome = stored(person, &sent).await.map(|stored| check(&sent, &stored, bridge));
        let right = outcome.as_ref().is_ok_and(Faults::none);
        if right || Instant::now() >= deadline {
            return outcome;
        }
        sleep(POLL_EVERY).await;
    }
}

/// The timeline of all days that the pings touch.
async fn stored(person: &Person, sent: &SentPings) -> Result<Settled, Refusal> {
    let Some(days) = days(sent) else { return Ok(Settled::default()) };
    let (from, to) = (rfc3339(days.start()), rfc3339(days.end()));
    person.devices[0].timeline(&from, &to).await?.parsed().map_err(Refusal::Unreadable)
}

/// Whole UTC days around everything that was sent.
fn days(sent: &SentPings) -> Option<Interval> {
    let intervals = || sent.acknowledged.iter().chain(&sent.attempted).map(|ping| ping.interval);
    let first = intervals().map(Interval::start).min()?.day();
    let last = intervals().map(Interval::end).max()?.day();
    Some(first.interval().hull(UtcDay(last.0).interval()))
}
