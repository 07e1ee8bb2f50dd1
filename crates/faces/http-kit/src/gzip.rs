//! Unpacks gzip with bounded work and memory: what it grows to is bounded like a body on the wire, and
//! so is what it may be made of. What a compressor would never make can still take a hundred times as
//! long as what it would. Not here: whose processor does it (see [`crate::unpacker`]).

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// Most members of a body: clients that gather what they compressed piece by piece have a few.
const MAX_MEMBERS: usize = 16;
/// So many bytes are unpacked at a time.
const STEP: usize = 16 * 1024;
/// By so many bytes, and an eighth, a body may be larger packed than unpacked: the fastest compressors
/// make noise larger by a twentieth. What none gains anything by, such as blocks that hold nothing, costs
/// work all the same.
const MAX_LOSS: usize = STEP + 16 * 1024;

/// Why a body can't be unpacked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It is not gzip, or gzip that no client makes.
    Invalid,
    /// It is larger than it may be.
    TooLarge,
}

impl From<io::Error> for Failure {
    fn from(_: io::Error) -> Self {
        Self::Invalid
    }
}

/// Unpacks at most `limit` bytes, and uses no more memory than that and a step.
pub(crate) fn unpack(packed: &[u8], limit: usize) -> Result<Vec<u8>, Failure> {
    let mut input = Metered { packed, consumed: 0, produced: 0 };
    let mut plain = Vec::new();
    for _ in 0..MAX_MEMBERS {
        let before = plain.len();
        member(&mut input, limit, &mut plain)?;
        if plain.len() == before {
            return Err(Failure::Invalid);
        }
        if input.is_empty() {
            return Ok(plain);
        }
    }
    Err(Failure::Invalid)
}

fn member(input: &mut Metered<'_>, limit: usize, plain: &mut Vec<u8>) -> Result<(), Failure> {
    let mut decoder = GzDecoder::new(input);
    let mut step = [0; STEP];
    loop {
        let bytes = decoder.read(&mut step)?;
        let unpacked = &step[..bytes];
        if unpacked.is_empty() {
            return Ok(());
        }
        if plain.len() + unpacked.len() > limit {
            return Err(Failure::TooLarge);
        }
        if plain.capacity() - plain.len() < unpacked.len() {
            // Twice as much each time, but never more than it may become.
            plain.reserve_exact(plain.len().max(STEP).min(limit - plain.len()));
        }
        plain.extend_from_slice(unpacked);
        decoder.get_mut().produced = plain.len();
    }
}

/// The packed bytes, which end in an error when too little comes of them.
struct Metered<'a> {
    packed: &'a [u8],
    consumed: usize,
    produced: usize,
}

impl Metered<'_> {
    fn is_empty(&self) -> bool {
        self.consumed == self.packed.len()
    }
}

impl BufRead for Metered<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = &self.packed[self.consumed..];
        let may_be_lost = (self.produced + self.produced / 8 + MAX_LOSS).saturating_sub(self.consumed);
        if may_be_lost == 0 && !left.is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(&left[..left.len().min(may_be_lost)])
    }

    fn consume(&mut self, bytes: usize) {
        self.consumed += bytes;
    }
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const LIMIT: usize = 1 << 20;

    fn packed(plain: &[u8], level: Compression) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), level);
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    /// Bytes that nothing can compress.
    fn noise(bytes: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        (0..bytes).map(|_| next()).collect()
    }

    /// A member whose deflate data is `blocks` times a block without content, then some content.
    fn with_empty_blocks(blocks: usize) -> Vec<u8> {
        let honest = packed(b"{}", Compression::none());
        let (header, rest) = honest.split_at(10);
        [header, &[0, 0, 0, 0xff, 0xff].repeat(blocks), rest].concat()
    }

    #[test]
    fn what_was_packed_is_unpacked_however_well_it_could_be() {
        for plain in [b"{}".to_vec(), vec![b'a'; LIMIT], noise(LIMIT)] {
            for level in [Compression::none(), Compression::fast(), Compression::best()] {
                assert_eq!(unpack(&packed(&plain, level), LIMIT).unwrap(), plain);
            }
        }
    }

    #[test]
    fn a_body_has_a_few_members_and_none_is_empty() {
        let one = packed(b"x", Compression::fast());
        assert_eq!(unpack(&one.repeat(16), LIMIT).unwrap(), b"x".repeat(16));
        assert!(matches!(unpack(&one.repeat(17), LIMIT), Err(Failure::Invalid)));
        let empty = packed(b"", Compression::fast());
        for body in
            [empty.clone(), [&empty[..], &one].concat(), [&one[..], &empty, &one].concat(), Vec::new()]
        {
            assert!(matches!(unpack(&body, LIMIT), Err(Failure::Invalid)));
        }
    }

    #[test]
    fn blocks_that_hold_nothing_are_not_worked_through() {
        assert_eq!(unpack(&with_empty_blocks(100), LIMIT).unwrap(), b"{}");
        assert!(matches!(unpack(&with_empty_blocks(10_000), LIMIT), Err(Failure::Invalid)));
        let many = with_empty_blocks(200_000);
        let mut input = Metered { packed: &many, consumed: 0, produced: 0 };
        assert!(member(&mut input, LIMIT, &mut Vec::new()).is_err());
        assert_eq!(input.consumed, MAX_LOSS);
    }

    #[test]
    fn a_bomb_is_too_large_and_what_is_as_large_as_may_be_uses_no_more_memory_than_that() {
        let bomb = packed(&vec![0; 100 << 20], Compression::best());
        assert_eq!(unpack(&bomb, LIMIT), Err(Failure::TooLarge));
        for limit in [1, STEP - 1, STEP, STEP + 1, LIMIT - 1, LIMIT] {
            let plain = unpack(&packed(&vec![0; limit], Compression::best()), limit).unwrap();
            assert_eq!((plain.len(), plain.capacity()), (limit, limit));
            let more = packed(&vec![0; limit + 1], Compression::best());
            assert_eq!(unpack(&more, limit), Err(Failure::TooLarge));
        }
    }

    #[test]
    fn what_is_cut_off_or_followed_by_something_else_is_no_gzip() {
        let whole = packed(b"some text", Compression::best());
        for end in 0..whole.len() {
            assert!(matches!(unpack(&whole[..end], LIMIT), Err(Failure::Invalid)), "{end}");
        }
        assert!(matches!(unpack(&[&whole[..], b"xx"].concat(), LIMIT), Err(Failure::Invalid)));
    }
}
