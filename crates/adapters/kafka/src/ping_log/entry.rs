//! What a record in Kafka looks like, which is an entry of the log: records of pings one after
//! another, then their CRC-32 and the format's version. Not here: the records themselves
//! (`dayline_app::tracking::record`).

use dayline_app::ports::{LogEntry, Payload, Position};

const VERSION: u8 = 1;
const TRAILER: usize = 5;

/// Ends an entry of records.
pub(super) fn seal(records: &mut Vec<u8>) {
    let crc = crc32fast::hash(records);
    records.extend_from_slice(&crc.to_le_bytes());
    records.push(VERSION);
}

/// How many bytes of a sealed entry are records.
pub(super) fn records_len(sealed: &[u8]) -> usize {
    sealed.len().saturating_sub(TRAILER)
}

/// How many bytes an entry's payload has.
pub(super) fn len(entry: &LogEntry) -> usize {
    match &entry.payload {
        Payload::Records(bytes) | Payload::Damaged { bytes, .. } => bytes.len(),
    }
}

/// What was sealed; damage if that is not what was sealed.
pub(super) fn open(bytes: Vec<u8>, position: Position) -> LogEntry {
    LogEntry { position, payload: payload(bytes, position) }
}

fn payload(mut bytes: Vec<u8>, position: Position) -> Payload {
    let damaged = |bytes, what: &str| {
        let reason = format!("ping log entry {position} {what}");
        Payload::Damaged { bytes, reason }
    };
    let Some((records, trailer)) = bytes.split_last_chunk::<TRAILER>() else {
        return damaged(bytes, "is too short");
    };
    let [a, b, c, d, version] = *trailer;
    if version != VERSION {
        return damaged(bytes, &format!("has the unknown format {version}"));
    }
    if crc32fast::hash(records) != u32::from_le_bytes([a, b, c, d]) {
        return damaged(bytes, "has a wrong checksum");
    }
    bytes.truncate(bytes.len() - TRAILER);
    Payload::Records(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Position = Position { major: 5, minor: 7 };

    fn sealed(records: &[u8]) -> Vec<u8> {
        let mut entry = records.to_vec();
        seal(&mut entry);
        entry
    }

    #[test]
    fn a_sealed_entry_reads_as_its_records_and_position() {
        let entry = sealed(b"abc");
        assert_eq!(records_len(&entry), 3);
        assert_eq!(open(entry, AT), LogEntry { position: AT, payload: Payload::Records(b"abc".to_vec()) });
    }

    #[test]
    fn any_changed_or_missing_byte_is_damage() {
        let entry = sealed(b"some records");
        for at in 0..entry.len() {
            let mut changed = entry.clone();
            changed[at] ^= 1;
            let read = open(changed.clone(), AT).payload;
            assert!(matches!(read, Payload::Damaged { bytes, .. } if bytes == changed), "{at}");
            let read = open(entry[..at].to_vec(), AT).payload;
            assert!(matches!(read, Payload::Damaged { .. }), "{at}");
        }
    }
}
