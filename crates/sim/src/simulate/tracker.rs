//! One simulated tracker: it sees on schedule, whatever the server does, and sends what it saw in order.
//! The schedule is open: a slow answer delays no ping, and its wait counts into the latency of all behind it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dayline_domain::{Interval, Ping, Source, UtcMs};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until, timeout};

use super::chaos::{Chaos, Parcel};
use super::check::SentPings;
use super::habits::{Habits, Seen};
use super::stats::{Stats, count};
use crate::client::wire::{self, Body, Format, Receipt};
use crate::client::{Device, Patience, Refusal};
use crate::dice::Dice;
use dayline_cli_kit::console::remark;
use dayline_cli_kit::units::rfc3339;

/// More parcels waiting than this: the tracker is behind and sends several at once, as far as they fit.
const BEHIND: usize = 8;
/// Most pings in a request.
const MOST_PINGS: usize = 1_000;

/// When a tracker sees.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    /// The start of the first interval, as the process measures time.
    pub(super) start: Instant,
    /// The same, as the wall clock shows it.
    pub(super) start_utc: UtcMs,
    /// From one ping to the next.
    pub(super) interval: Duration,
    /// How many intervals.
    pub(super) ticks: u32,
}

impl Schedule {
    /// The same schedule, later by a part of an interval.
    pub(super) fn shifted(self, by: Duration) -> Self {
        let start_utc = self.start_utc.plus(by.as_millis() as i64);
        Self { start: self.start + by, start_utc, ..self }
    }

    /// When the interval of a tick has passed, and which it was.
    fn tick(&self, number: u32) -> (Instant, Option<Interval>) {
        let at = |ticks: u32| self.start_utc.plus((self.interval * ticks).as_millis() as i64);
        (self.start + self.interval * (number + 1), Interval::new(at(number), at(number + 1)))
    }
}

/// One person and what is known about their pings.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) devices: Vec<Arc<Device>>,
    pub(super) sent: Mutex<SentPings>,
}

/// What all trackers of a run share.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) stats: Stats,
    pub(super) patience: Patience,
    pub(super) chaos: bool,
}

/// A parcel and when its last ping was due.
type Due = (Instant, Parcel);

/// Runs the tracker on the `number`-th device of a person until everything seen is sent.
pub(super) async fn run(run: Arc<Run>, person: Arc<Person>, number: usize, schedule: Schedule, dice: Dice) {
    let (outbox, parcels) = unbounded_channel();
    let sender = Sender { run: &run, person: &person, device: &person.devices[number], dice: dice.fork(2) };
    tokio::join!(see(run.chaos, schedule, &dice, outbox), sender.send_all(parcels));
}

/// Sees on schedule and puts what is to be sent into the outbox, which closes at the end.
async fn see(with_chaos: bool, schedule: Schedule, dice: &Dice, outbox: UnboundedSender<Due>) {
    let (mut habits, mut chaos) = (Habits::new(dice.fork(0)), Chaos::new(dice.fork(1)));
    for number in 0..schedule.ticks {
        let (due, interval) = schedule.tick(number);
        sleep_until(due).await;
        let seen = interval.map(|interval| habits.observe(interval)).unwrap_or_default();
        let parcels = if with_chaos {
            chaos.tick(seen, &mut habits)
        } else {
            let whole = |pings: Vec<Seen>| Parcel { pings, format: Format::Object, abandoned: false };
            Some(seen).filter(|seen| !seen.is_empty()).map(whole).into_iter().collect()
        };
        put(&outbox, due, parcels);
    }
    put(&outbox, Instant::now(), chaos.end());
}

fn put(outbox: &UnboundedSender<Due>, due: Instant, parcels: Vec<Parcel>) {
    for parcel in parcels {
        // The receiver lives until the outbox closes.
        let _ = outbox.send((due, parcel));
    }
}

struct Sender<'a> {
    run: &'a Run,
    person: &'a Person,
    device: &'a Device,
    dice: Dice,
}

