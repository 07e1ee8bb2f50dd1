//! Compares what the server says about every person with what was acknowledged, over the API.

use std::sync::Arc;
use std::time::Duration;

use dayline_domain::{Choices, Interval, Piece};
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep};

use super::check::{Faults, Sent, Stored, check};
use super::run::Person;
use crate::client::{Device, Refusal};
use dayline_cli_kit::console::remark;
use dayline_cli_kit::units::rfc3339;

/// How many people are asked about at a time.
const AT_ONCE: usize = 8;
const POLL_EVERY: Duration = Duration::from_millis(200);

/// What was found about all people.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) faults: Faults,
    /// People about whom the server could not be asked.
    pub(super) unread: u64,
}

/// Checks everybody. Who is not right yet is asked about again, for at most `wait_at_most`.
pub(super) async fn all(people: &[Arc<Person>], wait_at_most: Duration) -> Checked {
    let deadline = Instant::now() + wait_at_most;
    stream::iter(people)
        .map(|person| until_right(person, deadline))
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

async fn until_right(person: &Person, deadline: Instant) -> Result<Faults, Refusal> {
    let sent = person.sent().clone();
    loop {
        // Accounts are new, and nobody chooses anything.
        let faults = |stored| check(&sent, &stored, Choices::default());
        let outcome = stored(&person.devices[0], &sent).await.map(faults);
        let right = outcome.as_ref().is_ok_and(Faults::none);
        if right || Instant::now() >= deadline {
            return outcome;
        }
        sleep(POLL_EVERY).await;
    }
}

/// What the server says about the person whose device it is.
///
/// # Errors
/// [`Refusal`].
pub async fn stored(device: &Device, sent: &Sent) -> Result<Stored, Refusal> {
    let known = device.export().await?;
    let timeline = match sent.days() {
        Some(days) => timeline(device, days).await?,
        None => Vec::new(),
    };
    Ok(Stored { known, timeline })
}

async fn timeline(device: &Device, days: Interval) -> Result<Vec<Piece>, Refusal> {
    let (from, to) = (rfc3339(days.start()), rfc3339(days.end()));
    device.timeline(&from, &to).await?.pieces().map_err(Refusal::Unreadable)
}
