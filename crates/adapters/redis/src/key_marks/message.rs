//! A node's keys as bytes: a version, whether it agreed, since when, the mark of the refresh key,
//! and of each access key its mark, from when it signs and until when it verifies; big end first.

use dayline_domain::UtcMs;
use dayline_domain::identity::node_keys::{KeyMark, MarkedKey, MarkedKeys, NodeKeys};

const VERSION: u8 = 1;
const MARK: usize = 16;
/// Whether there is a time, and which.
const TIME: usize = 1 + 8;
const KEY: usize = MARK + 2 * TIME;

pub(super) fn write(NodeKeys { keys, since, agreed }: &NodeKeys) -> Vec<u8> {
    let mut message = vec![VERSION, u8::from(*agreed)];
    message.extend_from_slice(&since.0.to_be_bytes());
    message.extend_from_slice(&keys.refresh.0.to_be_bytes());
    for MarkedKey { mark, signs_from, retires_at } in &keys.access {
        message.extend_from_slice(&mark.0.to_be_bytes());
        for time in [signs_from, retires_at] {
            message.push(u8::from(time.is_some()));
            message.extend_from_slice(&time.map_or(0, |time| time.0).to_be_bytes());
        }
    }
    message
}

/// `None` if it is no such message of this version.
pub(super) fn parse(message: &[u8]) -> Option<NodeKeys> {
    let (&[version, agreed], rest) = message.split_first_chunk()?;
    let (since, rest) = rest.split_first_chunk()?;
    let (refresh, rest) = rest.split_first_chunk()?;
    let (keys, beyond) = rest.as_chunks::<KEY>();
    if version != VERSION || !beyond.is_empty() {
        return None;
    }
    let access = keys.iter().map(key).collect();
    let keys = MarkedKeys { refresh: KeyMark(u128::from_be_bytes(*refresh)), access };
    Some(NodeKeys { keys, since: UtcMs(i64::from_be_bytes(*since)), agreed: agreed != 0 })
}

fn key(bytes: &[u8; KEY]) -> MarkedKey {
    let time = |start: usize| {
        let at = UtcMs(i64::from_be_bytes(part(bytes, start + 1)));
        (bytes[start] != 0).then_some(at)
    };
    MarkedKey {
        mark: KeyMark(u128::from_be_bytes(part(bytes, 0))),
        signs_from: time(MARK),
        retires_at: time(MARK + TIME),
    }
}

fn part<const LENGTH: usize>(bytes: &[u8; KEY], start: usize) -> [u8; LENGTH] {
    std::array::from_fn(|at| bytes[start + at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_bytes_are_no_message() {
        let key = MarkedKey { mark: KeyMark(7), signs_from: Some(UtcMs(1)), retires_at: None };
        let keys = MarkedKeys { refresh: KeyMark(9), access: vec![key] };
        let node = NodeKeys { keys, since: UtcMs(5), agreed: true };
        let message = write(&node);
        assert_eq!(parse(&message), Some(node));
        let whole = message.len() - KEY;
        for length in (0..message.len()).filter(|&length| length != whole) {
            assert_eq!(parse(&message[..length]), None, "{length}");
        }
        let mut later = message;
        later[0] = 2;
        assert_eq!(parse(&later), None);
    }
}
