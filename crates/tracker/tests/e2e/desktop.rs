//! Desktops of a test's own, without a screen: an X server with a window manager, or a Wayland compositor; and windows.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use dayline_testkit::{Process, run};
use tempfile::TempDir;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt as _, CreateWindowAux, PropMode, Window, WindowClass};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// A desktop on which a script can do what a person does.
pub(crate) trait Desktop {
    /// The variable by which programs find it, and its value.
    fn display(&self) -> (&'static str, &str);

    /// Brings the window of an app to the front.
    fn activate(&self, app: &str);

    /// Moves the mouse, for the so-and-so-many-th time.
    fn touch(&self, time: usize);
}

/// Whether all these programs are here; on CI they must be.
pub(crate) fn are_here(programs: &[&str]) -> bool {
    let found = |name: &str| {
        Command::new("sh").args(["-c", &format!("command -v {name} >/dev/null")]).status().unwrap().success()
    };
    let missing: Vec<_> = programs.iter().copied().filter(|name| !found(name)).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(std::env::var_os("CI").is_none(), "there is no {missing:?}");
    eprintln!("skipped, since there is no {}", missing.join(", "));
    false
}

/// What [`X11::start`] needs.
pub(crate) const X11_PROGRAMS: &[&str] = &["Xvfb", "openbox", "xdotool"];

/// An X server with a window manager, and a window for each app.
pub(crate) struct X11 {
    display: String,
    windows: BTreeMap<&'static str, Window>,
    connection: RustConnection,
    root: Window,
    _processes: [Process; 2],
    _folder: TempDir,
}

impl X11 {
    pub(crate) fn start(apps: &[&'static str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let number = folder.path().join("number");
        // The server chooses a number that is free and writes it down.
        let script =
            format!("exec Xvfb -displayfd 7 -screen 0 800x600x24 -nolisten tcp 7>{}", number.display());
        let mut server = Process::start(Command::new("sh").args(["-c", &script]), &log);
        server.until(|| fs::read_to_string(&number).is_ok_and(|text| text.ends_with('\n')));
        let display = format!(":{}", fs::read_to_string(&number).unwrap().trim());

        let mut manager =
            Process::start(Command::new("openbox").env("DISPLAY", &display).env("HOME", folder.path()), &log);
        let (connection, screen) = RustConnection::connect(Some(&display)).unwrap();
        let root = connection.setup().roots[screen].root;
        let check = atom(&connection, "_NET_SUPPORTING_WM_CHECK");
        manager.until(|| {
            let property =
                connection.get_property(false, root, check, x11rb::NONE, 0, 1).unwrap().reply().unwrap();
            !property.value.is_empty()
        });
        let windows = BTreeMap::new();
        let mut desktop =
            Self { display, windows, connection, root, _processes: [server, manager], _folder: folder };
        for app in apps {
            let window = desktop.open(app);
            desktop.windows.insert(app, window);
        }
        desktop
    }

    fn open(&self, app: &str) -> Window {
        let window = self.connection.generate_id().unwrap();
        let (depth, visual) = (x11rb::COPY_DEPTH_FROM_PARENT, x11rb::COPY_FROM_PARENT);
        let class = WindowClass::INPUT_OUTPUT;
        let looks = CreateWindowAux::new();
        self.connection
            .create_window(depth, window, self.root, 0, 0, 200, 100, 0, class, visual, &looks)
            .unwrap();
        self.set(window, "WM_CLASS", "STRING", &format!("{}\0{app}\0", app.to_lowercase()));
        self.connection.map_window(window).unwrap();
        self.connection.flush().unwrap();
        window
    }

    /// Covers the whole screen, as a lock screen does; some have no name.
    pub(crate) fn cover(&self, app: Option<&str>) -> Window {
        let window = self.connection.generate_id().unwrap();
        let (depth, visual) = (x11rb::COPY_DEPTH_FROM_PARENT, x11rb::COPY_FROM_PARENT);
        let class = WindowClass::INPUT_OUTPUT;
        let looks = CreateWindowAux::new().override_redirect(1);
        self.connection
            .create_window(depth, window, self.root, 0, 0, 800, 600, 0, class, visual, &looks)
            .unwrap();
        if let Some(app) = app {
            self.set(window, "WM_CLASS", "STRING", &format!("{app}\0{app}\0"));
        }
        self.connection.map_window(window).unwrap();
        self.connection.flush().unwrap();
        window
    }

    /// Closes a window.
    pub(crate) fn close(&self, window: Window) {
        self.connection.destroy_window(window).unwrap();
        self.connection.flush().unwrap();
    }

    /// Gives the window of an app a title.
    pub(crate) fn rename(&self, app: &str, title: &str) {
        self.set(self.windows[app], "_NET_WM_NAME", "UTF8_STRING", title);
        self.connection.flush().unwrap();
    }

    fn set(&self, window: Window, property: &str, kind: &str, text: &str) {
        let (property, kind) = (atom(&self.connection, property), atom(&self.connection, kind));
        self.connection.change_property8(PropMode::REPLACE, window, property, kind, text.as_bytes()).unwrap();
    }

    fn xdotool(&self, words: &[&str]) {
        run(Command::new("xdotool").env("DISPLAY", &self.display).args(words));
    }
}

impl Desktop for X11 {
    fn display(&self) -> (&'static str, &str) {
        ("DISPLAY", &self.display)
    }

    fn activate(&self, app: &str) {
        self.xdotool(&["windowactivate", "--sync", &self.windows[app].to_string()]);
    }

    fn touch(&self, time: usize) {
        self.xdotool(&["mousemove", &(time * 50 % 700).to_string(), "300"]);
    }
}

fn atom(connection: &RustConnection, name: &str) -> u32 {
    connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
}
