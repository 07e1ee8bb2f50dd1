//! The programs on this machine, as `scripts/with-servers` names them.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A variable that `scripts/with-servers` sets.
///
/// # Panics
/// If it is not set.
pub fn variable(name: &str) -> String {
    env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run `./test`, or `scripts/with-servers cargo test …`"))
}

/// Where a program of PostgreSQL's is, such as `initdb`.
pub fn postgres_program(name: &str) -> PathBuf {
    Path::new(&variable("DAYLINE_TEST_PG_BIN")).join(name)
}

/// A program that must not run as root, such as PostgreSQL's and PgBouncer; without standard input.
pub fn unprivileged(program: impl AsRef<OsStr>) -> Command {
    let prefix = variable("DAYLINE_TEST_RUN_AS");
    let mut words = prefix.split_whitespace();
    let mut command = match words.next() {
        None => Command::new(program),
        Some(first) => {
            let mut command = Command::new(first);
            command.args(words).arg(program);
            command
        }
    };
    command.stdin(Stdio::null());
    command
}
