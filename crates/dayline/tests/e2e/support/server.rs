//! A server process in a place of its own.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_dayline");

/// How long a server may take to be ready before the test fails.
const START: Duration = Duration::from_secs(20);

/// A folder with everything a server leaves behind; wiped at the end.
pub(crate) struct Place {
    folder: TempDir,
    /// The same for all servers of this place, so that clients find them again.
    address: SocketAddr,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            address: format!("127.0.0.1:{}", free_port()).parse().unwrap(),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Everything that all servers of this place wrote to standard output and standard error.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(self.log_file()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Starts a server and waits until it is ready.
    pub(crate) fn start(&self, options: &[&str]) -> Server {
        let mut server = self.spawn(options);
        server.wait_until_ready();
        server
    }

    /// Starts a server and does not wait.
    pub(crate) fn spawn(&self, options: &[&str]) -> Server {
        self.spawn_with(options, &[])
    }

    /// Starts a server with these environment variables and does not wait.
    pub(crate) fn spawn_with(&self, options: &[&str], variables: &[(&str, String)]) -> Server {
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        let child = Command::new(PROGRAM)
            .arg("serve")
            .args(["--listen", &self.address.to_string()])
            .arg("--data")
            .arg(self.data())
            .args(options)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Server { child, address: self.address, log: self.log_file(), began: Instant::now(), ended: None }
    }
}

/// A port that nobody uses. Below the ports that systems give to connections, so that none takes it between two
/// servers of a place.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        // Test processes that run at the same time start at different places.
        let port =
            20_000 + (std::process::id() as u16 % 100) * 100 + NEXT.fetch_add(1, Ordering::Relaxed) % 100;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
    began: Instant,
    ended: Option<ExitStatus>,
}

impl Server {
    /// Waits until it says that it is ready; gives how long it took since its start.
    pub(crate) fn wait_until_ready(&mut self) -> Duration {
        while !self.is_ready() {
            assert!(self.child.try_wait().unwrap().is_none(), "the server ended before it was ready");
            assert!(self.began.elapsed() < START, "the server was not ready after {START:?}");
            sleep(Duration::from_millis(5));
        }
        self.began.elapsed()
    }

    fn is_ready(&self) -> bool {
        get(self.address, "/readyz").is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }

    /// As a power switch would, but for the disk's cache.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.ended = Some(self.child.wait().unwrap());
    }

    /// Tells it to stop and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait(Duration::from_secs(15))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(&mut self, at_most: Duration) -> ExitStatus {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.ended = Some(status);
                return status;
            }
            assert!(begin.elapsed() < at_most, "the server still runs after {at_most:?}");
            sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.ended.is_none() {
            // It may have ended by itself; then there is nothing to kill.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            println!("-- the server's last lines:\n{}", lines[lines.len().saturating_sub(60)..].join("\n"));
        }
    }
}

/// One request on a connection of its own; the answer as text, head and all.
pub(crate) fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut connection = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(connection, "GET {path} HTTP/1.1\r\nHost: dayline\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}
