//! The log record: how what a person's trackers saw, what the person corrected, and that the
//! person's terms changed, is written into the ping log, version 2. Records of version 1, of the
//! first release, are read too: each of their pings is a use.
//! Not here: checksums and framing of whole log entries (the adapters), and URLs (dropped before).
//!
//! ```text
//! record      := length:u32le  version:u8=2  user:16 bytes  body      length counts what follows it
//! body        := 1 observation+
//!              | 2 correction
//!              | 3 first:zigzag days      the choices changed: settle so many days from the first on
//! observation := subject  start:zigzag, ms since the previous observation's start  length, ms
//! subject     := 0 kind device texts     a subject not seen in this record yet
//!              | n                       the n-th subject of this record, from 1
//! kind, texts := 1 app domain project    use
//!              | 2 browser domain        page that can't be heard
//!              | 3 browser domain        page that can be heard
//!              | 4 app project language  beat; its length is 1
//!              | 5                       away
//!              | 6                       here
//! correction  := id:16 bytes  version  says
//! says        := 1                       nothing: the entry is deleted
//!              | 2 start:zigzag length device app domain project    entry
//!              | 3 start:zigzag length                              erasure
//! ```
//!
//! Numbers are varints, kinds among them; a text is its length and UTF-8, of length 0 where there
//! is none.

mod format;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{Body, RecordError, decode, owner, split};
pub use write::{ObservationsWriter, SeenRef, encode_chosen, encode_correction, encode_observations};

/// Most days that one record says are to be settled by other terms: as many as a worker may do in
/// one step without holding up others.
pub const MAX_DAYS: u16 = 31;