impl Sender<'_> {
    async fn send_all(mut self, mut outbox: UnboundedReceiver<Due>) {
        let mut waiting = VecDeque::new();
        loop {
            if waiting.is_empty() {
                waiting.extend(outbox.recv().await);
            }
            while let Ok(due) = outbox.try_recv() {
                waiting.push_back(due);
            }
            let Some(first) = waiting.pop_front() else { return };
            let (dues, parcel) = take_along(first, &mut waiting);
            self.send(&dues, &parcel).await;
        }
    }

    async fn send(&mut self, dues: &[Instant], parcel: &Parcel) {
        let pings: Vec<wire::Ping> = parcel.pings.iter().map(write).collect();
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

    /// Sends, but goes away after a moment that is often too short for an answer.
    async fn send_and_leave(&mut self, body: &Body) -> Result<Receipt, Refusal> {
        let moment = Duration::from_micros(self.dice.below(5_000));
        let left = |_| Refusal::Unanswered("the tracker left".into());
        timeout(moment, self.device.track(body)).await.map_err(left)?
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
        let mut sent = self.person.sent.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, seen) in parcel.pings.iter().enumerate() {
            let ping = as_stored(seen, self.device);
            // An earlier try, whose answer was lost, may have been accepted.
            let list = if refused(index) { &mut sent.attempted } else { &mut sent.acknowledged };
            list.extend(ping);
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
        let mut sent = self.person.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.attempted.extend(parcel.pings.iter().filter_map(|seen| as_stored(seen, self.device)));
    }
}

/// A tracker that is behind sends what waits together with the first, as far as that fits into a request.
fn take_along((due, mut parcel): Due, waiting: &mut VecDeque<Due>) -> (Vec<Instant>, Parcel) {
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

fn write(seen: &Seen) -> wire::Ping {
    wire::Ping {
        app_name: seen.doing.app.to_owned(),
        url: seen.doing.page.map(|(url, _)| url.to_owned()),
        start_time: rfc3339(seen.interval.start()),
        end_time: rfc3339(seen.interval.end()),
        device_id: None,
    }
}

/// The ping as the server must understand it.
fn as_stored(seen: &Seen, device: &Device) -> Option<Ping> {
    let domain = seen.doing.page.map(|(_, domain)| domain);
    let source = Source::new(device.id(), seen.doing.app, domain).ok()?;
    Some(Ping { source, interval: seen.interval })
}

#[cfg(test)]
mod tests {
    use super::super::habits::Doing;
    use super::*;

    fn parcel(pings: usize, abandoned: bool) -> Parcel {
        let interval = UtcMs(0).day().interval();
        let seen = Seen { doing: Doing { app: "Code", page: None }, interval };
        Parcel { pings: vec![seen; pings], format: Format::Array, abandoned }
    }

    fn taken(first: Parcel, waiting: &[Parcel]) -> (usize, usize) {
        let now = Instant::now();
        let mut waiting = waiting.iter().map(|parcel| (now, parcel.clone())).collect();
        let (dues, parcel) = take_along((now, first), &mut waiting);
        (dues.len(), parcel.pings.len())
    }

    #[tokio::test]
    async fn a_tracker_that_is_behind_sends_what_waits_together_as_far_as_it_fits() {
        assert_eq!(taken(parcel(2, false), &vec![parcel(3, false); 9]), (10, 29));
        assert_eq!(taken(parcel(400, false), &vec![parcel(250, false); 9]), (3, 900));
        assert_eq!(taken(parcel(2, false), &vec![parcel(3, false); 5]), (1, 2));
    }

    #[tokio::test]
    async fn abandoned_parcels_travel_alone() {
        assert_eq!(taken(parcel(2, true), &vec![parcel(3, false); 9]), (1, 2));
        assert_eq!(taken(parcel(2, false), &vec![parcel(3, true); 9]), (1, 2));
    }

    #[tokio::test]
    async fn intervals_follow_each_other_and_are_due_when_they_end() {
        let start = Instant::now();
        let interval = Duration::from_secs(5);
        let schedule = Schedule { start, start_utc: UtcMs(1_000), interval, ticks: 2 };
        let schedule = schedule.shifted(Duration::from_millis(700));
        let (due, seen) = schedule.tick(1);
        assert_eq!(due - start, Duration::from_millis(10_700));
        assert_eq!(seen, Interval::new(UtcMs(6_700), UtcMs(11_700)));
    }
}
