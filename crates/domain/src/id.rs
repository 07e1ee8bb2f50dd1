//! Identities: 128-bit values, `UUIDv7` by construction of whoever makes them, typed by what they
//! identify.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

/// A 128-bit identity of one kind of thing; two kinds never mix. Shown as a hyphenated lower-case
/// UUID.
pub struct Id<Kind> {
    bits: u128,
    kind: PhantomData<fn() -> Kind>,
}

/// Marks the identity of a person.
pub enum UserKind {}
/// Marks the identity of a session.
pub enum SessionKind {}
/// Marks the identity of an API key.
pub enum ApiKeyKind {}
/// Marks the identity of a report job.
pub enum JobKind {}
/// Marks the identity of a category.
pub enum CategoryKind {}

/// Identity of a person.
pub type UserId = Id<UserKind>;
/// Identity of one device's session.
pub type SessionId = Id<SessionKind>;
/// Identity of an API key (not its secret).
pub type ApiKeyId = Id<ApiKeyKind>;
/// Identity of a report job.
pub type JobId = Id<JobKind>;
/// Identity of a category.
pub type CategoryId = Id<CategoryKind>;

impl<Kind> Id<Kind> {
    /// Wraps the 128 bits of a UUID.
    pub const fn from_bits(bits: u128) -> Self {
        Self { bits, kind: PhantomData }
    }

    /// Builds a `UUIDv7` (RFC 9562, section 5.7) from a time in Unix milliseconds and 10 random
    /// bytes.
    pub fn v7(unix_ms: u64, random: [u8; 10]) -> Self {
        let mut tail = [0; 16];
        tail[6..].copy_from_slice(&random);
        let random = u128::from_be_bytes(tail);
        let time = u128::from(unix_ms & 0xFFFF_FFFF_FFFF) << 80;
        let rand_a = (random >> 64) & 0xFFF;
        let rand_b = random & 0x3FFF_FFFF_FFFF_FFFF;
        Self::from_bits(time | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)
    }

    /// The 128 bits.
    pub const fn bits(self) -> u128 {
        self.bits
    }
}

impl<Kind> Clone for Id<Kind> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<Kind> Copy for Id<Kind> {}
impl<Kind> PartialEq for Id<Kind> {
    fn eq(&self, other: &Self) -> bool {
        self.bits == other.bits
    }
}
impl<Kind> Eq for Id<Kind> {}
impl<Kind> PartialOrd for Id<Kind> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<Kind> Ord for Id<Kind> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bits.cmp(&other.bits)
    }
}
impl<Kind> Hash for Id<Kind> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bits.hash(state);
    }
}

impl<Kind> fmt::Display for Id<Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.bits);
        write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl<Kind> fmt::Debug for Id<Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a hyphenated UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a uuid of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
    }
}

impl std::error::Error for InvalidId {}

impl<Kind> FromStr for Id<Kind> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let bytes = text.as_bytes();
        if bytes.len() != 36 {
            return Err(InvalidId);
        }
        let mut bits = 0u128;
        for (at, &byte) in bytes.iter().enumerate() {
            if matches!(at, 8 | 13 | 18 | 23) {
                if byte != b'-' {
                    return Err(InvalidId);
                }
                continue;
            }
            let digit = (byte as char).to_digit(16).ok_or(InvalidId)?;
            bits = bits << 4 | u128::from(digit);
        }
        Ok(Self::from_bits(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        let id = UserId::v7(1_795_000_000_123, [0xAB; 10]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(&id.to_string()[14..15], "7");
        assert!(matches!(&id.to_string()[19..20], "8" | "9" | "a" | "b"));
    }

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        assert!(UserId::v7(1, [0xFF; 10]) < UserId::v7(2, [0; 10]));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "0192f0c1-0000-7000-8000-00000000000", "0192f0c1-0000-7000-8000-00000000000g"] {
            assert_eq!(text.parse::<UserId>(), Err(InvalidId), "{text}");
        }
    }
}
