//! Compares every person's timeline with what was acknowledged, over the API.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use dayline_domain::timeline::{Bridge, Settled};
use dayline_domain::{Interval, UtcDay};
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep};

use super::check::{Faults, Record, check};
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

/// Checks everybody. A timeline that is not right yet is read again until `settle` has passed.
pub(super) async fn all(people: &[Arc<Person>], bridge: Bridge, settle: Duration) -> Checked {
    let deadline = Instant::now() + settle;
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
    let record = person.record.lock().unwrap_or_else(PoisonError::into_inner).clone();
    loop {
        let outcome = stored(person, &record).await.map(|stored| check(&record, &stored, bridge));
        let right = outcome.as_ref().is_ok_and(Faults::none);
        if right || Instant::now() >= deadline {
            return outcome;
        }
        sleep(POLL_EVERY).await;
    }
}

/// The timeline of all days that the record touches.
async fn stored(person: &Person, record: &Record) -> Result<Settled, Refusal> {
    let Some(days) = days(record) else { return Ok(Settled::default()) };
    let (from, to) = (rfc3339(days.start()), rfc3339(days.end()));
    person.devices[0].timeline(&from, &to).await?.settled().map_err(Refusal::Unreadable)
}

/// Whole UTC days around everything that was sent.
fn days(record: &Record) -> Option<Interval> {
    let intervals = || record.acknowledged.iter().chain(&record.attempted).map(|ping| ping.interval);
    let first = intervals().map(Interval::start).min()?.day();
    let last = intervals().map(Interval::end).max()?.day();
    Some(first.interval().hull(UtcDay(last.0).interval()))
}
