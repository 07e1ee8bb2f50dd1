//! Unpacks bodies, however much work they are, without keeping requests waiting: what is small at once,
//! the others one after another on a thread that gives way to those which answer requests.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use bytes::Bytes;
use dayline_app::AppError;
use dayline_domain::UserId;
use tokio::sync::oneshot;

use crate::gzip::{self, Failure};
use crate::problem::Problem;
use crate::slots::{NoSlot, SlotGuard, Slots};

/// Bodies of so many packed bytes are unpacked at once, if they become no more than
/// [`SMALL_UNPACKED`]: at most a tenth of a millisecond's work, where each byte is in a block of its own.
const SMALL: usize = 1024;
/// What a small body may become: it needs no more memory than a request brings with its head.
const SMALL_UNPACKED: usize = 16 * 1024;
/// Most larger bodies that are or wait to be unpacked. An honest one takes some milliseconds, and the
/// worst there is about a hundred.
const WAITING: usize = 32;
/// Most of them that are one person's: some devices that catch up at the same time.
const WAITING_PER_PERSON: usize = 4;
/// How much unpacking gives way to requests, as `nice` counts: a tenth of what a request's thread gets
/// when both want more.
#[cfg(target_os = "linux")]
const GIVES_WAY: i32 = 10;

/// The thread, and the bodies before it. The thread ends when this is dropped.
pub(crate) struct Unpacker {
    queue: Sender<Job>,
    places: Arc<Slots>,
}

struct Job {
    packed: Bytes,
    limit: usize,
    answer: oneshot::Sender<Result<Vec<u8>, Failure>>,
    /// Kept until the body is unpacked, whether or not its client still waits.
    place: SlotGuard,
}

/// What a small body was packed from; nothing if it is not small.
pub(crate) fn unpack_small(packed: &[u8], limit: usize) -> Option<Result<Vec<u8>, Failure>> {
    if packed.len() > SMALL {
        return None;
    }
    match gzip::unpack(packed, limit.min(SMALL_UNPACKED)) {
        Err(Failure::TooLarge) if limit > SMALL_UNPACKED => None,
        unpacked => Some(unpacked),
    }
}

impl Unpacker {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub(crate) fn start() -> io::Result<Self> {
        let (queue, jobs) = channel();
        std::thread::Builder::new().name("unpacking".into()).spawn(move || work_on(&jobs))?;
        Ok(Self { queue, places: Slots::new(WAITING, WAITING_PER_PERSON) })
    }

    /// What a person's body was packed from, of at most `limit` bytes.
    ///
    /// # Errors
    /// 429 if the person, 503 if all together have as many bodies waiting as may.
    pub(crate) async fn unpack(
        &self,
        packed: Bytes,
        limit: usize,
        user: UserId,
    ) -> Result<Result<Vec<u8>, Failure>, Problem> {
        let place = self.places.claim(user).map_err(|none| match none {
            NoSlot::OfTheirs => Problem::too_many_packed_bodies(),
            NoSlot::AtAll => AppError::Unavailable("too many packed bodies at once".into()).into(),
        })?;
        let (answer, unpacked) = oneshot::channel();
        let thread_ended = || AppError::Internal("the thread that unpacks bodies has ended".into());
        self.queue.send(Job { packed, limit, answer, place }).map_err(|_| thread_ended())?;
        Ok(unpacked.await.map_err(|_| thread_ended())?)
    }
}

fn work_on(jobs: &Receiver<Job>) {
    give_way();
    for Job { packed, limit, answer, place } in jobs {
        let unpacked = (!answer.is_closed()).then(|| gzip::unpack(&packed, limit));
        // Before the answer, so that whoever sends one body after another needs one place.
        drop(place);
        if let Some(unpacked) = unpacked {
            // Who no longer waits needs no answer.
            let _ = answer.send(unpacked);
        }
    }
}

#[cfg(target_os = "linux")]
fn give_way() {
    // On Linux the number belongs to the thread. If it can't be had, one thread is the bound.
    let _ = rustix::process::nice(GIVES_WAY);
}

