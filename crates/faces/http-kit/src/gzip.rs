//! Unpacks gzip with bounded work and memory: what it grows to is bounded like a body on the wire, and
//! so is what it may be made of. What a compressor would never make can still take a hundred times as
//! long as what it would: so bodies are unpacked in turns, a little of one body at a time, and never
//! more of a processor than one of them.

use std::io::{self, BufRead, Read};

use bytes::Bytes;
use flate2::bufread::GzDecoder;
use tokio::sync::Semaphore;

use crate::budget::{Exhausted, Permit};

/// Most members of a body: clients that gather what they compressed piece by piece have a few.
const MAX_MEMBERS: usize = 16;
/// Memory is taken for so many bytes at a time.
const STEP: usize = 16 * 1024;
/// So many packed bytes are looked at in one turn, which gives at most a step: some microseconds'
/// work, or a tenth of a millisecond's where each byte is in a block of its own.
const TURN: usize = 1024;
/// By so many bytes a body may be larger packed than unpacked. What no compressor gains anything by,
/// such as blocks that hold nothing, costs work all the same.
const MAX_LOSS: usize = STEP + 16 * 1024;

/// Why a body can't be unpacked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It is not gzip, or gzip that no client makes.
    Invalid,
    /// It is larger than it may be.
    TooLarge,
    /// There is no memory left for it.
    NoMemory,
}

impl From<Exhausted> for Failure {
    fn from(Exhausted: Exhausted) -> Self {
        Self::NoMemory
    }
}

impl From<io::Error> for Failure {
    fn from(_: io::Error) -> Self {
        Self::Invalid
    }
}

/// Unpacks at most `limit` bytes. Memory is taken from the budget before it is used. Others get their
/// turns in between.
pub(crate) async fn unpack(
    packed: &[u8],
    limit: usize,
    permit: &mut Permit<'_>,
    turns: &Semaphore,
) -> Result<Bytes, Failure> {
    let mut input = Metered { packed, consumed: 0, produced: 0, turn_end: 0 };
    let mut plain = Vec::new();
    for _ in 0..MAX_MEMBERS {
        let before = plain.len();
        member(&mut input, limit, &mut plain, permit, turns).await?;
        if plain.len() == before {
            return Err(Failure::Invalid);
        }
        if input.is_empty() {
            return Ok(plain.into());
        }
    }
    Err(Failure::Invalid)
}

async fn member(
    input: &mut Metered<'_>,
    limit: usize,
    plain: &mut Vec<u8>,
    permit: &mut Permit<'_>,
    turns: &Semaphore,
) -> Result<(), Failure> {
    let mut decoder = GzDecoder::new(input);
    loop {
        // Nobody closes it, and without a turn it would be done all the same.
        let turn = turns.acquire().await;
        let input = decoder.get_mut();
        input.turn_end = input.consumed + TURN;
        if plain.capacity() == plain.len() {
            permit.extend(STEP)?;
            plain.reserve_exact(STEP);
        }
        let start = plain.len();
        plain.resize(plain.capacity().min(start + STEP), 0);
        let read = decoder.read(&mut plain[start..]);
        plain.truncate(start + *read.as_ref().unwrap_or(&0));
        decoder.get_mut().produced = plain.len();
        if plain.len() > limit {
            return Err(Failure::TooLarge);
        }
        match read {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error.into()),
            Ok(_) | Err(_) => drop(turn),
        }
        tokio::task::yield_now().await;
    }
}

/// The packed bytes, which end in an error when too little comes of them, and make the decoder come
/// back when a turn is over.
struct Metered<'a> {
    packed: &'a [u8],
    consumed: usize,
    produced: usize,
    /// Where in `packed` the turn ends.
    turn_end: usize,
}

impl Metered<'_> {
    fn is_empty(&self) -> bool {
        self.consumed == self.packed.len()
    }
}

