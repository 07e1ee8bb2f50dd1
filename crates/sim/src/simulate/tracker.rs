//! One simulated tracker: it sees on schedule, whatever the server does, and what it saw is sent in
//! order; beside it its person says what they have to say.

use std::sync::Arc;
use std::time::Duration;

use dayline_domain::{Interval, UtcMs};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until};

use super::catalog::DEVICES;
use super::chaos::{Chaos, Parcel};
use super::correcting::{Corrector, Word};
use super::habits::{Habits, Seen};
use super::run::{Person, Run};
use super::sender::{Due, Sender};
use super::speaker::Speaker;
use crate::client::wire::Format;
use crate::dice::Dice;

/// When a tracker sees.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    /// The start of the first interval, as the process measures time.
    pub(super) start: Instant,
    /// The same, as the wall clock shows it.
    pub(super) start_utc: UtcMs,
    /// From one look to the next.
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

/// Runs the tracker on the `number`-th device of a person until everything seen is sent.
pub(super) async fn run(run: Arc<Run>, person: Arc<Person>, number: usize, schedule: Schedule, dice: Dice) {
    let (outbox, parcels) = unbounded_channel();
    let (mouth, words) = unbounded_channel();
    let device = &person.devices[number];
    let sender = Sender::new(&run, &person, device, dice.fork(2));
    let speaker = Speaker::new(&run, &person, device, dice.fork(4));
    tokio::join!(
        see(run.chaos, schedule, &dice, outbox),
        correct(schedule, Corrector::new(dice.fork(3), &DEVICES), mouth),
        sender.send_all(parcels),
        speaker.say_all(words)
    );
}

/// Sees on schedule and puts what is to be sent into the outbox, which closes at the end.
async fn see(with_chaos: bool, schedule: Schedule, dice: &Dice, outbox: UnboundedSender<Due>) {
    let (mut habits, mut chaos) = (Habits::new(dice.fork(0)), Chaos::new(dice.fork(1)));
    for number in 0..schedule.ticks {
        let (due, interval) = schedule.tick(number);
        sleep_until(due).await;
        let Some(interval) = interval else { continue };
        let seen = habits.observe(interval);
        let parcels = if with_chaos { chaos.tick(seen, &mut habits) } else { whole(seen) };
        put(&outbox, parcels.into_iter().map(|parcel| (due, parcel)));
    }
    put(&outbox, chaos.end().into_iter().map(|parcel| (Instant::now(), parcel)));
}

/// Thinks on the same schedule of what was seen, and says what there is to say.
async fn correct(schedule: Schedule, mut corrector: Corrector, mouth: UnboundedSender<Word>) {
    let mut last = None;
    for number in 0..schedule.ticks {
        let (due, interval) = schedule.tick(number);
        sleep_until(due).await;
        let Some(interval) = interval else { continue };
        put(&mouth, corrector.tick(interval));
        last = Some(interval);
    }
    put(&mouth, last.and_then(|last| corrector.end(last)));
}

/// All in one parcel, if there is anything.
fn whole(pings: Vec<Seen>) -> Vec<Parcel> {
    if pings.is_empty() {
        return Vec::new();
    }
    vec![Parcel { pings, format: Format::Object, abandoned: false }]
}

fn put<T>(queue: &UnboundedSender<T>, all: impl IntoIterator<Item = T>) {
    for one in all {
        // The receiver lives until the sender is gone.
        let _ = queue.send(one);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
