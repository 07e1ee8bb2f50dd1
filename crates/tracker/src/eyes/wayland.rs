//! Wayland: compositors of the wlroots family tell which window is active, and nearly all of them when nobody has touched
//! anything for a while. Everything comes as an event; nothing is polled.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use wayland_client::backend::ObjectId;
use wayland_client::globals::{GlobalListContents, registry_queue_init};
use wayland_client::protocol::{wl_registry, wl_seat};
use wayland_client::{
    Connection, Dispatch, EventQueue, Proxy, QueueHandle, delegate_noop, event_created_child,
};
use wayland_protocols::ext::idle_notify::v1::client::{ext_idle_notification_v1, ext_idle_notifier_v1};
use wayland_protocols_plasma::idle::client::{org_kde_kwin_idle, org_kde_kwin_idle_timeout};
use wayland_protocols_wlr::foreign_toplevel::v1::client::{
    zwlr_foreign_toplevel_handle_v1 as toplevel, zwlr_foreign_toplevel_manager_v1 as toplevels,
};

use super::ready::ready;
use super::sight::{Eyes, Front, Sight, Wanted};

pub(super) struct Wayland {
    connection: Connection,
    queue: EventQueue<Desktop>,
    desktop: Desktop,
    away_after: Duration,
}

/// What the compositor has told.
struct Desktop {
    windows: HashMap<ObjectId, Window>,
    titles: bool,
    /// Since when the compositor says that nobody has touched anything for so long as was asked for.
    idle_since: Option<Instant>,
    changed: bool,
}

#[derive(Default)]
struct Window {
    app: String,
    title: Option<String>,
    active: bool,
}

impl Wayland {
    pub(super) fn open(wanted: Wanted) -> Result<Self, String> {
        let connection = Connection::connect_to_env()
            .map_err(|error| format!("cannot connect to the Wayland compositor: {error}"))?;
        let (globals, mut queue) = registry_queue_init::<Desktop>(&connection).map_err(lost)?;
        let handle = queue.handle();
        let seat: wl_seat::WlSeat =
            globals.bind(&handle, 1..=1, ()).map_err(|_| "the compositor has no seat".to_owned())?;
        let shows_windows =
            globals.bind::<toplevels::ZwlrForeignToplevelManagerV1, _, _>(&handle, 1..=3, ()).is_ok();
        let milliseconds = u32::try_from(wanted.away_after.as_millis()).unwrap_or(u32::MAX);
        if let Ok(idle) = globals.bind::<ext_idle_notifier_v1::ExtIdleNotifierV1, _, _>(&handle, 1..=2, ()) {
            // Since its second version it can tell about input alone, whatever keeps the screen on.
            if idle.version() >= 2 {
                idle.get_input_idle_notification(milliseconds, &seat, &handle, ());
            } else {
                idle.get_idle_notification(milliseconds, &seat, &handle, ());
            }
        } else if let Ok(idle) = globals.bind::<org_kde_kwin_idle::OrgKdeKwinIdle, _, _>(&handle, 1..=1, ()) {
            idle.get_idle_timeout(&seat, milliseconds, &handle, ());
        } else {
            return Err("the compositor does not tell when nobody touches anything; \
                use watchers of ActivityWatch with the relay"
                .to_owned());
        }
        if !shows_windows {
            tracing::warn!("the compositor does not tell which app is in front: only times away are seen");
        }
        let windows = HashMap::new();
        let mut desktop = Desktop { windows, titles: wanted.titles, idle_since: None, changed: false };
        queue.roundtrip(&mut desktop).map_err(lost)?;
        queue.roundtrip(&mut desktop).map_err(lost)?;
        Ok(Self { connection, queue, desktop, away_after: wanted.away_after })
    }

    /// Waits until something changed that matters, or the time has come.
    fn wait(&mut self, until: Instant) -> Result<(), String> {
        loop {
            self.queue.dispatch_pending(&mut self.desktop).map_err(lost)?;
            if std::mem::take(&mut self.desktop.changed) || Instant::now() >= until {
                return Ok(());
            }
            self.connection.flush().map_err(lost)?;
            let Some(reading) = self.queue.prepare_read() else { continue };
            if ready(reading.connection_fd(), until).map_err(lost)? {
                reading.read().map_err(lost)?;
            }
        }
    }
}

