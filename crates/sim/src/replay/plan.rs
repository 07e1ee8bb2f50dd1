//! What is sent in which order: a recording, split by device, repeated, shuffled and cut into batches. A batch is put together
//! when its turn comes: the recording is held once, and of each ping to be sent only its number.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::recording::RecordedPing;
use crate::dice::Dice;

/// How a recording is cut and ordered.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// How many pings go into one request; by chance, if that is a range.
    pub(super) batch: RangeInclusive<u64>,
    /// In any order.
    pub(super) shuffle: bool,
    /// How often each ping is sent, at least once.
    pub(super) repeat: u32,
}

/// What one device sends.
#[derive(Debug)]
pub(super) struct DevicePlan {
    pings: Vec<RecordedPing>,
    /// The places of the pings to be sent, in order.
    order: Vec<u32>,
    batch: RangeInclusive<u64>,
    dice: Dice,
}

/// Plans a replay.
pub(super) fn plan(recording: Vec<RecordedPing>, order: &Order, dice: &Dice) -> Vec<DevicePlan> {
    let mut by_device = BTreeMap::<String, Vec<RecordedPing>>::new();
    for ping in recording {
        if let Some(pings) = by_device.get_mut(&ping.device_id) {
            pings.push(ping);
        } else {
            by_device.insert(ping.device_id.clone(), vec![ping]);
        }
    }
    let devices = by_device.into_iter().enumerate();
    devices
        .map(|(number, (_, pings))| {
            let mut dice = dice.fork(number as u64);
            let places = places(pings.len(), order, &mut dice);
            DevicePlan { pings, order: places, batch: order.batch.clone(), dice }
        })
        .collect()
}

fn places(pings: usize, order: &Order, dice: &mut Dice) -> Vec<u32> {
    // A recording of four billion pings would not fit into memory.
    let once = 0..pings as u32;
    let mut all: Vec<u32> = (0..order.repeat).flat_map(|_| once.clone()).collect();
    if order.shuffle {
        dice.shuffle(&mut all);
    }
    all
}

impl DevicePlan {
    /// The batches, in the order they are sent, none empty.
    pub(super) fn batches(&self) -> impl Iterator<Item = Vec<&RecordedPing>> {
        let (mut rest, mut dice) = (self.order.as_slice(), self.dice.clone());
        std::iter::from_fn(move || {
            let size = dice.between(*self.batch.start(), *self.batch.end()).max(1) as usize;
            let (batch, after) = rest.split_at(size.min(rest.len()));
            rest = after;
            let pings: Vec<_> = batch.iter().map(|&place| &self.pings[place as usize]).collect();
            (!pings.is_empty()).then_some(pings)
        })
    }
}

/// Parses the number of pings in a request: `100`, or `1-1000` for a different one each time.
pub(super) fn batch(text: &str) -> Result<RangeInclusive<u64>, String> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| (1..=1_000).contains(number));
    match (number(from), number(to)) {
        (Some(from), Some(to)) if from <= to => Ok(from..=to),
        _ => Err(format!("{text:?} is not a number from 1 to 1000 or a range such as 1-1000")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::wire::Seen;

    fn recording() -> Vec<RecordedPing> {
        let ping = |n: i64| RecordedPing {
            device_id: if n % 3 == 0 { "phone".into() } else { "laptop".into() },
            seen: Seen::of_use("Code"),
            start_ms: n,
            end_ms: n + 1,
        };
        (0..100).map(ping).collect()
    }

    fn in_order(plan: &DevicePlan) -> Vec<RecordedPing> {
        plan.batches().flatten().cloned().collect()
    }

    fn sent(plans: &[DevicePlan]) -> Vec<RecordedPing> {
        let mut all: Vec<RecordedPing> = plans.iter().flat_map(in_order).collect();
        all.sort_by_key(|ping| ping.start_ms);
        all
    }

    #[test]
    fn each_device_gets_its_pings_in_order() {
        let order = Order { batch: 7..=7, shuffle: false, repeat: 1 };
        let plans = plan(recording(), &order, &Dice::new(1));
        assert_eq!(plans.len(), 2);
        for (plan, device) in plans.iter().zip(["laptop", "phone"]) {
            let pings = in_order(plan);
            assert!(pings.is_sorted_by_key(|ping| ping.start_ms));
            assert!(pings.iter().all(|ping| ping.device_id == device));
            let sizes: Vec<usize> = plan.batches().map(|batch| batch.len()).collect();
            let (last, others) = sizes.split_last().unwrap();
            assert!(others.iter().all(|&size| size == 7) && (1..=7).contains(last));
        }
        assert_eq!(sent(&plans), recording());
    }

    #[test]
    fn shuffled_and_repeated_every_ping_is_sent_that_often() {
        let order = Order { batch: 1..=30, shuffle: true, repeat: 2 };
        let plans = plan(recording(), &order, &Dice::new(1));
        assert!(plans.iter().any(|plan| !in_order(plan).is_sorted_by_key(|ping| ping.start_ms)));
        let twice: Vec<RecordedPing> =
            recording().into_iter().flat_map(|ping| [ping.clone(), ping]).collect();
        assert_eq!(sent(&plans), twice);
    }

    #[test]
    fn a_ping_to_be_sent_again_takes_the_memory_of_a_number() {
        let order = Order { batch: 1..=1, shuffle: true, repeat: 1_000 };
        let plans = plan(recording(), &order, &Dice::new(1));
        let held: usize = plans.iter().map(|plan| plan.pings.capacity()).sum();
        assert!(held <= 256, "{held} pings held for a recording of 100");
        let numbers: usize = plans.iter().map(|plan| plan.order.capacity()).sum();
        assert!((100_000..=200_000).contains(&numbers), "{numbers}");
    }

    #[test]
    fn batch_sizes_are_a_number_or_a_range_within_the_limit() {
        assert_eq!(batch("100"), Ok(100..=100));
        assert_eq!(batch("1-1000"), Ok(1..=1_000));
        for text in ["", "0", "1001", "5-3", "1-", "-5", "a"] {
            assert!(batch(text).is_err(), "{text}");
        }
    }
}
