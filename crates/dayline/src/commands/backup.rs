//! `dayline backup`: a copy of a data folder. Works alongside a running server or without one.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use clap::Args;
use clap::builder::BoolishValueParser;
use dayline_local::copy_keys;
use dayline_sqlite::{BackupError, BackupProgress, back_up};

use crate::config::{DataOptions, keys_file};
use dayline_cli_kit::console::{end_progress, interrupted, say, show_progress};
use dayline_cli_kit::failure::Failure;

/// Options of `dayline backup`.
#[derive(Debug, Args)]
pub struct Options {
    /// Folder to make, or an empty one
    folder: PathBuf,
    /// Copy the keys, too: whoever has them and the database can sign in as anybody
    #[arg(long, env = "DAYLINE_BACKUP_WITH_KEYS", value_parser = BoolishValueParser::new())]
    with_keys: bool,
    /// File with the keys; keys.json in the data folder if not given
    #[arg(long, env = "DAYLINE_KEYS_FILE", value_name = "FILE")]
    keys_file: Option<PathBuf>,
    #[command(flatten)]
    data: DataOptions,
}

/// Runs the command.
pub async fn run(options: Options) -> Result<(), Failure> {
    if options.data.database.postgres()?.is_some() {
        return Err(Failure::usage(
            "a cluster is backed up by PostgreSQL's own tools, such as pg_basebackup, and by copying the key file; \
             dayline backup is for a data folder",
        ));
    }
    let state = Arc::new(State::default());
    let (copied, to) = (Arc::clone(&state), options.folder.clone());
    let data = options.data.data.clone();
    let mut copying = tokio::task::spawn_blocking(move || back_up(&data, &to, |now| copied.report(now)));
    let outcome = tokio::select! {
        outcome = &mut copying => outcome,
        () = show_progress(|| state.line()) => return Ok(()),
        () = interrupted() => {
            state.stop.store(true, Relaxed);
            copying.await
        }
    };
    end_progress();
    let outcome = outcome.map_err(Failure::because)?;
    let BackupProgress { done, .. } = match outcome {
        Err(BackupError::Stopped) => return Err(Failure::interrupted()),
        outcome => outcome.map_err(Failure::because)?,
    };
    let keys = if options.with_keys { with_keys(&options)? } else { "without the keys" };
    say(format_args!("{} is in {}, {keys}", mebibytes(done), options.folder.display()));
    Ok(())
}

/// Copies the keys beside the databases, under the name that a server looks for.
fn with_keys(options: &Options) -> Result<&'static str, Failure> {
    let from = keys_file(&options.data.data, options.keys_file.as_deref());
    copy_keys(&from, &keys_file(&options.folder, None)).map_err(Failure::because)?;
    Ok("with the keys")
}

/// What the thread that copies and the one that tells of it share.
#[derive(Default)]
struct State {
    done: AtomicU64,
    all: AtomicU64,
    stop: AtomicBool,
}

impl State {
    fn report(&self, now: BackupProgress) -> ControlFlow<()> {
        self.done.store(now.done, Relaxed);
        self.all.store(now.all, Relaxed);
        if self.stop.load(Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn line(&self) -> String {
        format!("{} of {}", mebibytes(self.done.load(Relaxed)), mebibytes(self.all.load(Relaxed)))
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