impl BufRead for Metered<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = &self.packed[self.consumed..];
        let may_be_lost = (self.produced + MAX_LOSS).saturating_sub(self.consumed);
        if may_be_lost == 0 && !left.is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let in_turn = self.turn_end.saturating_sub(self.consumed);
        if in_turn == 0 && !left.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(&left[..left.len().min(may_be_lost).min(in_turn)])
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
    use std::pin::pin;
    use std::sync::Arc;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use futures_util::poll;

    use super::*;
    use crate::budget::Budget;

    const LIMIT: usize = 1 << 20;

    fn packed(plain: &[u8], level: Compression) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), level);
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    async fn unpacked(packed: &[u8]) -> Result<Vec<u8>, Failure> {
        let (budget, turns) = (Budget::new(4 << 20), Semaphore::new(1));
        unpack(packed, LIMIT, &mut budget.none(), &turns).await.map(|plain| plain.to_vec())
    }

    /// As many blocks as there are bytes in it.
    fn in_tiny_blocks(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        for byte in plain {
            encoder.write_all(&[*byte]).unwrap();
            encoder.flush().unwrap();
        }
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

    #[tokio::test]
    async fn what_was_packed_is_unpacked_however_well_it_could_be() {
        for plain in [b"{}".to_vec(), vec![b'a'; LIMIT], noise(LIMIT)] {
            for level in [Compression::none(), Compression::fast(), Compression::best()] {
                assert_eq!(unpacked(&packed(&plain, level)).await.unwrap(), plain);
            }
        }
    }

    #[tokio::test]
    async fn a_body_has_a_few_members_and_none_is_empty() {
        let one = packed(b"x", Compression::fast());
        assert_eq!(unpacked(&one.repeat(16)).await.unwrap(), b"x".repeat(16));
        assert!(matches!(unpacked(&one.repeat(17)).await, Err(Failure::Invalid)));
        let empty = packed(b"", Compression::fast());
        for body in
            [empty.clone(), [&empty[..], &one].concat(), [&one[..], &empty, &one].concat(), Vec::new()]
        {
            assert!(matches!(unpacked(&body).await, Err(Failure::Invalid)));
        }
    }

    #[tokio::test]
    async fn blocks_that_hold_nothing_are_not_worked_through() {
        assert_eq!(unpacked(&with_empty_blocks(100)).await.unwrap(), b"{}");
        assert!(matches!(unpacked(&with_empty_blocks(10_000)).await, Err(Failure::Invalid)));
        let budget = Budget::new(4 << 20);
        let many = with_empty_blocks(200_000);
        let mut input = Metered { packed: &many, consumed: 0, produced: 0, turn_end: 0 };
        let turns = Semaphore::new(1);
        assert!(member(&mut input, LIMIT, &mut Vec::new(), &mut budget.none(), &turns).await.is_err());
        assert_eq!(input.consumed, MAX_LOSS);
    }

    #[tokio::test]
    async fn a_bomb_is_too_large_and_uses_no_more_memory_than_it_was_given() {
        let bomb = packed(&vec![0; 100 << 20], Compression::best());
        assert!(matches!(unpacked(&bomb).await, Err(Failure::TooLarge)));
        let budget = Budget::new(10 * STEP);
        let mut permit = budget.none();
        assert!(matches!(
            unpack(&bomb, LIMIT, &mut permit, &Semaphore::new(1)).await,
            Err(Failure::NoMemory)
        ));
        drop(permit);
        assert!(budget.none().extend(10 * STEP).is_ok());
    }

    #[tokio::test]
    async fn a_body_that_is_much_work_lets_others_have_their_turns() {
        let turns = Arc::new(Semaphore::new(1));
        let (slow, quick) = (in_tiny_blocks(&[b' '; 4_000]), packed(b"{}", Compression::best()));
        let done = |body: Vec<u8>| {
            let turns = Arc::clone(&turns);
            async move {
                let budget = Budget::new(4 << 20);
                unpack(&body, LIMIT, &mut budget.none(), &turns).await.unwrap();
            }
        };
        let mut slow = pin!(done(slow));
        assert!(poll!(slow.as_mut()).is_pending(), "all of it in one turn");
        done(quick).await;
        slow.await;
    }

    #[tokio::test]
    async fn what_is_cut_off_or_followed_by_something_else_is_no_gzip() {
        let whole = packed(b"some text", Compression::best());
        for end in 0..whole.len() {
            assert!(matches!(unpacked(&whole[..end]).await, Err(Failure::Invalid)), "{end}");
        }
        assert!(matches!(unpacked(&[&whole[..], b"xx"].concat()).await, Err(Failure::Invalid)));
    }
}
