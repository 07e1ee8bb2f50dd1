//! A PgBouncer in transaction mode before a server that one test has for itself.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::process::Process;
use crate::settings::substitute;
use crate::{Postgres, free_port, unprivileged, variable};

const PASSWORD: &str = "throw-away";

/// A PgBouncer; killed when dropped.
#[derive(Debug)]
pub struct PgBouncer {
    port: u16,
    _process: Process,
}

impl PgBouncer {
    /// One before this server, with the settings that operators are handed.
    pub fn before(server: &Postgres) -> Self {
        let port = free_port();
        let config = configure(port, server.port());
        let mut command = unprivileged(variable("DAYLINE_TEST_PGBOUNCER"));
        let mut process = Process::start(command.arg(&config), &config.with_extension("log"));
        process.until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { port, _process: process }
    }

    /// Where the server's database is by this way.
    pub fn url(&self) -> String {
        format!("postgres://dayline:{PASSWORD}@127.0.0.1:{}/postgres", self.port)
    }
}

fn configure(port: u16, target: u16) -> PathBuf {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let name = format!("pgbouncer_{}_{}.ini", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    let config = Path::new(&variable("DAYLINE_TEST_FOLDER")).join(name);
    let users = config.with_extension("users");
    let settings = substitute(
        include_str!("../../../deploy/pgbouncer.ini"),
        &[
            (
                "dayline = host=postgres port=5432 dbname=dayline",
                &format!("* = host=127.0.0.1 port={target}"),
            ),
            ("listen_addr = 0.0.0.0", "listen_addr = 127.0.0.1"),
            ("listen_port = 6432", &format!("listen_port = {port}")),
            ("/run/secrets/pgbouncer_users", &users.display().to_string()),
        ],
    );
    fs::write(&config, settings).unwrap();
    fs::write(&users, format!("\"dayline\" \"{PASSWORD}\"\n")).unwrap();
    config
}
