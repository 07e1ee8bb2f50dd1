//! The data folder: its lock and its files. One server at a time works in a folder.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::open_error::OpenError;

const LOCK: &str = "dayline.lock";
const DATABASE: &str = "dayline.db";
/// What a server makes in its folder when it has a database already.
const MADE_LATER: [&str; 2] = ["keys.json", "ping-log.db"];

/// The right to be the only server in a folder, as long as it lives. The system takes it back when
/// the process ends, however it ends.
#[derive(Debug)]
pub struct FolderLock {
    folder: PathBuf,
    file: File,
}

/// Closing the file would do, were it not for processes that are being started at that moment: they
/// have it open until they run their own program.
impl Drop for FolderLock {
    fn drop(&mut self) {
        // If this fails, closing it has to do.
        let _ = self.file.unlock();
    }
}

impl FolderLock {
    /// Locks the folder, and makes it if there is none (for its owner's eyes only, like every file
    /// in it). Refuses if another process has it.
    pub fn acquire(folder: &Path) -> Result<Self, OpenError> {
        let failed = |error| OpenError::Folder { folder: folder.to_owned(), error };
        create_private_folder(folder).map_err(failed)?;
        let lock = folder.join(LOCK);
        let file = private_file().open(&lock).map_err(|error| OpenError::File { file: lock, error })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { folder: folder.to_owned(), file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { folder: folder.to_owned() }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Where the accounts and the ledger are.
pub(crate) fn database_in(folder: &Path) -> PathBuf {
    folder.join(DATABASE)
}

/// Refuses to begin with an empty database where there was another one.
pub(crate) fn refuse_lost(folder: &Path) -> Result<(), OpenError> {
    let file = database_in(folder);
    let length = |file: &Path| fs::metadata(file).map(|found| found.len());
    let wal = folder.join(format!("{DATABASE}-wal"));
    let is_empty = match length(&file) {
        // What was written first may be in the write-ahead log alone.
        Ok(bytes) => bytes == 0 && length(&wal).unwrap_or(0) == 0,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    let beside = MADE_LATER.map(|name| folder.join(name)).into_iter().find(|other| other.exists());
    match beside {
        Some(beside) if is_empty => Err(OpenError::Lost { file, beside }),
        _ => Ok(()),
    }
}

/// Makes the file if it is missing, so that SQLite does not make it readable for everybody. SQLite
/// gives the files it makes beside it the same mode.
pub(crate) fn create_private(file: &Path) -> io::Result<()> {
    private_file().open(file).map(drop)
}

/// Whether this process may write the file, and make others beside it.
pub(crate) fn check_writable(file: &Path) -> Result<(), OpenError> {
    if let Err(error) = OpenOptions::new().read(true).write(true).open(file) {
        return Err(OpenError::File { file: file.to_owned(), error });
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    may_make_files(folder).map_err(|error| OpenError::Folder { folder: folder.to_owned(), error })
}

#[cfg(unix)]
fn may_make_files(folder: &Path) -> io::Result<()> {
    use rustix::fs::{Access, access};
    Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

#[cfg(not(unix))]
fn may_make_files(_: &Path) -> io::Result<()> {
    Ok(())
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes the folder if it is missing, for its owner's eyes only.
pub(crate) fn create_private_folder(folder: &Path) -> io::Result<()> {
    if fs::metadata(folder).is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
