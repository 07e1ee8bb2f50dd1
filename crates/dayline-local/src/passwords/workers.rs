//! A few threads that do slow work one piece at a time, and a queue before them that ends.
//! Deliberately absent: what the work is.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::Block;

/// What a worker lends to each piece of work: the same memory again and again, since to get it anew from the
/// system costs a tenth of a hash.
pub(crate) type Memory = Vec<Block>;

/// A piece of work.
pub(crate) type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// The queue is full.
pub(crate) struct Full;

/// A worker without work for so long gives its memory back.
const IDLE: Duration = Duration::from_secs(5);

/// Threads that end when this is dropped and the queue is empty.
pub(crate) struct Workers {
    queue: SyncSender<Job>,
}

impl Workers {
    /// Starts `threads` threads, before which `waiting` pieces of work may wait.
    pub(crate) fn start(threads: usize, waiting: usize) -> io::Result<Self> {
        let (queue, jobs) = sync_channel(waiting);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..threads {
            let jobs = Arc::clone(&jobs);
            let name = format!("passwords-{number}");
            std::thread::Builder::new().name(name).spawn(move || work_on(&jobs))?;
        }
        Ok(Self { queue })
    }

    /// Queues a piece of work, or says at once that there is no room.
    pub(crate) fn queue(&self, job: Job) -> Result<(), Full> {
        self.queue.try_send(job).map_err(|_| Full)
    }
}

fn work_on(jobs: &Mutex<Receiver<Job>>) {
    be_patient();
    let mut memory = Memory::new();
    loop {
        // The lock is held while waiting: then the others wait for the lock instead, which is the same.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(IDLE);
        match job {
            Ok(job) => job(&mut memory),
            Err(RecvTimeoutError::Timeout) => memory = Memory::new(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Lets everything else run first: a hash may take longer, a ping may not.
#[cfg(target_os = "linux")]
fn be_patient() {
    // On Linux the number belongs to the thread. If it can't be had, the bound on threads has to do.
    let _ = rustix::process::nice(10);
}

#[cfg(not(target_os = "linux"))]
fn be_patient() {}
