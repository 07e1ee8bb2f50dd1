//! The file the server's keys are kept in: readable by its owner alone, never half written, never overwritten
//! because it could not be read. Deliberately absent: what is in it (see `keys`).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use dayline_app::ports::Randomness;
use secrecy::zeroize::Zeroizing;

use crate::keys::{KeyError, KeyRing};

/// Why the key file can't be used. The server does not start then.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It can't be read or written.
    #[error("key file {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds no usable keys.
    #[error("key file {}: {source}", path.display())]
    Keys {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: KeyError,
    },
}

/// The keys in the file; if there is no such file it is made, with new random keys. Of several processes that start
/// at once, one makes it and the others read that.
pub fn load_or_create_keys(path: &Path, randomness: &dyn Randomness) -> Result<KeyRing, KeyFileError> {
    match read_keys(path) {
        Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        found => {
            keep_private(path);
            return found;
        }
    }
    create(path, &KeyRing::generate(randomness))
        .map_err(|source| KeyFileError::Io { path: path.into(), source })?;
    read_keys(path)
}

/// The keys in the file, which must exist.
pub fn read_keys(path: &Path) -> Result<KeyRing, KeyFileError> {
    let text = fs::read_to_string(path).map_err(|source| KeyFileError::Io { path: path.into(), source })?;
    KeyRing::parse(&Zeroizing::new(text)).map_err(|source| KeyFileError::Keys { path: path.into(), source })
}

/// Replaces the file's keys: who reads it sees the old ones or the new ones.
pub fn write_keys(path: &Path, keys: &KeyRing) -> Result<(), KeyFileError> {
    let replace = || {
        let new = write_beside(path, keys)?;
        fs::rename(&new, path)?;
        sync_folder(path)
    };
    replace().map_err(|source| KeyFileError::Io { path: path.into(), source })
}

/// Creates the file unless it exists by now.
fn create(path: &Path, keys: &KeyRing) -> io::Result<()> {
    let new = write_beside(path, keys)?;
    let linked = fs::hard_link(&new, path);
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        // Some file systems have no links. There, two first starts at the same moment are not told apart.
        Err(_) => return fs::rename(&new, path).and_then(|()| sync_folder(path)),
        Ok(()) => {}
    }
    fs::remove_file(&new)?;
    sync_folder(path)
}

/// A private file beside `path` with the keys in it, safe on disk.
fn write_beside(path: &Path, keys: &KeyRing) -> io::Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    // One that a crash left behind; nobody else uses this process's number.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = open_private(&beside)?;
    file.write_all(keys.to_document().as_bytes())?;
    file.sync_all()?;
    Ok(beside)
}

#[cfg(unix)]
fn open_private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// A file that was copied or unpacked may have become readable for others. Some file systems know no modes, so
/// that it can't be private there: the operator has to know, but must not be locked out.
#[cfg(unix)]
fn keep_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS: u32 = 0o077;
    let for_others = || fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode() & OTHERS);
    if for_others() == 0 {
        return;
    }
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
    if for_others() != 0 {
        tracing::warn!("the key file can be read by other users of this machine");
    }
}

#[cfg(not(unix))]
fn keep_private(_: &Path) {}

/// Makes the file's name as durable as its content.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
