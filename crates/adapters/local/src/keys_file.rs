//! The file the server's keys are kept in: readable by its owner alone, never half written, never
//! overwritten because it could not be read.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use dayline_app::ports::Randomness;
use dayline_domain::UtcMs;
use secrecy::zeroize::Zeroizing;
use tempfile::NamedTempFile;

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

/// The keys in the file; if there is no such file it is made, with new random keys. Of several
/// processes that start at once, one makes it and the others read that.
pub fn load_or_create_keys(
    path: &Path,
    randomness: &dyn Randomness,
    now: UtcMs,
) -> Result<KeyRing, KeyFileError> {
    match read_keys(path) {
        Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        found => {
            keep_private(path);
            return found;
        }
    }
    create(path, &KeyRing::generate(randomness, now))
        .map_err(|source| KeyFileError::Io { path: path.into(), source })?;
    read_keys(path)
}

/// The keys in the file, which must exist.
pub fn read_keys(path: &Path) -> Result<KeyRing, KeyFileError> {
    let text = fs::read_to_string(path).map_err(|source| KeyFileError::Io { path: path.into(), source })?;
    KeyRing::parse(&Zeroizing::new(text)).map_err(|source| KeyFileError::Keys { path: path.into(), source })
}

/// Changes the file's keys, one change after another: who reads the file sees the old ones or the
/// new ones. If the change fails the file stays as it is.
pub fn change_keys<T>(
    path: &Path,
    change: impl FnOnce(&mut KeyRing) -> Result<T, KeyError>,
) -> Result<T, KeyFileError> {
    let io = |source| KeyFileError::Io { path: path.into(), source };
    // What a link points to is replaced, not the link.
    let file = fs::canonicalize(path).map_err(io)?;
    let _turn = take_turn(&file);
    let mut keys = read_keys(&file)?;
    let outcome = change(&mut keys).map_err(|source| KeyFileError::Keys { path: path.into(), source })?;
    replace(&file, &keys).map_err(io)?;
    Ok(outcome)
}

fn replace(path: &Path, keys: &KeyRing) -> io::Result<()> {
    let beside = write_beside(path, keys)?;
    keep_owner(path, beside.as_file())?;
    beside.persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Creates the file unless it exists by now.
fn create(path: &Path, keys: &KeyRing) -> io::Result<()> {
    match write_beside(path, keys)?.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => sync_folder(path),
    }
}

/// A file beside `path` with the keys in it, safe on disk, that only its owner can read from its
/// first moment.
fn write_beside(path: &Path, keys: &KeyRing) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(".keys-").tempfile_in(folder_of(path))?;
    file.write_all(keys.to_document().as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Waits until nobody else changes keys in this folder. Not every file system can lock a folder;
/// there, operators have to take turns themselves.
fn take_turn(path: &Path) -> Option<fs::File> {
    let folder = fs::File::open(folder_of(path)).ok()?;
    folder.lock().ok()?;
    Some(folder)
}

/// The server must be able to read what an operator wrote who is somebody else, such as root.
#[cfg(unix)]
fn keep_owner(path: &Path, new: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let (old, made) = (fs::metadata(path)?, new.metadata()?);
    if (old.uid(), old.gid()) == (made.uid(), made.gid()) {
        return Ok(());
    }
    fchown(new, Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &Path, _: &fs::File) -> io::Result<()> {
    Ok(())
}

/// A file that was copied or unpacked may have become readable for others. Some file systems know
/// no modes, so that it can't be private there: the operator has to know, but must not be locked
/// out.
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
    fs::File::open(folder_of(path))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
