//! What a desktop shows: which app is in front, since when nobody has touched keyboard or mouse. One trait, and one file for
//! each kind of desktop; what follows from what was seen is the [`watch`](crate::watch)'s.

#[cfg(target_os = "linux")]
mod ready;
#[cfg(target_os = "linux")]
mod recording;
mod sight;
#[cfg(target_os = "linux")]
mod wayland;
#[cfg(target_os = "linux")]
mod x11;

pub use sight::{Eyes, Front, Sight, Wanted};

/// Opens the eyes for the desktop that this program runs on.
///
/// # Errors
/// There is none, or none that can be seen.
#[cfg(target_os = "linux")]
pub fn open(wanted: Wanted) -> Result<Box<dyn Eyes>, String> {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set("WAYLAND_DISPLAY") {
        return Ok(Box::new(wayland::Wayland::open(wanted)?));
    }
    if is_set("DISPLAY") {
        return Ok(Box::new(x11::X11::open(wanted)?));
    }
    Err("there is no desktop to see: neither WAYLAND_DISPLAY nor DISPLAY is set".to_owned())
}

/// Whether the microphone or a camera is in use.
#[cfg(target_os = "linux")]
pub fn is_recording() -> bool {
    recording::is_on(std::path::Path::new("/"))
}

/// Opens the eyes for the desktop that this program runs on.
///
/// # Errors
/// Always: there are none for this system.
#[cfg(not(target_os = "linux"))]
pub fn open(_wanted: Wanted) -> Result<Box<dyn Eyes>, String> {
    Err("this system can't be seen yet; use watchers of ActivityWatch with the relay".to_owned())
}

/// Whether the microphone or a camera is in use; not known on this system.
#[cfg(not(target_os = "linux"))]
pub fn is_recording() -> bool {
    false
}
