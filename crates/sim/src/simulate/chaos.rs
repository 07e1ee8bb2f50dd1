//! What goes wrong between a tracker and the server: pings are held back, sent again, grow, come in bursts after a
//! time without network, or the tracker gives up before the answer. Pure: it only decides what is sent when.

use std::collections::VecDeque;

use dayline_domain::Interval;

use super::habits::{Habits, Seen};
use crate::client::wire::Format;
use crate::dice::Dice;

/// How many pings a tracker remembers to send again.
const REMEMBERED: usize = 64;

/// What one request is to carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parcel {
    /// One ping or more.
    pub(super) pings: Vec<Seen>,
    /// How they are written.
    pub(super) format: Format,
    /// The tracker goes away without waiting for the answer, and never tries again.
    pub(super) abandoned: bool,
}

/// One device's share of trouble.
#[derive(Debug)]
pub(super) struct Chaos {
    dice: Dice,
    /// Pings to be sent later, with the number of ticks until then.
    held: Vec<(u32, Seen)>,
    /// Ticks until the network is back.
    offline: u32,
    sent: VecDeque<Seen>,
}

impl Chaos {
    pub(super) fn new(dice: Dice) -> Self {
        Self { dice, held: Vec::new(), offline: 0, sent: VecDeque::new() }
    }

    /// What is sent at this tick, given what was seen since the last one.
    pub(super) fn tick(&mut self, seen: Vec<Seen>, habits: &mut Habits) -> Vec<Parcel> {
        let late = seen.first().map(|seen| seen.interval.start()).filter(|_| self.dice.one_in(30));
        self.held.extend(late.map(|now| (0, habits.recall(now))));
        for seen in seen {
            self.hold(seen);
        }
        if self.offline == 0 && self.dice.one_in(60) {
            self.offline = self.dice.between(2, 10) as u32;
        }
        self.offline = self.offline.saturating_sub(1);
        for (ticks, _) in &mut self.held {
            *ticks = ticks.saturating_sub(1);
        }
        if self.offline > 0 {
            return Vec::new();
        }
        let due = self.held.extract_if(.., |(ticks, _)| *ticks == 0).map(|(_, seen)| seen).collect();
        self.pack(due)
    }

    /// Everything that is still held back.
    pub(super) fn end(&mut self) -> Vec<Parcel> {
        let rest = std::mem::take(&mut self.held).into_iter().map(|(_, seen)| seen).collect();
        self.pack(rest)
    }

    fn hold(&mut self, seen: Seen) {
        let ticks = if self.dice.one_in(8) { self.dice.between(1, 8) as u32 } else { 0 };
        if self.dice.one_in(10) && seen.interval.ms() > 1 {
            let (start, half_ms) = (seen.interval.start(), seen.interval.ms() / 2);
            self.held.extend(
                Interval::new(start, start.plus(half_ms)).map(|half| (0, Seen { interval: half, ..seen })),
            );
        }
        self.held.push((ticks, seen));
    }

    fn pack(&mut self, mut due: Vec<Seen>) -> Vec<Parcel> {
        if let Some(again) = self.sent.get(self.dice.below(REMEMBERED as u64) as usize)
            && self.dice.one_in(10)
        {
            due.push(*again);
        }
        if self.dice.one_in(3) {
            self.dice.shuffle(&mut due);
        }
        for &seen in &due {
            self.sent.push_front(seen);
        }
        self.sent.truncate(REMEMBERED);
        let mut parcels = Vec::new();
        while !due.is_empty() {
            let size = if self.dice.one_in(2) { due.len() } else { 1 };
            let format = *self.dice.pick(&[Format::Object, Format::Array, Format::Lines]);
            // Drained: what `split_off` leaves keeps room for all.
            let pings = due.drain(..size).collect();
            parcels.push(Parcel { pings, format, abandoned: self.dice.one_in(40) });
        }
        parcels
    }
}

#[cfg(test)]
mod tests {
    use dayline_domain::UtcMs;

    use super::*;

    /// All that is sent in some hours, and all that was seen.
    fn day(seed: u64) -> (Vec<Seen>, Vec<Parcel>) {
        let dice = Dice::new(seed);
        let (mut habits, mut chaos) = (Habits::new(dice.fork(0)), Chaos::new(dice.fork(1)));
        let (mut observed, mut sent) = (Vec::new(), Vec::new());
        for tick in 0..4_000 {
            let start = UtcMs(1_795_000_000_000 + tick * 5_000);
            let now = habits.observe(Interval::new(start, start.plus(5_000)).unwrap());
            observed.extend(&now);
            sent.extend(chaos.tick(now, &mut habits));
        }
        sent.extend(chaos.end());
        (observed, sent)
    }

    #[test]
    fn everything_seen_is_sent_at_least_once() {
        let (seen, sent) = day(1);
        let sent: Vec<Seen> = sent.into_iter().flat_map(|parcel| parcel.pings).collect();
        assert!(seen.iter().all(|seen| sent.contains(seen)));
        assert!(sent.len() > seen.len(), "some twice, some grown, some recalled");
    }

    #[test]
    fn every_kind_of_trouble_happens() {
        let (_, sent) = day(2);
        assert!(sent.iter().all(|parcel| !parcel.pings.is_empty()));
        assert!(sent.iter().any(|parcel| parcel.pings.len() > 4), "a burst after a time without network");
        assert!(sent.iter().any(|parcel| parcel.abandoned));
        for format in [Format::Object, Format::Array, Format::Lines] {
            assert!(sent.iter().any(|parcel| parcel.format == format));
        }
        let starts: Vec<UtcMs> =
            sent.iter().flat_map(|parcel| parcel.pings.iter().map(|seen| seen.interval.start())).collect();
        let out_of_order = starts.array_windows().filter(|[a, b]| a > b).count();
        assert!(out_of_order > 100, "{out_of_order}");
    }
}
