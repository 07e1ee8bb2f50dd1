//! A Redis server of one cluster, in a temporary folder and reached over a socket in it, so that no two tests meet.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::shared::variable;

/// A server that keeps what it acknowledges; killed when dropped.
pub(crate) struct Redis {
    folder: TempDir,
    process: Mutex<Option<Child>>,
}

impl Redis {
    pub(crate) fn start() -> Self {
        let redis = Self::stopped();
        redis.start_again();
        redis
    }

    /// One that is not there yet.
    pub(crate) fn stopped() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), process: Mutex::new(None) }
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// Starts it with what it has in its folder; returns when it answers.
    pub(crate) fn start_again(&self) {
        let child = Command::new(variable("DAYLINE_TEST_REDIS_SERVER"))
            .current_dir(&self.folder)
            .args(["--port", "0", "--unixsocket", "redis.sock", "--save", "", "--appendonly", "yes"])
            .args(["--appendfsync", "always", "--maxmemory-policy", "noeviction"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        *self.process() = Some(child);
        let begin = Instant::now();
        while !self.answers() {
            assert!(begin.elapsed() < Duration::from_secs(20), "redis-server does not answer");
            sleep(Duration::from_millis(5));
        }
    }

    fn answers(&self) -> bool {
        let ask = || {
            let mut connection = UnixStream::connect(self.socket())?;
            connection.write_all(b"PING\r\n")?;
            let mut answer = [0; 5];
            connection.read_exact(&mut answer)?;
            std::io::Result::Ok(&answer == b"+PONG")
        };
        ask().unwrap_or(false)
    }

    /// The process ends at once, whatever it was doing.
    pub(crate) fn kill(&self) {
        self.end(Signal::KILL);
    }

    /// The process ends in order.
    pub(crate) fn stop(&self) {
        self.end(Signal::TERM);
    }

    fn end(&self, signal: Signal) {
        let Some(mut child) = self.process().take() else { return };
        kill_process(Pid::from_child(&child), signal).unwrap();
        child.wait().unwrap();
    }

    /// Every byte of every file it has.
    pub(crate) fn content(&self) -> Vec<u8> {
        let folder = self.folder.path().join("appendonlydir");
        let files = fs::read_dir(folder).unwrap();
        files.flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
