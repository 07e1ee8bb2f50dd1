//! Passwords hashed with argon2id, on a few threads of their own with low priority.

mod hashing;
mod workers;

use std::num::NonZeroUsize;
use std::sync::Arc;

use dayline_app::ports::{PasswordHash, PasswordHasher, PasswordVerdict, PortError, PortFuture, Randomness};
use secrecy::zeroize::Zeroizing;
use tokio::sync::oneshot;

use hashing::Hashing;
use workers::{Job, Workers};

/// How hard a hash is to make, and how many may be made or wait at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Settings {
    /// Memory of a hash in KiB; at least 19,456.
    pub memory_kib: u32,
    /// Passes over it; at least 2.
    pub passes: u32,
    /// Lanes; at least 1. They are filled one after the other.
    pub lanes: u32,
    /// Hashes made at a time, each on a thread of its own that holds `memory_kib` while it has
    /// work; at least 1.
    pub threads: usize,
    /// Hashes that may wait. Beyond that there is no sense in making more people wait.
    pub queue: usize,
}

impl Default for Argon2Settings {
    /// The least that is safe (OWASP), on half the processors so that pings have the rest.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            memory_kib: LEAST_KIB,
            passes: LEAST_PASSES,
            lanes: 1,
            threads: (cores / 2).max(1),
            queue: 512,
        }
    }
}

/// Why no passwords can be hashed. The server does not start then.
#[derive(Debug, thiserror::Error)]
pub enum Argon2Error {
    /// Settings below what is safe, or that argon2 does not know.
    #[error(
        "argon2id needs at least {LEAST_KIB} kib, {LEAST_PASSES} passes, 1 thread, and 1 lane with 8 kib of its own"
    )]
    Settings,
    /// The system gives no thread.
    #[error("no thread for password hashing: {0}")]
    Threads(#[from] std::io::Error),
}

/// OWASP's least for argon2id, together with two passes.
const LEAST_KIB: u32 = 19_456;
const LEAST_PASSES: u32 = 2;

/// Hashes passwords with argon2id.
pub struct Argon2Passwords {
    workers: Workers,
    hashing: Arc<Hashing>,
    randomness: Arc<dyn Randomness>,
}

impl Argon2Passwords {
    /// Starts the threads.
    pub fn new(settings: Argon2Settings, randomness: Arc<dyn Randomness>) -> Result<Self, Argon2Error> {
        let Argon2Settings { memory_kib, passes, lanes, threads, queue } = settings;
        if memory_kib < LEAST_KIB || passes < LEAST_PASSES || threads == 0 {
            return Err(Argon2Error::Settings);
        }
        let hashing = Hashing::new(memory_kib, passes, lanes).ok_or(Argon2Error::Settings)?;
        Ok(Self { workers: Workers::start(threads, queue)?, hashing: Arc::new(hashing), randomness })
    }

    /// Has a worker do the work; gives what it answers.
    fn ask<Answer: Send + 'static>(
        &self,
        work: impl FnOnce(&Hashing, &mut workers::Memory) -> Result<Answer, PortError> + Send + 'static,
    ) -> PortFuture<'_, Answer> {
        let (reply, answer) = oneshot::channel();
        let hashing = Arc::clone(&self.hashing);
        let job: Job = Box::new(move |memory| {
            // Nobody waits any more: a client that has gone must not cost a hash.
            if !reply.is_closed() {
                let _ = reply.send(work(&hashing, memory));
            }
        });
        let queued = self.workers.queue(job);
        Box::pin(async move {
            queued.map_err(|_| PortError::Unavailable("too many passwords wait to be hashed".into()))?;
            answer.await.map_err(|_| PortError::Unavailable("a password hash was given up".into()))?
        })
    }
}

impl PasswordHasher for Argon2Passwords {
    fn hash(&self, password: String) -> PortFuture<'_, PasswordHash> {
        let password = Zeroizing::new(password);
        let mut salt = [0; 16];
        self.randomness.fill(&mut salt);
        self.ask(move |hashing, memory| hashing.hash(&password, salt, memory))
    }

    fn verify(&self, password: String, hash: Option<PasswordHash>) -> PortFuture<'_, PasswordVerdict> {
        let password = Zeroizing::new(password);
        self.ask(move |hashing, memory| hashing.verify(&password, hash.as_ref(), memory))
    }

    fn expect(&self, stored: Vec<PasswordHash>) {
        self.hashing.expect(&stored);
    }
}
