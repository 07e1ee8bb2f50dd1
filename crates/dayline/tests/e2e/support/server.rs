//! An installation: what one server or a cluster of them leaves behind, and the processes in it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use dayline_testkit::free_port;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::command::dayline;
use super::shared::Shared;

/// How long a server may take to be ready before the test fails.
const START: Duration = Duration::from_secs(20);
/// Processes of each role in a cluster.
const OF_EACH: usize = 2;

/// What a process of a cluster does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Api,
    Worker,
}

/// A folder with everything that servers leave behind; wiped at the end. Of a cluster also what its processes share.
pub(crate) struct Installation {
    folder: TempDir,
    /// The same for all servers of this installation, so that clients find them again.
    apis: Vec<SocketAddr>,
    /// Alone, the API's process works too.
    workers: Vec<SocketAddr>,
    /// Whose turn it is to be somebody's server.
    turn: AtomicUsize,
    shared: Option<Shared>,
}

impl Installation {
    /// For one server that has everything in its data folder.
    pub(crate) fn alone() -> Self {
        Self::with(1, 0, None)
    }

    /// For two API processes and two workers over a database and a Redis of their own.
    pub(crate) fn cluster() -> Self {
        Self::over(Shared::new())
    }

    /// The same over these.
    pub(crate) fn over(shared: Shared) -> Self {
        Self::with(OF_EACH, OF_EACH, Some(shared))
    }

    fn with(apis: usize, workers: usize, shared: Option<Shared>) -> Self {
        let addresses = |count| (0..count).map(|_| free_address()).collect();
        let folder = tempfile::tempdir().unwrap();
        Self { folder, apis: addresses(apis), workers: addresses(workers), turn: AtomicUsize::new(0), shared }
    }

    /// Where a client finds the API; in a cluster each API process in turn.
    pub(crate) fn address(&self) -> SocketAddr {
        self.apis[self.turn.fetch_add(1, Ordering::Relaxed) % self.apis.len()]
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where all the API processes are.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.apis.iter().map(|address| format!("http://{address}")).collect()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What the processes of this cluster share.
    pub(crate) fn shared(&self) -> &Shared {
        self.shared.as_ref().expect("a cluster")
    }

    pub(crate) fn is_cluster(&self) -> bool {
        self.shared.is_some()
    }

    /// Tells a command where the data is.
    pub(crate) fn data_options(&self) -> [String; 2] {
        match &self.shared {
            None => ["--data".to_owned(), self.data().display().to_string()],
            Some(shared) => ["--database-url".to_owned(), shared.database.url.clone()],
        }
    }

    /// Keeps the ledger of a data folder from being written until it is dropped; it can be read.
    pub(crate) fn hold_ledger(&self) -> rusqlite::Connection {
        let ledger = self.ledger();
        ledger.execute_batch("BEGIN IMMEDIATE").unwrap();
        ledger
    }

    /// How many entries of the log are in the ledger of a data folder.
    pub(crate) fn processed_entries(&self) -> u64 {
        let sql = "SELECT coalesce(max(major), 0) FROM log_positions";
        self.ledger().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as u64
    }

    fn ledger(&self) -> rusqlite::Connection {
        let ledger = rusqlite::Connection::open(self.data().join("dayline.db")).unwrap();
        ledger.busy_timeout(START).unwrap();
        ledger
    }

    /// Everything that all servers of this installation wrote to standard output and standard error.
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
        if !self.is_cluster() {
            return Server { processes: vec![self.run(self.apis[0], options, variables)] };
        }
        let all = [Role::Api, Role::Worker].into_iter().flat_map(|role| (0..OF_EACH).map(move |n| (role, n)));
        Server { processes: all.map(|(role, number)| self.process(role, number, options)).collect() }
    }

    /// Starts one process of a cluster and does not wait.
    pub(crate) fn process(&self, role: Role, number: usize, options: &[&str]) -> Process {
        let (word, addresses) = match role {
            Role::Api => ("api", &self.apis),
            Role::Worker => ("worker,report", &self.workers),
        };
        let options = [&["--role", word], options].concat();
        self.run(addresses[number], &options, &self.shared().variables())
    }

    fn run(&self, address: SocketAddr, options: &[&str], variables: &[(&str, String)]) -> Process {
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        let child = dayline(&["serve", "--listen", &address.to_string()])
            .arg("--data")
            .arg(self.data())
            .args(options)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Process { child, address, log: self.log_file(), began: Instant::now(), ended: None }
    }
}

fn free_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], free_port()))
}

/// A running server, of one process or of several; killed when dropped.
pub(crate) struct Server {
    pub(crate) processes: Vec<Process>,
}

impl Server {
    /// Waits until it says that it is ready; gives how long it took since its start.
    pub(crate) fn wait_until_ready(&mut self) -> Duration {
        self.processes.iter_mut().map(Process::wait_until_ready).max().unwrap()
    }

    /// As a power switch would, but for the disk's cache.
    pub(crate) fn kill(&mut self) {
        self.processes.iter_mut().for_each(Process::kill);
    }

    /// Tells it to stop and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait(Duration::from_secs(15))
    }

    /// Entries that its workers have counted as lost; of a cluster, whose workers come last.
    pub(crate) fn lost_entries(&self) -> u64 {
        let of = |line: &str| line.strip_prefix("dayline_log_lost_entries_total ")?.parse::<f64>().ok();
        let metrics = self.processes[OF_EACH..].iter().map(|worker| get(worker.address, "/metrics").unwrap());
        metrics.map(|text| text.lines().find_map(of).unwrap() as u64).sum()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.processes.iter().for_each(|process| process.signal(signal));
    }

    /// Waits until it has ended by itself; gives a failure if there was one.
    pub(crate) fn wait(&mut self, at_most: Duration) -> ExitStatus {
        let ended: Vec<_> = self.processes.iter_mut().map(|process| process.wait(at_most)).collect();
        ended.iter().copied().find(|status| !status.success()).unwrap_or(ended[0])
    }
}

/// A running process of a server; killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
    began: Instant,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Waits until it says that it is ready; gives how long it took since its start.
    pub(crate) fn wait_until_ready(&mut self) -> Duration {
        while !self.is_ready() {
            assert!(self.child.try_wait().unwrap().is_none(), "the server ended before it was ready");
            assert!(self.began.elapsed() < START, "the server was not ready after {START:?}");
            sleep(Duration::from_millis(5));
        }
        self.began.elapsed()
    }

    pub(crate) fn is_ready(&self) -> bool {
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

impl Drop for Process {
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
