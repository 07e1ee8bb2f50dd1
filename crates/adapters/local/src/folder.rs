//! Folders that hold files which must be there after a power loss.

use std::io;
use std::path::Path;

/// Makes the names in a folder as durable as what they name.
#[cfg(unix)]
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}
