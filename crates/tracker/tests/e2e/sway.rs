//! A Wayland compositor without a screen.

use std::fs;
use std::path::Path;
use std::process::Command;

use dayline_testkit::{Process, run};
use tempfile::TempDir;

use crate::desktop::Desktop;

/// What [`Sway::start`] needs.
pub(crate) const SWAY_PROGRAMS: &[&str] = &["sway", "foot"];

/// Starts sway in a folder of its own, whose name it says first. The rest of the words are apps, each with a window.
const START: &str = r#"
    set -e
    export XDG_RUNTIME_DIR=$(mktemp -d) WLR_BACKENDS=headless WLR_RENDERER=pixman WLR_LIBINPUT_NO_DEVICES=1
    export HOME=$XDG_RUNTIME_DIR SWAYSOCK=$XDG_RUNTIME_DIR/sway
    echo "in $XDG_RUNTIME_DIR"
    cd "$XDG_RUNTIME_DIR"
    for app in "$@"; do echo "exec foot --app-id=$app sleep 1000" >> config; done
    exec sway -c config
"#;

/// sway, with a window for each app.
pub(crate) struct Sway {
    display: String,
    socket: String,
    runtime: String,
    process: Option<Process>,
    _folder: TempDir,
}

impl Sway {
    pub(crate) fn start(apps: &[&'static str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut process = Process::start(unprivileged("sh").args(["-c", START, "sway"]).args(apps), &log);
        let mut runtime = String::new();
        process.until(|| {
            let said = fs::read_to_string(&log).unwrap_or_default();
            let found = said.lines().find_map(|line| line.strip_prefix("in "));
            found.unwrap_or_default().clone_into(&mut runtime);
            !runtime.is_empty()
        });
        let socket = format!("{runtime}/sway");
        let has_windows = || {
            let tree = swaymsg(&socket, "-t get_tree --").output().unwrap();
            let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
            apps.iter().all(|app| tree.contains(&format!("\"app_id\": \"{app}\"")))
        };
        process.until(has_windows);
        let names =
            fs::read_dir(&runtime).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let display =
            names.filter(|name| name.starts_with("wayland-") && !name.contains('.')).last().unwrap();
        let display = format!("{runtime}/{display}");
        Self { display, socket, runtime, process: Some(process), _folder: folder }
    }
}

impl Desktop for Sway {
    fn display(&self) -> (&'static str, &str) {
        ("WAYLAND_DISPLAY", &self.display)
    }

    fn activate(&self, app: &str) {
        run(&mut swaymsg(&self.socket, &format!("-- [app_id={app}] focus")));
    }

    fn touch(&self, time: usize) {
        let way = if time.is_multiple_of(2) { "5 5" } else { "-5 -5" };
        run(&mut swaymsg(&self.socket, &format!("-- seat seat0 cursor move {way}")));
    }
}

impl Drop for Sway {
    fn drop(&mut self) {
        drop(self.process.take());
        // It may be gone already.
        let _ = fs::remove_dir_all(Path::new(&self.runtime));
    }
}

fn swaymsg(socket: &str, words: &str) -> Command {
    let mut command = Command::new("swaymsg");
    command.env("SWAYSOCK", socket).args(words.split(' '));
    command
}

/// A program that refuses to run as root.
fn unprivileged(program: &str) -> Command {
    if !rustix::process::getuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "nobody", "--", program]);
    command
}