impl Eyes for Wayland {
    fn name(&self) -> &'static str {
        "Wayland"
    }

    fn look(&mut self, at_most: Duration) -> Result<Sight, String> {
        self.wait(Instant::now() + at_most)?;
        let idle = self.desktop.idle_since.map_or(Duration::ZERO, |since| since.elapsed() + self.away_after);
        let active = self.desktop.windows.values().find(|window| window.active && !window.app.is_empty());
        let front = active.map(|window| Front { app: window.app.clone(), title: window.title.clone() });
        Ok(Sight { front, idle, locked: false })
    }
}

impl Desktop {
    fn window(&mut self, of: &toplevel::ZwlrForeignToplevelHandleV1) -> &mut Window {
        self.windows.entry(of.id()).or_default()
    }

    fn idle(&mut self, is_idle: bool) {
        self.idle_since = is_idle.then(Instant::now);
        self.changed = true;
    }
}

impl Dispatch<toplevel::ZwlrForeignToplevelHandleV1, ()> for Desktop {
    fn event(
        desktop: &mut Self,
        window: &toplevel::ZwlrForeignToplevelHandleV1,
        event: toplevel::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        match event {
            toplevel::Event::AppId { app_id } => desktop.window(window).app = app_id,
            toplevel::Event::Title { title } if desktop.titles => desktop.window(window).title = Some(title),
            toplevel::Event::State { state } => {
                // An array of numbers in the machine's own order.
                let mut states =
                    state.chunks_exact(4).filter_map(|four| Some(u32::from_ne_bytes(four.try_into().ok()?)));
                desktop.window(window).active =
                    states.any(|state| state == toplevel::State::Activated as u32);
            }
            // What was told before holds from here on.
            toplevel::Event::Done => desktop.changed = true,
            toplevel::Event::Closed => {
                desktop.windows.remove(&window.id());
                window.destroy();
                desktop.changed = true;
            }
            _ => {}
        }
    }
}

impl Dispatch<toplevels::ZwlrForeignToplevelManagerV1, ()> for Desktop {
    fn event(
        _: &mut Self,
        _: &toplevels::ZwlrForeignToplevelManagerV1,
        _: toplevels::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        // Each window tells of itself.
    }

    event_created_child!(Desktop, toplevels::ZwlrForeignToplevelManagerV1, [
        toplevels::EVT_TOPLEVEL_OPCODE => (toplevel::ZwlrForeignToplevelHandleV1, ()),
    ]);
}

impl Dispatch<ext_idle_notification_v1::ExtIdleNotificationV1, ()> for Desktop {
    fn event(
        desktop: &mut Self,
        _: &ext_idle_notification_v1::ExtIdleNotificationV1,
        event: ext_idle_notification_v1::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        match event {
            ext_idle_notification_v1::Event::Idled => desktop.idle(true),
            ext_idle_notification_v1::Event::Resumed => desktop.idle(false),
            _ => {}
        }
    }
}

impl Dispatch<org_kde_kwin_idle_timeout::OrgKdeKwinIdleTimeout, ()> for Desktop {
    fn event(
        desktop: &mut Self,
        _: &org_kde_kwin_idle_timeout::OrgKdeKwinIdleTimeout,
        event: org_kde_kwin_idle_timeout::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        match event {
            org_kde_kwin_idle_timeout::Event::Idle => desktop.idle(true),
            org_kde_kwin_idle_timeout::Event::Resumed => desktop.idle(false),
            _ => {}
        }
    }
}

impl Dispatch<wl_registry::WlRegistry, GlobalListContents> for Desktop {
    fn event(
        _: &mut Self,
        _: &wl_registry::WlRegistry,
        _: wl_registry::Event,
        _: &GlobalListContents,
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        // What comes later than the start is not used.
    }
}

delegate_noop!(Desktop: ignore wl_seat::WlSeat);
delegate_noop!(Desktop: ext_idle_notifier_v1::ExtIdleNotifierV1);
delegate_noop!(Desktop: org_kde_kwin_idle::OrgKdeKwinIdle);

fn lost(error: impl std::fmt::Display) -> String {
    format!("the Wayland compositor is lost: {error}")
}
