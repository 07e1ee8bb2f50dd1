//! A connection pool: threads that own connections and do the calls sent to them, so that no async
//! thread ever waits for a disk.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use dayline_app::ports::PortError;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::failure::Failure;

/// How many calls may wait for a pool. More is overload, and refused at once.
pub(super) const WAITING: usize = 1024;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Some threads, each with a connection of its own, that take calls from one queue.
#[derive(Debug)]
pub(crate) struct ConnectionPool {
    /// `None` only while it is dropped.
    jobs: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl ConnectionPool {
    /// Starts a thread per connection. They give way to other threads by so much, as `nice` counts.
    pub(crate) fn start(name: &str, connections: Vec<Connection>, give_way: i32) -> io::Result<Self> {
        let (sender, receiver) = mpsc::sync_channel(WAITING);
        let mut pool = Self { jobs: Some(sender), threads: Vec::new() };
        let queue = Arc::new(Mutex::new(receiver));
        for connection in connections {
            let queue = Arc::clone(&queue);
            let thread = thread::Builder::new().name(name.to_owned());
            let run = move || {
                be_patient(give_way);
                work(&queue, connection);
            };
            pool.threads.push(thread.spawn(run)?);
        }
        Ok(pool)
    }

    /// Does a call on one of the threads. A call that nobody waits for any more is not begun.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, PortError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            if reply.is_closed() {
                return;
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| call(connection).map_err(PortError::from)));
            // Whoever asked may be gone by now; then the answer is nobody's.
            let _ = reply.send(outcome.unwrap_or_else(|panic| Err(panicked(&*panic))));
        });
        let stopped = || PortError::Unavailable("the database is closed".to_owned());
        match self.jobs.as_ref().ok_or_else(stopped)?.try_send(job) {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(stopped())),
            Err(TrySendError::Full(_)) => {
                Err(PortError::Unavailable(format!("more than {WAITING} calls wait for the database")))
            }
            Err(TrySendError::Disconnected(_)) => Err(stopped()),
        }
    }
}

/// Finishes the calls already sent, then closes the connections.
impl Drop for ConnectionPool {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A job's panic is caught, so that there is nothing a thread could report.
            let _ = thread.join();
        }
    }
}

fn work(queue: &Mutex<Receiver<Job>>, mut connection: Connection) {
    loop {
        // One thread waits inside the lock and the others for it: whoever has a job is out of it at
        // once.
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(&mut connection),
            Err(_) => return,
        }
    }
}

#[cfg(target_os = "linux")]
fn be_patient(give_way: i32) {
    // On Linux the number belongs to the thread. If it can't be had, calls take what they get.
    let _ = rustix::process::nice(give_way);
}

#[cfg(not(target_os = "linux"))]
fn be_patient(_: i32) {}

/// A call that panicked is a bug; its transaction was rolled back while it unwound.
fn panicked(panic: &(dyn Any + Send)) -> PortError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    PortError::Unavailable(format!("a database call panicked: {text}"))
}
