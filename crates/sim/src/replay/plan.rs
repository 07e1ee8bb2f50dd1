//! What is sent in which order: a recording, split by device, repeated, shuffled and cut into batches.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::recording::Recorded;
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

/// The batches of one device, in the order they are sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DevicePlan {
    /// The device.
    pub(super) device_id: String,
    /// Its batches, none empty.
    pub(super) batches: Vec<Vec<Recorded>>,
}

/// Plans a replay.
pub(super) fn plan(recording: Vec<Recorded>, order: &Order, dice: &Dice) -> Vec<DevicePlan> {
    let mut by_device = BTreeMap::<String, Vec<Recorded>>::new();
    for ping in recording {
        by_device.entry(ping.device_id.clone()).or_default().push(ping);
    }
    let devices = by_device.into_iter().enumerate();
    devices
        .map(|(number, (device_id, pings))| {
            let mut dice = dice.fork(number as u64);
            DevicePlan { device_id, batches: cut(repeated(pings, order, &mut dice), order, &mut dice) }
        })
        .collect()
}

fn repeated(pings: Vec<Recorded>, order: &Order, dice: &mut Dice) -> Vec<Recorded> {
    let mut all: Vec<Recorded> = (1..order.repeat).flat_map(|_| pings.clone()).collect();
    all.extend(pings);
    if order.shuffle {
        dice.shuffle(&mut all);
    }
    all
}

fn cut(mut pings: Vec<Recorded>, order: &Order, dice: &mut Dice) -> Vec<Vec<Recorded>> {
    let mut batches = Vec::new();
    while !pings.is_empty() {
        let size = dice.between(*order.batch.start(), *order.batch.end()).max(1) as usize;
        let rest = pings.split_off(size.min(pings.len()));
        batches.push(std::mem::replace(&mut pings, rest));
    }
    batches
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

    fn recording() -> Vec<Recorded> {
        let ping = |n: i64| Recorded {
            device_id: if n % 3 == 0 { "phone".into() } else { "laptop".into() },
            app_name: "Code".into(),
            url: None,
            start_ms: n,
            end_ms: n + 1,
        };
        (0..100).map(ping).collect()
    }

    fn sent(plans: &[DevicePlan]) -> Vec<Recorded> {
        let mut all: Vec<Recorded> = plans.iter().flat_map(|plan| plan.batches.concat()).collect();
        all.sort_by_key(|ping| ping.start_ms);
        all
    }

    #[test]
    fn each_device_gets_its_pings_in_order() {
        let order = Order { batch: 7..=7, shuffle: false, repeat: 1 };
        let plans = plan(recording(), &order, &Dice::new(1));
        assert_eq!(plans.iter().map(|plan| plan.device_id.as_str()).collect::<Vec<_>>(), ["laptop", "phone"]);
        for plan in &plans {
            let pings = plan.batches.concat();
            assert!(pings.is_sorted_by_key(|ping| ping.start_ms));
            assert!(pings.iter().all(|ping| ping.device_id == plan.device_id));
            let (last, others) = plan.batches.split_last().unwrap();
            assert!(others.iter().all(|batch| batch.len() == 7) && (1..=7).contains(&last.len()));
        }
        assert_eq!(sent(&plans), recording());
    }

    #[test]
    fn shuffled_and_repeated_every_ping_is_sent_that_often() {
        let order = Order { batch: 1..=30, shuffle: true, repeat: 2 };
        let plans = plan(recording(), &order, &Dice::new(1));
        assert!(plans.iter().any(|plan| !plan.batches.concat().is_sorted_by_key(|ping| ping.start_ms)));
        let twice: Vec<Recorded> = recording().into_iter().flat_map(|ping| [ping.clone(), ping]).collect();
        assert_eq!(sent(&plans), twice);
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
