//! PostgreSQL, PgBouncer and Redis of one cluster, started from the programs that `scripts/with-servers` names, with
//! data of their own. Unlike that script's own PostgreSQL these write to the disk before they say so.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{env, fs};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::failure::Failure;

const FOLDER: &str = "DAYLINE_TEST_FOLDER";
const PATIENCE: Duration = Duration::from_secs(30);

/// The three servers; stopped and wiped when dropped.
pub(crate) struct Services {
    /// PostgreSQL's data; PgBouncer's files are beside it.
    folder: PathBuf,
    port: u16,
    postgres: Option<Child>,
    pgbouncer: Child,
    pgbouncer_port: u16,
    redis: Child,
    redis_port: u16,
    _redis_data: TempDir,
}

impl Services {
    /// Whether this runs under `scripts/with-servers`.
    pub(crate) fn available() -> bool {
        env::var_os(FOLDER).is_some()
    }

    /// Fresh servers with an empty database.
    pub(crate) fn start() -> Result<Self, Failure> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("bench_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let folder = PathBuf::from(env::var(FOLDER)?).join(name);
        let (port, pgbouncer_port, redis_port) = (free_port()?, free_port()?, free_port()?);
        let made = unprivileged(&postgres_program("initdb")?)?
            .args(["-U", "dayline", "--auth=trust", "--encoding=UTF8", "--locale=C", "-D"])
            .arg(&folder)
            .output()?;
        if !made.status.success() {
            return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr)).into());
        }
        let redis_data = tempfile::tempdir()?;
        let mut services = Self {
            pgbouncer: start_pgbouncer(&folder, pgbouncer_port, port)?,
            redis: start_redis(redis_data.path(), redis_port)?,
            folder,
            port,
            postgres: None,
            pgbouncer_port,
            redis_port,
            _redis_data: redis_data,
        };
        services.start_database()?;
        wait_for(pgbouncer_port, "pgbouncer")?;
        wait_for(redis_port, "redis-server")?;
        Ok(services)
    }

    /// Starts PostgreSQL where it does not run; returns when it answers.
    pub(crate) fn start_database(&mut self) -> Result<(), Failure> {
        let mut command = unprivileged(&postgres_program("postgres")?)?;
        command.arg("-D").arg(&self.folder).args(["-p", &self.port.to_string(), "-k", ""]);
        for option in [
            "listen_addresses=127.0.0.1",
            "shared_buffers=128MB",
            "max_connections=100",
            "max_wal_size=4GB",
            "log_min_messages=fatal",
        ] {
            command.args(["-c", option]);
        }
        self.postgres = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
        let begin = Instant::now();
        let isready = postgres_program("pg_isready")?;
        while !Command::new(&isready)
            .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
            .status()?
            .success()
        {
            if begin.elapsed() > PATIENCE {
                return Err("postgresql does not start".into());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Stops PostgreSQL and cuts its connections; what waits in Redis stays.
    pub(crate) fn stop_database(&mut self) -> Result<(), Failure> {
        let Some(mut postgres) = self.postgres.take() else { return Ok(()) };
        kill_process(Pid::from_child(&postgres), Signal::INT)?;
        postgres.wait()?;
        Ok(())
    }

    /// The database itself, not through PgBouncer.
    pub(crate) fn direct_url(&self) -> String {
        format!("postgres://dayline@127.0.0.1:{}/postgres", self.port)
    }

    /// What each process of the cluster is told by its environment.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        let database = format!("postgres://dayline@127.0.0.1:{}/postgres", self.pgbouncer_port);
        let redis = format!("redis://127.0.0.1:{}", self.redis_port);
        [("DAYLINE_DATABASE_URL", database), ("DAYLINE_REDIS_URL", redis)]
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        // They may have ended by themselves; then there is nothing to stop. Their data is thrown away.
        if let Some(postgres) = &mut self.postgres {
            let _ = kill_process(Pid::from_child(postgres), Signal::QUIT);
            let _ = postgres.wait();
        }
        for child in [&mut self.pgbouncer, &mut self.redis] {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn start_pgbouncer(data: &Path, port: u16, target: u16) -> Result<Child, Failure> {
    let (config, users) = (data.with_extension("ini"), data.with_extension("users"));
    let settings = format!(
        "[databases]\n* = host=127.0.0.1 port={target}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
         listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = transaction\n\
         default_pool_size = 16\nmax_client_conn = 500\nquery_wait_timeout = 10\nserver_login_retry = 1\n",
        users.display()
    );
    fs::write(&config, settings)?;
    fs::write(&users, "\"dayline\" \"\"\n")?;
    let mut command = unprivileged(&env::var("DAYLINE_TEST_PGBOUNCER")?)?;
    Ok(command.arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
}

fn start_redis(data: &Path, port: u16) -> Result<Child, Failure> {
    let mut command = Command::new(env::var("DAYLINE_TEST_REDIS_SERVER")?);
    command.current_dir(data).args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    command.args(["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"]);
    Ok(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
}

fn wait_for(port: u16, name: &str) -> Result<(), Failure> {
    let begin = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if begin.elapsed() > PATIENCE {
            return Err(format!("{name} does not start").into());
        }
        sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn postgres_program(name: &str) -> Result<String, Failure> {
    Ok(format!("{}/{name}", env::var("DAYLINE_TEST_PG_BIN")?))
}

/// A program that must not run as root.
fn unprivileged(program: &str) -> Result<Command, Failure> {
    let prefix = env::var("DAYLINE_TEST_RUN_AS")?;
    let mut words = prefix.split_whitespace().chain([program]);
    let mut command = Command::new(words.next().unwrap_or(program));
    command.args(words).stdin(Stdio::null());
    Ok(command)
}
