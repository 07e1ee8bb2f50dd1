//! A PgBouncer in transaction mode before a server that one test has for itself.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::process::Process;
use crate::{Postgres, free_port, unprivileged, variable};

/// A PgBouncer; killed when dropped.
#[derive(Debug)]
pub struct PgBouncer {
    port: u16,
    _process: Process,
}

impl PgBouncer {
    /// One before this server, with at most so many connections to it for each database.
    pub fn before(server: &Postgres, connections: u16) -> Self {
        let port = free_port();
        let config = configure(port, server.port(), connections);
        let mut command = unprivileged(variable("DAYLINE_TEST_PGBOUNCER"));
        let mut process = Process::start(command.arg(&config), &config.with_extension("log"));
        process.until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { port, _process: process }
    }

    /// Where the server's database is by this way.
    pub fn url(&self) -> String {
        format!("postgres://dayline@127.0.0.1:{}/postgres", self.port)
    }
}

fn configure(port: u16, target: u16, connections: u16) -> PathBuf {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let name = format!("pgbouncer_{}_{}.ini", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    let config = Path::new(&variable("DAYLINE_TEST_FOLDER")).join(name);
    let users = config.with_extension("users");
    let settings = format!(
        "[databases]\n* = host=127.0.0.1 port={target}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
         listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = transaction\n\
         default_pool_size = {connections}\nmax_client_conn = 500\nquery_wait_timeout = 10\n\
         server_login_retry = 1\n",
        users.display()
    );
    fs::write(&config, settings).unwrap();
    fs::write(&users, "\"dayline\" \"\"\n").unwrap();
    config
}
