//! PostgreSQL servers that one test has for itself: to be stopped, killed, followed by a replica.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use dayline_postgres::{PgConfig, PgStore};
use tokio_postgres::{Client, NoTls};

use crate::database::variable;

/// A server in a folder of its own. `scripts/with-servers` stops and deletes what a test leaves behind.
pub(crate) struct Server {
    data: PathBuf,
    port: u16,
    process: Option<Child>,
    options: Vec<String>,
}

static MADE: AtomicU32 = AtomicU32::new(0);

/// A program of PostgreSQL, or another, that must not run as root.
pub(crate) fn unprivileged(program: &str) -> Command {
    let installed = Path::new(&variable("DAYLINE_TEST_PG_BIN")).join(program);
    let program = if installed.exists() { installed } else { program.into() };
    let prefix = variable("DAYLINE_TEST_RUN_AS");
    let mut words = prefix.split_whitespace();
    match words.next() {
        None => Command::new(program),
        Some(first) => {
            let mut command = Command::new(first);
            command.args(words).arg(program);
            command
        }
    }
}

pub(crate) fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Server {
    fn new(options: &[&str]) -> Self {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(variable("DAYLINE_TEST_FOLDER"));
        let data = folder.join(format!("own_{}_{number}", std::process::id()));
        let options = options.iter().map(|&option| option.to_owned()).collect();
        Self { data, port: free_port(), process: None, options }
    }

    /// A new server with an empty database.
    pub(crate) async fn start(options: &[&str]) -> Self {
        let server = Self::new(options);
        run(unprivileged("initdb").arg("-D").arg(&server.data).args([
            "-U",
            "dayline",
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
        ]));
        server.started().await
    }

    /// A replica that streams from this server.
    pub(crate) async fn replica(&self) -> Self {
        let replica = Self::new(&[]);
        let from = format!("host=127.0.0.1 port={} user=dayline", self.port);
        let copying = unprivileged("pg_basebackup")
            .args([
                "--write-recovery-conf",
                "--wal-method=stream",
                "--checkpoint=fast",
                "--no-sync",
                "-d",
                &from,
                "-D",
            ])
            .arg(&replica.data)
            .output();
        let output = copying.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        replica.started().await
    }

    /// Where it keeps its data.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://dayline@127.0.0.1:{}/postgres", self.port)
    }

    pub(crate) fn config(&self) -> PgConfig {
        PgConfig::new(&self.url()).unwrap()
    }

    /// A store with today's schema on this server.
    pub(crate) async fn migrated(&self) -> PgStore {
        let store = PgStore::open(&self.config()).unwrap();
        store.migrate().await.unwrap();
        store
    }

    pub(crate) async fn client(&self) -> Client {
        crate::database::client_at(&self.url()).await
    }

    async fn started(mut self) -> Self {
        self.start_again().await;
        self
    }

    /// Starts it where it is not running; returns when it answers.
    pub(crate) async fn start_again(&mut self) {
        let log = File::options().create(true).append(true).open(self.data.with_extension("log")).unwrap();
        let mut command = unprivileged("postgres");
        command.arg("-D").arg(&self.data).args(["-p", &self.port.to_string(), "-k", ""]);
        for option in ["listen_addresses=127.0.0.1", "fsync=off", "shared_buffers=32MB", "max_connections=60"]
            .into_iter()
            .chain(self.options.iter().map(String::as_str))
        {
            command.args(["-c", option]);
        }
        let errors = log.try_clone().unwrap();
        self.process = Some(command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().unwrap());
        let patience = Instant::now();
        while tokio_postgres::connect(&self.url(), NoTls).await.is_err() {
            assert!(patience.elapsed() < Duration::from_secs(30), "the server does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it at once, like a crash.
    pub(crate) fn crash(&mut self) {
        self.signal("QUIT");
    }

    /// Ends it, cutting its connections.
    pub(crate) fn stop(&mut self) {
        self.signal("INT");
    }

    fn signal(&mut self, signal: &str) {
        if let Some(mut process) = self.process.take() {
            let _ = Command::new("kill").args([&format!("-{signal}"), &process.id().to_string()]).status();
            let _ = process.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.crash();
    }
}
