//! A PostgreSQL server that one test has for itself: to be stopped, killed, followed by a replica.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::process::{Process, run};
use crate::{free_port, postgres_program, query, try_query, unprivileged, variable};

const OPTIONS: [&str; 3] = ["listen_addresses=127.0.0.1", "shared_buffers=32MB", "max_connections=60"];

/// A server in a folder of its own; stopped and wiped when dropped. `scripts/with-servers` does that for a test that was
/// killed.
#[derive(Debug)]
pub struct Postgres {
    data: PathBuf,
    port: u16,
    options: Vec<String>,
    process: Option<Process>,
}

impl Postgres {
    /// A new server with an empty database; of options such as `fsync=off` later ones win.
    pub fn start(options: &[&str]) -> Self {
        let server = Self::new(options);
        run(unprivileged(postgres_program("initdb"))
            .args(["-U", "dayline", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "-D"])
            .arg(&server.data));
        server.started()
    }

    /// A replica that streams from this server, with the same options.
    #[must_use]
    pub fn replica(&self) -> Self {
        let mut replica = Self::new(&[]);
        replica.options.clone_from(&self.options);
        let from = format!("host=127.0.0.1 port={} user=dayline", self.port);
        run(unprivileged(postgres_program("pg_basebackup"))
            .args(["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync", "-d"])
            .args([&from, "-D"])
            .arg(&replica.data));
        replica.started()
    }

    /// Lets this replica fall behind from now on: it has all that its primary had so far, and gets no more.
    pub fn fall_behind(&self, primary: &Self) {
        let written = query(&primary.url(), "SELECT pg_current_wal_lsn()").concat();
        let is_there = format!("SELECT pg_last_wal_replay_lsn() >= '{written}'");
        wait_until("the replica has all", || query(&self.url(), &is_there) == ["t"]);
        query(&self.url(), "ALTER SYSTEM SET primary_conninfo = ''");
        query(&self.url(), "SELECT pg_reload_conf()");
        let follows = "SELECT count(*) FROM pg_stat_wal_receiver";
        wait_until("the replica is cut off", || query(&self.url(), follows) == ["0"]);
    }

    /// Puts this replica into the place of its primary, which ends like in a crash: at its port, as it is.
    pub fn take_over(&mut self, primary: &mut Self) {
        primary.crash();
        query(&self.url(), "SELECT pg_promote()");
        self.stop();
        self.port = primary.port;
        self.start_again();
    }

    fn new(options: &[&str]) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("postgres_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let data = Path::new(&variable("DAYLINE_TEST_FOLDER")).join(name);
        let options = OPTIONS.iter().chain(options).map(|&option| option.to_owned()).collect();
        Self { data, port: free_port(), options, process: None }
    }

    fn started(mut self) -> Self {
        self.start_again();
        self
    }

    /// Where it keeps its data.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its database is.
    pub fn url(&self) -> String {
        format!("postgres://dayline@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it where it is not running; returns when it answers.
    pub fn start_again(&mut self) {
        let mut command = unprivileged(postgres_program("postgres"));
        command.arg("-D").arg(&self.data).args(["-p", &self.port.to_string(), "-k", ""]);
        for option in &self.options {
            command.args(["-c", option]);
        }
        let process = Process::start(&mut command, &self.data.with_extension("log"));
        let url = self.url();
        self.process.insert(process).until(|| try_query(&url, "SELECT 1").is_ok());
    }

    /// Ends it at once, like a crash.
    pub fn crash(&mut self) {
        self.end(Signal::QUIT);
    }

    /// Ends it, cutting its connections.
    pub fn stop(&mut self) {
        self.end(Signal::INT);
    }

    fn end(&mut self, signal: Signal) {
        if let Some(process) = self.process.take() {
            process.end(signal);
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.crash();
        let _ = fs::remove_dir_all(&self.data);
    }
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(30), "not in time: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
