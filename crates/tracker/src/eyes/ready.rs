//! Waiting for a connection to a desktop.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Waits until there is something to read or the time has come; gives whether there is.
pub(super) fn ready(connection: impl AsFd, until: Instant) -> io::Result<bool> {
    let left = until.saturating_duration_since(Instant::now());
    let timeout = Timespec::try_from(left.min(Duration::from_hours(1))).ok();
    let mut asked = [PollFd::new(&connection, PollFlags::IN)];
    match poll(&mut asked, timeout.as_ref()) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
