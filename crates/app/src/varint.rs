//! Numbers in few bytes: seven bits in each, the lowest first; the highest bit says that more
//! follow.

/// Why there is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoNumber {
    /// The bytes end in the middle of it.
    Truncated,
    /// It is larger than any.
    TooLong,
}

/// Appends a number.
pub(crate) fn write(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Reads the number at the front, and leaves `rest` behind it.
#[inline]
pub(crate) fn read(rest: &mut &[u8]) -> Result<u64, NoNumber> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *rest.split_off_first().ok_or(NoNumber::Truncated)?;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(NoNumber::TooLong)
}
