//! What the process takes from the system: threads and open files. All threads of the server are decided on here.
//!
//! Requests share a runtime of several threads. Workers have one of their own, so that a long step of theirs never
//! keeps a request waiting; so do the ping log's writer and SQLite's connections, in their adapter.

use std::process::exit;

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::runtime::{Builder, Runtime};

use dayline_cli_kit::failure::Failure;

/// Files that are not connections: data, logs, the runtime's own.
const OTHER_FILES: u64 = 128;
/// How much workers give way to requests, as `nice` counts: a tenth of what a request's thread gets when both want more
/// than there is. That is still some times what processing takes of the time of accepting.
const WORKERS_GIVE_WAY: i32 = 10;
/// After how many tasks a request's thread looks for requests that have arrived. With the runtime's 61 a commit finds
/// fewer of them waiting: 16 and 64 connections got a tenth less (docs/benchmarks.md, "Single pings").
const TASKS_BETWEEN_ARRIVALS: u32 = 16;
/// Every how many tasks a request's thread takes one that no thread has for its own. More than fit a thread's own queue, 256,
/// go there, and would wait until there is nothing else to do; with 1 it is the others that starve.
const TASKS_BETWEEN_SHARED: u32 = 2;
/// The exit code after the disk failed.
const DISK_FAILED: i32 = 3;

/// The runtime that requests are answered on.
pub(super) fn runtime(threads: Option<u16>) -> Result<Runtime, Failure> {
    let mut builder = Builder::new_multi_thread();
    if let Some(threads) = threads {
        builder.worker_threads(usize::from(threads));
    }
    builder.event_interval(TASKS_BETWEEN_ARRIVALS).global_queue_interval(TASKS_BETWEEN_SHARED);
    builder.thread_name("dayline-http").enable_all().build().map_err(no_threads)
}

/// The runtime of the workers: as many threads as can have work. They give way to requests, so that a worker with much
/// to catch up on keeps nobody waiting; on Linux that is a thread's own, elsewhere it may fail.
pub(super) fn worker_runtime(partitions: u32, threads: Option<u16>) -> Result<Runtime, Failure> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.map_or(processors, usize::from).min(partitions as usize).max(1);
    let mut builder = Builder::new_multi_thread();
    let give_way = || {
        let _ = rustix::process::nice(WORKERS_GIVE_WAY);
    };
    builder.worker_threads(threads).thread_name("dayline-worker").on_thread_start(give_way);
    builder.enable_all().build().map_err(no_threads)
}

/// The runtime of the worker of report jobs, on the thread that asks for it.
pub(super) fn report_runtime() -> Result<Runtime, Failure> {
    Builder::new_current_thread().enable_all().build().map_err(no_threads)
}

pub(super) fn no_threads(error: impl std::fmt::Display) -> Failure {
    Failure::new(format!("can't start threads: {error}"))
}

/// How many connections this process may have open at a time. Many systems give a process 1,024 open files and let
/// it ask for more, so it does.
pub(super) fn connections_possible() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::warn!(%error, "can't raise the number of open files");
        }
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(files.saturating_sub(OTHER_FILES).max(1)).unwrap_or(usize::MAX)
}

/// Ends the process at once: what the disk says can't be relied on any more, so nothing may be promised. Everything
/// that was acknowledged is found again at the next start.
pub(super) fn disk_failed(why: &str) {
    tracing::error!(why, "the disk failed, stopping at once");
    exit(DISK_FAILED);
}
