//! The file the server's keys are kept in: readable by its owner alone, never half written, never overwritten
//! because it could not be read. Deliberately absent: what is in it (see `keys`).

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use dayline_app::ports::Randomness;
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
        write_beside(path, keys)?.persist(path).map_err(|error| error.error)?;
        sync_folder(path)
    };
    replace().map_err(|source| KeyFileError::Io { path: path.into(), source })
}

/// Creates the file unless it exists by now.
fn create(path: &Path, keys: &KeyRing) -> io::Result<()> {
    match write_beside(path, keys)?.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => sync_folder(path),
    }
}

/// A file beside `path` with the keys in it, safe on disk, that only its owner can read from its first moment.
fn write_beside(path: &Path, keys: &KeyRing) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(".keys-").tempfile_in(folder_of(path))?;
    file.write_all(keys.to_document().as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
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
    fs::File::open(folder_of(path))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
