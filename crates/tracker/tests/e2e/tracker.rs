//! The tracker's program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dayline_testkit::Process;
use tempfile::TempDir;

/// A tracker in a folder that is wiped at the end.
pub(crate) struct Tracker {
    folder: TempDir,
}

impl Tracker {
    /// With this configuration file.
    pub(crate) fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.toml"), config).unwrap();
        Self { folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// A command of the program, in the tracker's folder and in nobody's home.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dayline-tracker"));
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env("HOME", self.folder.path());
        command.arg("--data").arg(self.data()).arg("--config").arg(self.folder.path().join("config.toml"));
        command.args(words);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Starts to watch this desktop, if there is one.
    pub(crate) fn start(&self, display: Option<(&str, &str)>) -> Process {
        let mut command = self.command(&["run"]);
        command.envs(display);
        Process::start(&mut command, &self.folder.path().join("log"))
    }

    /// Starts it, without a desktop, where no file can have more than a few KiB: as on a disk that is full.
    pub(crate) fn start_on_a_full_disk(&self) -> Process {
        let tracker = self.command(&["run"]);
        let mut command = Command::new("sh");
        // Ignored, the signal of a file that is too large leaves the error alone.
        command.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"]);
        command.arg(tracker.get_program()).args(tracker.get_args());
        Process::start(&mut command, &self.folder.path().join("log"))
    }
}

/// All files below a folder that have a text in them.
pub(crate) fn files_with(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if fs::read(&path)
            .is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
        {
            found.push(path);
        }
    }
    found
}
