//! Builds the library that stands between a server and its files, and gives servers to it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::server::Installation;

/// What the disk does. Without any of it, it only watches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    variables: Vec<(&'static str, String)>,
}

impl Disk {
    /// Every sync takes so many milliseconds longer.
    pub(crate) fn slow(self, sync_ms: u32) -> Self {
        self.with("SHIM_SYNC_MS", sync_ms.to_string())
    }

    /// The n-th sync of a file whose name contains this fails.
    pub(crate) fn fails_sync(self, n: u64, of: &str) -> Self {
        self.with("SHIM_FAIL_SYNC", n.to_string()).with("SHIM_FAIL_IN", of.to_owned())
    }

    /// The n-th write to a file whose name contains this fails.
    pub(crate) fn fails_write(self, n: u64, of: &str) -> Self {
        self.with("SHIM_FAIL_WRITE", n.to_string()).with("SHIM_FAIL_IN", of.to_owned())
    }

    /// It is full while this file exists.
    pub(crate) fn full_while(self, file: &Path) -> Self {
        self.with("SHIM_FULL", file.display().to_string())
    }

    /// Every write and sync is noted here.
    pub(crate) fn traced(self, file: &Path) -> Self {
        self.with("SHIM_TRACE", file.display().to_string())
    }

    fn with(mut self, name: &'static str, value: String) -> Self {
        self.variables.push((name, value));
        self
    }

    /// The environment of a server of the installation that works on this disk. Its data folder must exist.
    pub(crate) fn under(&self, installation: &Installation) -> Vec<(&'static str, String)> {
        let folder = installation.data().canonicalize().unwrap();
        let mut variables = self.variables.clone();
        variables.push(("SHIM_FOLDER", folder.display().to_string()));
        variables.push(("LD_PRELOAD", library().display().to_string()));
        variables
    }
}

/// The library, built once for each run of the tests. There is a C compiler wherever Rust links.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shim.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shim-{}.so", std::process::id()));
        let status =
            Command::new("cc").args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(source).status();
        assert!(status.unwrap().success(), "cc failed");
        library
    })
}
