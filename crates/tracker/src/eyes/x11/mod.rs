//! X11: the window manager tells which window is active, the screen saver extension since when nobody touched anything.

mod alarms;
mod ask;

use std::time::{Duration, Instant};

use x11rb::connection::{Connection, RequestConnection};
use x11rb::errors::ConnectionError;
use x11rb::properties::WmClass;
use x11rb::protocol::Event;
use x11rb::protocol::screensaver::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Window};
use x11rb::rust_connection::RustConnection;

use super::ready::ready;
use super::sight::{Eyes, Front, Sight, Wanted};
use alarms::Alarms;
use ask::ask;

x11rb::atom_manager! {
    Atoms: AtomsCookie {
        _NET_ACTIVE_WINDOW,
        _NET_WM_NAME,
        UTF8_STRING,
    }
}

/// What windows without a class are called.
const NAMELESS: &str = "unknown";
/// Most units of four bytes of a title that are read.
const TITLE: u32 = 256;

pub(super) struct X11 {
    connection: RustConnection,
    root: Window,
    atoms: Atoms,
    titles: bool,
    /// The window whose title is followed.
    followed: Option<Window>,
    alarms: Option<Alarms>,
    /// A window that covers everything and that no window manager manages: a lock screen, or an old game.
    cover: Option<Window>,
}

impl X11 {
    pub(super) fn open(wanted: Wanted) -> Result<Self, String> {
        let (connection, screen) = RustConnection::connect(None)
            .map_err(|error| format!("cannot connect to the X server: {error}"))?;
        let root = connection.setup().roots[screen].root;
        let atoms =
            ask(|| Atoms::new(&connection)?.reply()).map_err(lost)?.ok_or("the X server knows no names")?;
        let has_idle =
            connection.extension_information(screensaver::X11_EXTENSION_NAME).map_err(lost)?.is_some();
        if !has_idle {
            return Err(
                "the X server has no extension that tells since when nobody touched anything".to_owned()
            );
        }
        let changes = EventMask::PROPERTY_CHANGE | EventMask::SUBSTRUCTURE_NOTIFY;
        follow(&connection, root, changes).map_err(lost)?;
        let alarms = Alarms::set(&connection, wanted.away_after).map_err(lost)?;
        Ok(Self { connection, root, atoms, titles: wanted.titles, followed: None, alarms, cover: None })
    }

    /// Waits until something changed that matters, or the time has come.
    fn wait(&mut self, until: Instant) -> Result<(), String> {
        loop {
            self.connection.flush().map_err(lost)?;
            let mut changed = false;
            while let Some(event) = self.connection.poll_for_event().map_err(lost)? {
                changed |= self.is_change(&event).map_err(lost)?;
            }
            if changed || Instant::now() >= until {
                return Ok(());
            }
            ready(self.connection.stream(), until).map_err(lost)?;
        }
    }

    fn is_change(&mut self, event: &Event) -> Result<bool, ConnectionError> {
        match event {
            Event::PropertyNotify(event) if event.window == self.root => {
                Ok(event.atom == self.atoms._NET_ACTIVE_WINDOW)
            }
            Event::PropertyNotify(event) => {
                let is_title = [self.atoms._NET_WM_NAME, AtomEnum::WM_NAME.into()].contains(&event.atom);
                Ok(is_title && Some(event.window) == self.followed)
            }
            Event::MapNotify(event) if event.override_redirect && self.covers_all(event.window)? => {
                self.cover = Some(event.window);
                Ok(true)
            }
            Event::UnmapNotify(event) if Some(event.window) == self.cover => Ok(self.cover.take().is_some()),
            Event::DestroyNotify(event) if Some(event.window) == self.cover => {
                Ok(self.cover.take().is_some())
            }
            _ => self.alarms.as_ref().map_or(Ok(false), |alarms| alarms.rang(&self.connection, event)),
        }
    }

    fn covers_all(&self, window: Window) -> Result<bool, ConnectionError> {
        let size = |of| ask(|| self.connection.get_geometry(of)?.reply());
        let (Some(one), Some(all)) = (size(window)?, size(self.root)?) else { return Ok(false) };
        Ok(one.x <= 0 && one.y <= 0 && one.width >= all.width && one.height >= all.height)
    }

    fn sight(&mut self) -> Result<Sight, ConnectionError> {
        let saver = ask(|| self.connection.screensaver_query_info(self.root)?.reply())?;
        let idle = saver.as_ref().map_or(0, |saver| saver.ms_since_user_input);
        let saver_is_on = saver.is_some_and(|saver| saver.state == u8::from(screensaver::State::ON));
        let mut front = None;
        let mut locked = saver_is_on;
        if let Some(cover) = self.cover {
            front = self.class(cover)?.map(|app| Front { app, title: None });
            // Some lock screens have no name.
            locked |= front.is_none();
        } else if let Some(window) = self.active()? {
            self.follow_title(window)?;
            let app = self.class(window)?.unwrap_or_else(|| NAMELESS.to_owned());
            let title = if self.titles { self.title(window)? } else { None };
            front = Some(Front { app, title });
        }
        Ok(Sight { front, idle: Duration::from_millis(idle.into()), locked })
    }

    fn active(&self) -> Result<Option<Window>, ConnectionError> {
        let property = self.atoms._NET_ACTIVE_WINDOW;
        let reply = ask(|| {
            self.connection.get_property(false, self.root, property, AtomEnum::WINDOW, 0, 1)?.reply()
        })?;
        let window = reply.and_then(|reply| reply.value32()?.next());
        Ok(window.filter(|window| *window != x11rb::NONE))
    }

    fn class(&self, window: Window) -> Result<Option<String>, ConnectionError> {
        let reply = ask(|| WmClass::get(&self.connection, window)?.reply())?.flatten();
        let class = reply.map(|class| {
            let name = if class.class().is_empty() { class.instance() } else { class.class() };
            String::from_utf8_lossy(name).into_owned()
        });
        Ok(class.filter(|class| !class.is_empty()))
    }

    fn title(&self, window: Window) -> Result<Option<String>, ConnectionError> {
        let new = (self.atoms._NET_WM_NAME, self.atoms.UTF8_STRING);
        let old = (AtomEnum::WM_NAME.into(), AtomEnum::ANY.into());
        for (property, kind) in [new, old] {
            let reply =
                ask(|| self.connection.get_property(false, window, property, kind, 0, TITLE)?.reply())?;
            if let Some(reply) = reply.filter(|reply| !reply.value.is_empty()) {
                return Ok(Some(String::from_utf8_lossy(&reply.value).into_owned()));
            }
        }
        Ok(None)
    }

    fn follow_title(&mut self, window: Window) -> Result<(), ConnectionError> {
        if !self.titles || self.followed == Some(window) {
            return Ok(());
        }
        if let Some(former) = self.followed.replace(window) {
            follow(&self.connection, former, EventMask::NO_EVENT)?;
        }
        follow(&self.connection, window, EventMask::PROPERTY_CHANGE)
    }
}

impl Eyes for X11 {
    fn name(&self) -> &'static str {
        "X11"
    }

    fn look(&mut self, at_most: Duration) -> Result<Sight, String> {
        self.wait(Instant::now() + at_most)?;
        self.sight().map_err(lost)
    }
}

fn follow(connection: &RustConnection, window: Window, changes: EventMask) -> Result<(), ConnectionError> {
    let changes = ChangeWindowAttributesAux::new().event_mask(changes);
    ask(|| connection.change_window_attributes(window, &changes)?.check()).map(drop)
}

fn lost(error: impl std::fmt::Display) -> String {
    format!("the X server is lost: {error}")
}
