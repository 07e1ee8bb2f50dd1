//! What is left of a log entry when something is erased.
//! Not here: erasing what is settled (the rule), and finding the entries (each log).

use dayline_domain::{Correction, Interval, Observation, UserId};

use crate::ports::Erased;
use crate::tracking::record::{self, Body, encode_correction, encode_observations};

/// The records of an entry without what is erased; `None` if there is nothing of it in them.
pub fn take_out(erased: &Erased, payload: &[u8]) -> Option<Vec<u8>> {
    let mut left = Vec::with_capacity(payload.len());
    let mut is_touched = false;
    for record in record::split(payload) {
        let (Ok(record) | Err(record)) = record;
        if let Some(rest) = rest_of(erased, record) {
            is_touched = true;
            left.extend_from_slice(&rest);
        } else {
            left.extend_from_slice(record);
        }
    }
    is_touched.then_some(left)
}

/// What is left of a record; `None` if it stays as it is. What can't be decoded stays, unless all of
/// its person's goes.
fn rest_of(erased: &Erased, record: &[u8]) -> Option<Vec<u8>> {
    if record::owner(record) != Some(erased.user) {
        return None;
    }
    let Some(by) = &erased.by else { return Some(Vec::new()) };
    match record::decode(record) {
        Ok((user, Body::Observations(observations))) => rest_of_observations(user, &observations, by),
        Ok((user, Body::Correction(correction))) => correction
            .is_erased_by(std::iter::once(by))
            .then(|| encode_correction(user, &correction.without_words())),
        Ok((_, Body::Chosen(_))) | Err(_) => None,
    }
}

fn rest_of_observations(user: UserId, observations: &[Observation], by: &Correction) -> Option<Vec<u8>> {
    let erased = by.says.interval()?;
    if observations.iter().all(|observation| observation.interval().clip(erased).is_none()) {
        return None;
    }
    let rest: Vec<_> = observations.iter().flat_map(|observation| cut_out(observation, erased)).collect();
    Some(if rest.is_empty() { Vec::new() } else { encode_observations(user, &rest) })
}

/// What an observation has before and after what is erased.
fn cut_out(observation: &Observation, erased: Interval) -> impl Iterator<Item = Observation> {
    let seen = observation.interval();
    let before = Interval::new(seen.start(), seen.end().min(erased.start()));
    let after = Interval::new(seen.start().max(erased.end()), seen.end());
    [before, after].into_iter().flatten().filter_map(|part| observation.clip(part))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dayline_domain::{CorrectionId, Says, Source, Subject, UtcMs};

    use super::*;

    const ADA: UserId = UserId::from_bits(1);
    const BOB: UserId = UserId::from_bits(2);

    fn interval(start: i64, end: i64) -> Interval {
        Interval::new(UtcMs(start), UtcMs(end)).unwrap()
    }

    fn used(app: &str, start: i64, end: i64) -> Observation {
        let source = Source::new("laptop", app, None).unwrap();
        Observation::new(Arc::new(Subject::from(&*source)), interval(start, end))
    }

    fn sent(user: UserId, observations: &[Observation]) -> Vec<u8> {
        encode_observations(user, observations)
    }

    fn said(user: UserId, version: u64, start: i64, end: i64) -> Vec<u8> {
        encode_correction(user, &entry(version, start, end))
    }

    fn entry(version: u64, start: i64, end: i64) -> Correction {
        let source = Source::new("laptop", "Walk", None).unwrap();
        let says = Says::Entry { interval: interval(start, end), source };
        Correction { id: CorrectionId::from_bits(9), version, says }
    }

    fn erased(start: i64, end: i64) -> Erased {
        let says = Says::Erasure { interval: interval(start, end) };
        Erased { user: ADA, by: Some(Correction { id: CorrectionId::from_bits(5), version: 50, says }) }
    }

    #[test]
    fn of_who_is_gone_nothing_is_left_and_of_others_all() {
        let gone = Erased { user: ADA, by: None };
        let (hers, his) = (sent(ADA, &[used("Code", 0, 9)]), sent(BOB, &[used("Mail", 0, 9)]));
        let payload = [&hers[..], &his, &said(ADA, 3, 0, 9), &said(BOB, 3, 0, 9)].concat();
        assert_eq!(take_out(&gone, &payload), Some([his.clone(), said(BOB, 3, 0, 9)].concat()));
        assert_eq!(take_out(&gone, &his), None);
        // Also of a record that nobody can read; what is cut off is nobody's.
        let mut broken = hers.clone();
        let last = broken.len() - 1;
        broken[last] ^= 0xFF;
        assert_eq!(take_out(&gone, &[&broken[..], &his].concat()), Some(his.clone()));
        assert_eq!(take_out(&gone, &his[..his.len() - 1]), None);
    }

    #[test]
    fn of_observations_the_time_that_an_erasure_names_goes() {
        let hers = sent(ADA, &[used("Code", 0, 20), used("Secret", 12, 15), used("Mail", 20, 30)]);
        let rest = sent(ADA, &[used("Code", 0, 10), used("Code", 18, 20), used("Mail", 20, 30)]);
        assert_eq!(take_out(&erased(10, 18), &hers), Some(rest));
        assert_eq!(take_out(&erased(0, 30), &hers), Some(Vec::new()));
        assert_eq!(take_out(&erased(30, 40), &hers), None);
        assert_eq!(take_out(&erased(0, 30), &sent(BOB, &[used("Code", 0, 20)])), None);
    }

    #[test]
    fn of_an_entry_that_is_erased_its_version_stays() {
        let wordless = encode_correction(ADA, &entry(3, 0, 9).without_words());
        assert_eq!(take_out(&erased(0, 9), &said(ADA, 3, 0, 9)), Some(wordless));
        // It is newer, or counts in part.
        assert_eq!(take_out(&erased(0, 9), &said(ADA, 51, 0, 9)), None);
        assert_eq!(take_out(&erased(0, 8), &said(ADA, 3, 0, 9)), None);
    }
}
