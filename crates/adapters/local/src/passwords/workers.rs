//! A few threads that do slow work one piece at a time, and a queue before them that ends.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::Block;

/// What a worker lends to each piece of work: the same memory again and again, since to get it anew
/// from the system costs a tenth of a hash.
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
        // The lock is held while waiting: then the others wait for the lock instead, which is the
        // same.
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
    // On Linux the number belongs to the thread. If it can't be had, the bound on threads has to
    // do.
    let _ = rustix::process::nice(10);
}

#[cfg(not(target_os = "linux"))]
fn be_patient() {}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    #[test]
    fn workers_give_way_to_other_threads_and_leave_their_priority_alone() {
        // Field 19 of the thread's statistics (proc_pid_stat(5)); the name before it may contain
        // spaces.
        let nice = || -> i32 {
            let text = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            let (_, fields) = text.rsplit_once(") ").unwrap();
            fields.split(' ').nth(16).unwrap().parse().unwrap()
        };
        let before = nice();
        let (tell, told) = std::sync::mpsc::channel();
        let workers = super::Workers::start(1, 1).unwrap();
        assert!(workers.queue(Box::new(move |_| tell.send(nice()).unwrap())).is_ok());
        assert_eq!(told.recv().unwrap(), (before + 10).min(19));
        assert_eq!(nice(), before);
    }
}
