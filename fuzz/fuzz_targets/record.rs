//! Log records: whatever the bytes, decoding answers, and what it reads survives being written again.

#![no_main]

use dayline_app::tracking::record::{self, Body};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let parts: Vec<&[u8]> = record::split(bytes).map(|part| part.unwrap_or_else(|rest| rest)).collect();
    assert_eq!(parts.concat(), bytes, "splitting neither loses nor invents a byte");
    for record in parts.into_iter().chain([bytes]) {
        let Ok((user, body)) = record::decode(record) else { continue };
        assert_eq!(record::owner(record), Some(user));
        let again = match &body {
            Body::Observations(observations) => record::encode_observations(user, observations),
            Body::Correction(correction) => record::encode_correction(user, correction),
            Body::Chosen(days) => {
                let Some(first) = days.first() else { continue };
                record::encode_chosen(user, *first, days.len() as u16)
            }
        };
        assert_eq!(record::decode(&again), Ok((user, body)));
        assert_eq!(record::split(&again).collect::<Vec<_>>(), [Ok(&again[..])], "its length is its own");
    }
});
