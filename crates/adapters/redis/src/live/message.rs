//! Announced changes as bytes: a version, the node that says it, and of each change user, day,
//! version, time; big end first. A message without changes says that some were dropped.

use dayline_app::ports::DayChanged;
use dayline_domain::{UserId, UtcDay, UtcMs};

const VERSION: u8 = 1;
const NODE: usize = 16;
const CHANGE: usize = 16 + 4 + 8 + 8;

pub(super) fn write(node: &[u8; NODE], changes: &[DayChanged]) -> Vec<u8> {
    let mut message = Vec::with_capacity(1 + NODE + CHANGE * changes.len());
    message.push(VERSION);
    message.extend_from_slice(node);
    for DayChanged { user, day, version, at } in changes {
        message.extend_from_slice(&user.bits().to_be_bytes());
        message.extend_from_slice(&day.0.to_be_bytes());
        message.extend_from_slice(&version.to_be_bytes());
        message.extend_from_slice(&at.0.to_be_bytes());
    }
    message
}

/// Who said it, and what; `None` if it is no such message of this version.
pub(super) fn parse(message: &[u8]) -> Option<([u8; NODE], Vec<DayChanged>)> {
    let (version, rest) = message.split_first()?;
    let (node, rest) = rest.split_first_chunk::<NODE>()?;
    let (changes, beyond) = rest.as_chunks::<CHANGE>();
    (*version == VERSION && beyond.is_empty()).then(|| (*node, changes.iter().map(change).collect()))
}

fn change(bytes: &[u8; CHANGE]) -> DayChanged {
    DayChanged {
        user: UserId::from_bits(u128::from_be_bytes(part(bytes, 0))),
        day: UtcDay(i32::from_be_bytes(part(bytes, 16))),
        version: u64::from_be_bytes(part(bytes, 20)),
        at: UtcMs(i64::from_be_bytes(part(bytes, 28))),
    }
}

fn part<const LENGTH: usize>(bytes: &[u8; CHANGE], start: usize) -> [u8; LENGTH] {
    std::array::from_fn(|at| bytes[start + at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some_changes() -> Vec<DayChanged> {
        vec![
            DayChanged {
                user: UserId::from_bits(u128::MAX - 5),
                day: UtcDay(-1),
                version: u64::MAX,
                at: UtcMs(i64::MIN),
            },
            DayChanged {
                user: UserId::from_bits(7),
                day: UtcDay(20_777),
                version: 3,
                at: UtcMs(1_795_176_000_000),
            },
        ]
    }

    #[test]
    fn changes_survive_their_message() {
        let node = [9; NODE];
        for changes in [vec![], some_changes()] {
            assert_eq!(parse(&write(&node, &changes)), Some((node, changes)));
        }
    }

    #[test]
    fn other_bytes_are_no_message() {
        let message = write(&[9; NODE], &some_changes());
        for length in (0..message.len()).filter(|length| !matches!(length, 17 | 53)) {
            assert_eq!(parse(&message[..length]), None, "{length}");
        }
        let mut later = message.clone();
        later[0] = 2;
        assert_eq!(parse(&later), None);
    }
}
