//! Log records: whatever the bytes, decoding answers, and what it reads survives being written again.

#![no_main]

use dayline_app::tracking::record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let parts: Vec<&[u8]> = record::split(bytes).map(|part| part.unwrap_or_else(|rest| rest)).collect();
    assert_eq!(parts.concat(), bytes, "splitting neither loses nor invents a byte");
    for record in parts.into_iter().chain([bytes]) {
        let Ok((user, pings)) = record::decode(record) else { continue };
        assert_eq!(record::owner(record), Some(user));
        let again = record::encode(user, &pings);
        assert_eq!(record::decode(&again), Ok((user, pings)));
        assert_eq!(record::split(&again).collect::<Vec<_>>(), [Ok(&again[..])], "its length is its own");
    }
});