#[cfg(not(target_os = "linux"))]
fn give_way() {}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use axum::response::IntoResponse;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http::{StatusCode, header};

    use super::*;

    const LIMIT: usize = 1 << 20;
    const ADA: UserId = UserId::from_bits(1);

    fn packed(plain: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn a_body_is_small_if_it_is_so_packed_and_unpacked() {
        let small = |plain: &[u8], limit| unpack_small(&packed(plain), limit);
        assert_eq!(small(b"{}", LIMIT), Some(Ok(b"{}".to_vec())));
        assert!(matches!(small(&vec![b' '; SMALL_UNPACKED], LIMIT), Some(Ok(_))));
        assert_eq!(small(&vec![b' '; SMALL_UNPACKED + 1], LIMIT), None);
        assert_eq!(small(b"{}", 1), Some(Err(Failure::TooLarge)));
        assert_eq!(unpack_small(&[0; SMALL], LIMIT), Some(Err(Failure::Invalid)));
        assert_eq!(unpack_small(&[0; SMALL + 1], LIMIT), None);
    }

    #[tokio::test]
    async fn a_person_and_all_together_have_so_many_bodies_waiting() {
        let unpacker = Unpacker::start().unwrap();
        let body = packed(&vec![b' '; LIMIT]);
        let refusal = async |user| {
            let refused = unpacker.unpack(body.clone(), LIMIT, user).await.unwrap_err().into_response();
            (refused.status(), refused.headers()[header::RETRY_AFTER].clone())
        };
        let mut waiting: Vec<_> =
            (0..WAITING_PER_PERSON).map(|_| unpacker.places.claim(ADA).ok().unwrap()).collect();
        assert_eq!(refusal(ADA).await, (StatusCode::TOO_MANY_REQUESTS, "1".parse().unwrap()));
        let others =
            (0..WAITING - WAITING_PER_PERSON - 1).map(|number| UserId::from_bits(2 + number as u128));
        waiting.extend(others.map(|user| unpacker.places.claim(user).ok().unwrap()));
        let eve = UserId::from_bits(1_000);
        let plain = unpacker.unpack(body.clone(), LIMIT, eve).await.unwrap().unwrap();
        assert_eq!(plain, vec![b' '; LIMIT]);
        waiting.push(unpacker.places.claim(eve).ok().unwrap());
        assert_eq!(refusal(UserId::from_bits(1_001)).await.0, StatusCode::SERVICE_UNAVAILABLE);
        drop(waiting);
        assert!(unpacker.unpack(body.clone(), LIMIT, ADA).await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_place_is_kept_for_as_long_as_there_is_work_behind_it() {
        let (queue, jobs) = channel();
        let unpacker = Unpacker { queue, places: Slots::new(1, 1) };
        let body = packed(b"{}");
        let mut asked = Box::pin(unpacker.unpack(body.clone(), LIMIT, ADA));
        assert!(futures_util::poll!(asked.as_mut()).is_pending());
        drop(asked);
        assert!(unpacker.unpack(body.clone(), LIMIT, ADA).await.is_err(), "the body still waits");
        assert_eq!(jobs.try_iter().count(), 1);
        assert!(unpacker.places.claim(ADA).is_ok());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn unpacking_gives_way_to_the_threads_that_answer_requests() {
        // Field 19 of the thread's statistics (proc_pid_stat(5)); the name before it may contain spaces.
        let nice = || {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            let after_name = stat.rsplit_once(") ").unwrap().1.to_owned();
            after_name.split(' ').nth(16).unwrap().parse::<i32>().unwrap()
        };
        let before = nice();
        let of_thread = std::thread::spawn(move || {
            let (_, no_jobs) = channel();
            work_on(&no_jobs);
            nice()
        });
        assert_eq!(of_thread.join().unwrap(), (before + GIVES_WAY).min(19));
        assert_eq!(nice(), before);
    }
}
