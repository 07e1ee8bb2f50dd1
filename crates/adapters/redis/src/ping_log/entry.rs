//! What an entry of the stream looks like: records one after another, then their CRC-32 and the
//! format's version. Not here: the records themselves (`dayline_app::tracking::record`).

use dayline_app::ports::{LogEntry, Payload, PortError, Position};
use redis::Value;

/// The field of a stream's entry that holds it.
pub(super) const FIELD: &str = "e";
const VERSION: u8 = 1;
const TRAILER: usize = 5;

/// Ends an entry of records.
pub(super) fn seal(records: &mut Vec<u8>) {
    let crc = checksum(records);
    records.extend_from_slice(&crc.to_le_bytes());
    records.push(VERSION);
}

/// How many bytes of a sealed entry are records.
pub(super) fn records_len(sealed: &[u8]) -> usize {
    sealed.len().saturating_sub(TRAILER)
}

fn checksum(records: &[u8]) -> u32 {
    crc32fast::hash(records)
}

/// The entries in what `XRANGE` answers.
pub(super) fn parse_range(range: Value) -> Result<Vec<LogEntry>, PortError> {
    let Value::Array(entries) = range else { return Err(unexpected("a range that is no list")) };
    entries.into_iter().map(parse).collect()
}

fn parse(entry: Value) -> Result<LogEntry, PortError> {
    let Value::Array(parts) = entry else { return Err(unexpected("an entry that is no list")) };
    let Ok([Value::BulkString(id), Value::Array(fields)]) = <[Value; 2]>::try_from(parts) else {
        return Err(unexpected("an entry without id and fields"));
    };
    let position = parse_id(&id).ok_or_else(|| unexpected("an entry whose id is none"))?;
    Ok(LogEntry { position, payload: parse_fields(fields, position) })
}

fn unexpected(what: &str) -> PortError {
    PortError::Corrupt(format!("redis answered {what}"))
}

/// A position as Redis writes it.
pub(super) fn parse_id(id: &[u8]) -> Option<Position> {
    let (major, minor) = std::str::from_utf8(id).ok()?.split_once('-')?;
    Some(Position { major: major.parse().ok()?, minor: minor.parse().ok()? })
}

fn parse_fields(fields: Vec<Value>, position: Position) -> Payload {
    match <[Value; 2]>::try_from(fields) {
        Ok([Value::BulkString(name), Value::BulkString(entry)]) if name == FIELD.as_bytes() => {
            open(entry, position)
        }
        Ok(other) => foreign(Vec::from(other), position),
        Err(other) => foreign(other, position),
    }
}

fn open(mut bytes: Vec<u8>, position: Position) -> Payload {
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
    if checksum(records) != u32::from_le_bytes([a, b, c, d]) {
        return damaged(bytes, "has a wrong checksum");
    }
    bytes.truncate(bytes.len() - TRAILER);
    Payload::Records(bytes)
}

fn foreign(fields: Vec<Value>, position: Position) -> Payload {
    let mut bytes = Vec::new();
    for field in fields {
        if let Value::BulkString(field) = field {
            bytes.extend_from_slice(&field);
        }
    }
    Payload::Damaged { bytes, reason: format!("ping log entry {position} was not written by dayline") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Position = Position { major: 5, minor: 7 };

    fn bulk(bytes: &[u8]) -> Value {
        Value::BulkString(bytes.to_vec())
    }

    fn range(fields: Vec<Value>) -> Value {
        Value::Array(vec![Value::Array(vec![bulk(b"5-7"), Value::Array(fields)])])
    }

    fn read(entry: &[u8]) -> Payload {
        parse_range(range(vec![bulk(FIELD.as_bytes()), bulk(entry)])).unwrap().remove(0).payload
    }

    fn sealed(records: &[u8]) -> Vec<u8> {
        let mut entry = records.to_vec();
        seal(&mut entry);
        entry
    }

    #[test]
    fn a_sealed_entry_reads_as_its_records_and_position() {
        let entry = sealed(b"abc");
        assert_eq!(records_len(&entry), 3);
        let read = parse_range(range(vec![bulk(FIELD.as_bytes()), bulk(&entry)])).unwrap();
        assert_eq!(read, [LogEntry { position: AT, payload: Payload::Records(b"abc".to_vec()) }]);
    }

    #[test]
    fn any_changed_or_missing_byte_is_damage() {
        let entry = sealed(b"some records");
        for at in 0..entry.len() {
            let mut changed = entry.clone();
            changed[at] ^= 1;
            assert!(matches!(read(&changed), Payload::Damaged { bytes, .. } if bytes == changed), "{at}");
            assert!(matches!(read(&entry[..at]), Payload::Damaged { .. }), "{at}");
        }
    }

    #[test]
    fn what_others_wrote_is_damage_with_all_its_bytes() {
        for fields in [
            vec![bulk(b"a"), bulk(b"b")],
            vec![bulk(b"a"), bulk(b"b"), bulk(b"c"), bulk(b"d")],
            vec![bulk(b"a"), Value::Nil],
        ] {
            let bytes: Vec<u8> = fields
                .iter()
                .flat_map(|field| match field {
                    Value::BulkString(bytes) => bytes.clone(),
                    _ => Vec::new(),
                })
                .collect();
            let payload = parse_range(range(fields)).unwrap().remove(0).payload;
            let reason = "ping log entry 5-7 was not written by dayline".to_owned();
            assert_eq!(payload, Payload::Damaged { bytes, reason });
        }
    }

    #[test]
    fn answers_that_are_no_ranges_are_errors() {
        for value in [
            Value::Nil,
            Value::Array(vec![Value::Nil]),
            Value::Array(vec![Value::Array(vec![bulk(b"5-7")])]),
            Value::Array(vec![Value::Array(vec![bulk(b"5"), Value::Array(vec![])])]),
            Value::Array(vec![Value::Array(vec![bulk(b"x-y"), Value::Array(vec![])])]),
        ] {
            assert!(matches!(parse_range(value), Err(PortError::Corrupt(_))));
        }
    }
}
