//! The numbers of the format, which is told at [`super`].

pub(super) const VERSION: u8 = 2;
/// Pings only: the version of the first release.
pub(super) const VERSION_OF_PINGS: u8 = 1;
pub(super) const LENGTH: usize = 4;
pub(super) const HEADER: usize = LENGTH + 1 + 16;

pub(super) const OBSERVATIONS: u64 = 1;
pub(super) const CORRECTION: u64 = 2;
pub(super) const CHOSEN: u64 = 3;

pub(super) const USE: u64 = 1;
pub(super) const SILENT_PAGE: u64 = 2;
pub(super) const AUDIBLE_PAGE: u64 = 3;
pub(super) const BEAT: u64 = 4;
pub(super) const AWAY: u64 = 5;
pub(super) const HERE: u64 = 6;

pub(super) const NOTHING: u64 = 1;
pub(super) const ENTRY: u64 = 2;
pub(super) const ERASURE: u64 = 3;

/// A signed number as an unsigned one that is small when it is near 0.
pub(super) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

pub(super) fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
