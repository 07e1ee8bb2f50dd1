//! What operators are handed agrees with the program: `deploy/`, `compose.yaml`, the Dockerfile, the operator's page. Names
//! that exist only on other machines are replaced, and what can be run is run.
//! Not here: building images, for which a registry is needed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a test that can't show all of it here says so")]

mod alerts;
mod cluster;
mod compose;
mod container;
mod kubernetes;
mod metrics;
mod person;
mod prometheus;
mod rolling;
mod rotation;
mod settings;
mod tls;
mod watcher;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use dayline::cli::Cli;
use dayline::config::ServeOptions;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_dayline");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A file of the repository.
fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether the process of ours that listens on this port says that it is.
fn is_healthy(port: u16) -> bool {
    let url = format!("http://127.0.0.1:{port}");
    let check = std::process::Command::new(PROGRAM).arg("healthcheck").env("DAYLINE_URL", url).output();
    check.unwrap().status.success()
}

/// The options of `dayline serve`.
fn serve() -> Command {
    ServeOptions::augment_args(Command::new("serve"))
}

/// Whether a command of the program knows the variable.
fn is_setting(variable: &str) -> bool {
    let mut waiting = vec![Cli::command()];
    while let Some(command) = waiting.pop() {
        let names = |arg: &clap::Arg| arg.get_env().is_some_and(|name| name == variable);
        if command.get_arguments().any(names) {
            return true;
        }
        waiting.extend(command.get_subcommands().cloned());
    }
    false
}

/// The test fails if the program can't be called like this.
fn assert_understood(words: &[String]) {
    let line = std::iter::once("dayline".to_owned()).chain(words.iter().cloned());
    if let Err(error) = Cli::command().try_get_matches_from(line) {
        panic!("dayline {words:?}: {error}");
    }
}
