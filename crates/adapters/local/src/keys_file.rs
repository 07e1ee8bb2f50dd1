//! The file the server's keys are kept in: never lost half-way through a change, and never
//! overwritten because it could not be read.
//!
//! A change is written into the file itself. One that takes its place would have the change too, but
//! not for a container that has the file mounted, nor for whom it was made readable.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use dayline_app::ports::Randomness;
use dayline_domain::UtcMs;
use secrecy::zeroize::Zeroizing;
use tempfile::NamedTempFile;

use crate::folder;
use crate::keys::{KeyError, KeyRing};

/// Why the key file can't be used. The server does not start then.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message names its fields")]
pub enum KeyFileError {
    /// It can't be read or written.
    #[error("key file {}: {source}{}", path.display(), way_out(source))]
    Io { path: PathBuf, source: io::Error },
    /// It holds no usable keys.
    #[error(
        "key file {}: {source}: put it back from a backup; or move it away and run dayline keys create \
         as {}, which signs everybody out",
        path.display(), this_user()
    )]
    Damaged { path: PathBuf, source: KeyError },
    /// It is missing, and there are people whose tokens only its keys can check.
    #[error(
        "key file {} is missing, but there are accounts in {}: put it back from a backup; or run dayline keys \
         create as {}, which makes new keys and signs everybody out",
        path.display(), store.display(), this_user()
    )]
    Lost { path: PathBuf, store: PathBuf },
    /// Its keys can't be changed like that.
    #[error("key file {}: {source}", path.display())]
    Change { path: PathBuf, source: KeyError },
}

/// What an operator can do about a file that can't be used, and which user it is that can't.
fn way_out(error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::NotFound => {
            return format!(
                ": put it back from a backup, or make it with dayline keys create as {}",
                this_user()
            );
        }
        io::ErrorKind::PermissionDenied => {
            "let that user read and write it, or start the program as its owner"
        }
        io::ErrorKind::ReadOnlyFilesystem => "mount it writable, or choose another place (--keys-file)",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on its disk",
        _ => return String::new(),
    };
    format!(" (this process is {}): {advice}", this_user())
}

#[cfg(unix)]
fn this_user() -> String {
    format!("user {}", rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn this_user() -> &'static str {
    "the server's user"
}

/// The keys in the file, `None` if there is no such file. One that others could read is made
/// private.
pub fn existing_keys(path: &Path) -> Result<Option<KeyRing>, KeyFileError> {
    match read_keys(path) {
        Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        found => {
            keep_private(path);
            found.map(Some)
        }
    }
}

/// The keys in the file; if there is no such file it is made, with new random keys. Of several
/// processes that start at once, one makes it and the others read that.
pub fn load_or_create_keys(
    path: &Path,
    randomness: &dyn Randomness,
    now: UtcMs,
) -> Result<KeyRing, KeyFileError> {
    if let Some(keys) = existing_keys(path)? {
        return Ok(keys);
    }
    create(path, &KeyRing::generate(randomness, now))
        .map_err(|source| KeyFileError::Io { path: path.into(), source })?;
    read_keys(path)
}

/// The keys in the file, which must exist. Waits for a change that is being written; what one that
/// was interrupted left behind is made good by its copy.
pub fn read_keys(path: &Path) -> Result<KeyRing, KeyFileError> {
    let keys = parse(path, path);
    if let Err(KeyFileError::Damaged { .. }) = &keys
        && let Ok(copied) = parse(&copy_of(path), path)
    {
        return Ok(copied);
    }
    keys
}

/// The keys in a file; errors name the key file.
fn parse(file: &Path, path: &Path) -> Result<KeyRing, KeyFileError> {
    let text = read_whole(file).map_err(|source| KeyFileError::Io { path: path.into(), source })?;
    KeyRing::parse(&text).map_err(|source| KeyFileError::Damaged { path: path.into(), source })
}

fn read_whole(file: &Path) -> io::Result<Zeroizing<String>> {
    let mut file = File::open(file)?;
    // Not every file system has locks; there a change may be seen half written, and a moment later
    // whole.
    let _ = file.lock_shared();
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// Changes the file's keys, one change after another: who reads the file sees the old ones or the
/// new ones. If the change fails the file stays as it is. It keeps its owner and its mode.
pub fn change_keys<T>(
    path: &Path,
    change: impl FnOnce(&mut KeyRing) -> Result<T, KeyError>,
) -> Result<T, KeyFileError> {
    let io = |source| KeyFileError::Io { path: path.into(), source };
    // What a link points to is changed; the copy is beside that.
    let file = fs::canonicalize(path).map_err(io)?;
    let _lock = lock_folder(&file);
    let mut keys = read_keys(&file)?;
    let outcome = change(&mut keys).map_err(|source| KeyFileError::Change { path: path.into(), source })?;
    replace(&file, &keys).map_err(io)?;
    Ok(outcome)
}

/// Copies the keys of a file, which must exist, into one that does not: durable, and for its owner's eyes
/// only.
///
/// # Errors
///
/// [`KeyFileError`]; it names the file that it is about.
pub fn copy_keys(path: &Path, to: &Path) -> Result<(), KeyFileError> {
    let keys = read_keys(path)?;
    create(to, &keys).map_err(|source| KeyFileError::Io { path: to.into(), source })
}

/// Writes a whole copy first, which is there until the file itself is whole again.
fn replace(path: &Path, keys: &KeyRing) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    let copy = copy_of(path);
    let beside = write_beside(path, keys)?;
    keep_owner(path, beside.as_file())?;
    beside.persist(&copy).map_err(|error| error.error)?;
    folder::sync(folder_of(path))?;
    let document = keys.to_document();
    let _ = file.lock();
    file.write_all(document.as_bytes())?;
    file.set_len(document.len() as u64)?;
    file.sync_all()?;
    fs::remove_file(&copy)?;
    folder::sync(folder_of(path))
}

/// Where a change is kept until it is whole in the file.
fn copy_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    name.into()
}

/// Creates the file unless it exists by now.
fn create(path: &Path, keys: &KeyRing) -> io::Result<()> {
    match write_beside(path, keys)?.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => folder::sync(folder_of(path)),
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
fn lock_folder(path: &Path) -> Option<fs::File> {
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

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
