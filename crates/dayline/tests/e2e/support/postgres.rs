//! A PostgreSQL server that one test has for itself, to be stopped and killed, and a PgBouncer in front of it.

use std::fs::{self, File};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::server::free_port;
use super::shared::{Database, try_query, variable};

const PATIENCE: Duration = Duration::from_secs(30);

/// The two servers, in a folder of their own. `scripts/with-servers` deletes what a test leaves behind.
pub(crate) struct Postgres {
    folder: PathBuf,
    port: u16,
    process: Option<Child>,
    pgbouncer: Child,
    pgbouncer_port: u16,
}

impl Postgres {
    /// New servers with an empty database.
    pub(crate) fn start() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("e2e_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let folder = PathBuf::from(variable("DAYLINE_TEST_FOLDER")).join(name);
        let (port, pgbouncer_port) = (free_port(), free_port());
        let initdb = unprivileged(&pg("initdb"))
            .args(["-U", "dayline", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "-D"])
            .arg(&folder)
            .output()
            .unwrap();
        assert!(initdb.status.success(), "{}", String::from_utf8_lossy(&initdb.stderr));
        let pgbouncer = start_pgbouncer(&folder, pgbouncer_port, port);
        let mut servers = Self { folder, port, process: None, pgbouncer, pgbouncer_port };
        servers.start_again();
        servers
    }

    /// Its database, which is not dropped.
    pub(crate) fn database(&self) -> Database {
        let at = |port| format!("postgres://dayline@127.0.0.1:{port}/postgres");
        Database::at(at(self.pgbouncer_port), at(self.port))
    }

    /// Starts PostgreSQL where it is not running; returns when it answers.
    pub(crate) fn start_again(&mut self) {
        let log = File::options().create(true).append(true).open(self.folder.with_extension("log")).unwrap();
        let mut command = unprivileged(&pg("postgres"));
        command.arg("-D").arg(&self.folder).args(["-p", &self.port.to_string(), "-k", ""]);
        for option in ["listen_addresses=127.0.0.1", "shared_buffers=32MB", "max_connections=60"] {
            command.args(["-c", option]);
        }
        let errors = log.try_clone().unwrap();
        self.process = Some(command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().unwrap());
        let (begin, url) = (Instant::now(), self.database().direct.clone());
        while try_query(&url, "SELECT 1").is_err() {
            assert!(begin.elapsed() < PATIENCE, "postgresql does not start");
            sleep(Duration::from_millis(20));
        }
    }

    /// Ends PostgreSQL at once, like a crash.
    pub(crate) fn crash(&mut self) {
        end(&mut self.process, Signal::QUIT);
    }

    /// Ends it in order, cutting its connections.
    pub(crate) fn stop(&mut self) {
        end(&mut self.process, Signal::INT);
    }

    /// Cuts all connections, whatever goes over them.
    pub(crate) fn cut(&self) -> usize {
        let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        self.database().query(all).len()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.crash();
        let _ = self.pgbouncer.kill();
        let _ = self.pgbouncer.wait();
    }
}

fn end(process: &mut Option<Child>, signal: Signal) {
    let Some(mut process) = process.take() else { return };
    kill_process(Pid::from_child(&process), signal).unwrap();
    process.wait().unwrap();
}

fn start_pgbouncer(folder: &Path, port: u16, target: u16) -> Child {
    let (config, users) = (folder.with_extension("ini"), folder.with_extension("users"));
    let settings = format!(
        "[databases]\n* = host=127.0.0.1 port={target}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
         unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = transaction\ndefault_pool_size = 8\n\
         max_client_conn = 500\nquery_wait_timeout = 10\nserver_login_retry = 1\n",
        users.display()
    );
    fs::write(&config, settings).unwrap();
    fs::write(&users, "\"dayline\" \"\"\n").unwrap();
    let child = unprivileged(&variable("DAYLINE_TEST_PGBOUNCER"))
        .arg(&config)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begin.elapsed() < PATIENCE, "pgbouncer does not start");
        sleep(Duration::from_millis(10));
    }
    child
}

fn pg(program: &str) -> String {
    format!("{}/{program}", variable("DAYLINE_TEST_PG_BIN"))
}

/// A program that must not run as root.
fn unprivileged(program: &str) -> Command {
    let prefix = variable("DAYLINE_TEST_RUN_AS");
    let mut words = prefix.split_whitespace().chain([program]);
    let mut command = Command::new(words.next().unwrap_or(program));
    command.args(words).stdin(Stdio::null());
    command
}
