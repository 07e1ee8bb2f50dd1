//! Sends what a tracker saw, in order, and remembers what became of it.
//! The schedule is open: a slow answer delays no look at the screen, and its wait counts into the
//! latency of all behind it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, timeout};

use super::chaos::Parcel;
use super::habits::Seen;
use super::run::{Person, Run};
use super::stats::count;
use crate::client::wire::{self, Body, Receipt};
use crate::client::{Device, Refusal};
use crate::dice::Dice;
use dayline_cli_kit::console::remark;

/// More parcels waiting than this: the tracker is behind and sends several parcels at once, as far as
/// they fit.
const BEHIND: usize = 8;
/// Most pings in a request.
const MOST_PINGS: usize = 1_000;

/// A parcel and when it was due.
pub(super) type Due = (Instant, Parcel);

/// One device's sender.
pub(super) struct Sender<'a> {
    run: &'a Run,
    person: &'a Person,
    device: &'a Device,
    dice: Dice,
}

impl<'a> Sender<'a> {
    pub(super) fn new(run: &'a Run, person: &'a Person, device: &'a Device, dice: Dice) -> Self {
        Self { run, person, device, dice }
    }

    /// Sends all that comes, until nothing more can come.
    pub(super) async fn send_all(mut self, mut outbox: UnboundedReceiver<Due>) {
        let mut waiting = VecDeque::new();
        loop {
            if waiting.is_empty() {
                waiting.extend(outbox.recv().await);
            }
            while let Ok(due) = outbox.try_recv() {
                waiting.push_back(due);
            }
            let Some((due, parcel)) = waiting.pop_front() else { return };
            let (dues, parcel) = take_along(due, parcel, &mut waiting);
            self.send(&dues, &parcel).await;
        }
    }

    async fn send(&mut self, dues: &[Instant], parcel: &Parcel) {
        let pings: Vec<wire::Ping> = parcel.pings.iter().map(Seen::ping).collect();
        let outcome = match Body::new(&pings, parcel.format) {
            Err(error) => Err(Refusal::Unreadable(error.to_string())),
            Ok(body) if parcel.abandoned => self.send_and_leave(&body).await,
            Ok(body) => self.run.patience.until_done(|_| self.device.track(&body)).await,
        };
        match outcome {
            Ok(receipt) => self.acknowledged(dues, parcel, &receipt),
            Err(refusal) => self.unacknowledged(parcel, &refusal),
        }
    }

    /// A moment that is often too short for an answer.
    fn moment(&mut self) -> Duration {
        Duration::from_micros(self.dice.below(5_000))
    }

    /// Sends, but goes away after a moment.
    async fn send_and_leave(&mut self, body: &Body) -> Result<Receipt, Refusal> {
        let left = |_| Refusal::Unanswered("the tracker left".into());
        timeout(self.moment(), self.device.track(body)).await.map_err(left)?
    }

    fn acknowledged(&self, dues: &[Instant], parcel: &Parcel, receipt: &Receipt) {
        let stats = &self.run.stats;
        for due in dues {
            stats.latency.add(due.elapsed());
        }
        count(&stats.requests, 1);
        count(&stats.accepted, receipt.accepted);
        count(&stats.refused, receipt.rejected.len());
        if let Some(rejected) = receipt.rejected.first() {
            remark(format_args!("a ping was refused: {}", rejected.code));
        }
        let refused = |index: usize| receipt.rejected.iter().any(|rejected| rejected.index == index);
        let mut sent = self.person.sent();
        for (index, seen) in parcel.pings.iter().enumerate() {
            let observation = seen.observation(self.device.id());
            // An earlier try, whose answer was lost, may have been accepted.
            let list = if refused(index) { &mut sent.attempted } else { &mut sent.acknowledged };
            list.extend(observation);
        }
    }

    fn unacknowledged(&self, parcel: &Parcel, refusal: &Refusal) {
        let stats = &self.run.stats;
        let counter = match refusal {
            _ if parcel.abandoned => &stats.abandoned,
            refusal if refusal.may_pass() => &stats.given_up,
            _ => &stats.refused,
        };
        count(counter, parcel.pings.len());
        if !parcel.abandoned {
            remark(format_args!("pings were not accepted: {refusal}"));
        }
        let sent = parcel.pings.iter().flat_map(|seen| seen.observation(self.device.id()));
        self.person.sent().attempted.extend(sent);
    }
}

/// A tracker that is behind sends what waits together with the first, as far as that fits into a
/// request.
fn take_along(due: Instant, mut parcel: Parcel, waiting: &mut VecDeque<Due>) -> (Vec<Instant>, Parcel) {
    let mut dues = vec![due];
    if waiting.len() < BEHIND || parcel.abandoned {
        return (dues, parcel);
    }
    while let Some((due, next)) = waiting
        .pop_front_if(|(_, next)| !next.abandoned && parcel.pings.len() + next.pings.len() <= MOST_PINGS)
    {
        dues.push(due);
        parcel.pings.extend(next.pings);
    }
    (dues, parcel)
}

#[cfg(test)]
mod tests {
    use dayline_domain::UtcMs;

    use super::super::habits::What;
    use super::*;
    use crate::client::wire::Format;

    fn parcel(pings: usize, abandoned: bool) -> Parcel {
        let seen = Seen { what: What::Away, interval: UtcMs(0).day().interval() };
        Parcel { pings: vec![seen; pings], format: Format::Array, abandoned }
    }

    fn taken(first: Parcel, waiting: &[Parcel]) -> (usize, usize) {
        let now = Instant::now();
        let mut waiting = waiting.iter().map(|parcel| (now, parcel.clone())).collect();
        let (dues, parcel) = take_along(now, first, &mut waiting);
        (dues.len(), parcel.pings.len())
    }

    fn parcels(count: usize, pings: usize, abandoned: bool) -> Vec<Parcel> {
        vec![parcel(pings, abandoned); count]
    }

    #[tokio::test]
    async fn a_tracker_that_is_behind_sends_what_waits_together_as_far_as_it_fits() {
        assert_eq!(taken(parcel(2, false), &parcels(9, 3, false)), (10, 29));
        assert_eq!(taken(parcel(400, false), &parcels(9, 250, false)), (3, 900));
        assert_eq!(taken(parcel(2, false), &parcels(5, 3, false)), (1, 2));
    }

    #[tokio::test]
    async fn abandoned_parcels_travel_alone() {
        assert_eq!(taken(parcel(2, true), &parcels(9, 3, false)), (1, 2));
        assert_eq!(taken(parcel(2, false), &parcels(9, 3, true)), (1, 2));
    }
}
