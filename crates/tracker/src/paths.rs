//! Where the tracker's files are: by the conventions of XDG, unless it is told otherwise.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};

/// The folder of this program among the folders of others.
const NAME: &str = "dayline-tracker";

/// Where the configuration is if nobody says otherwise: `~/.config/dayline-tracker/config.toml`.
///
/// # Errors
/// There is no home folder.
pub fn config_file() -> Result<PathBuf, String> {
    Ok(base()?.config_dir().join(NAME).join("config.toml"))
}

/// Where key and spool are if nobody says otherwise: `~/.local/state/dayline-tracker`.
///
/// # Errors
/// There is no home folder.
pub fn data_folder() -> Result<PathBuf, String> {
    let base = base()?;
    Ok(base.state_dir().unwrap_or_else(|| base.data_dir()).join(NAME))
}

/// Where systemd looks for a person's own units: `~/.config/systemd/user`.
///
/// # Errors
/// There is no home folder.
pub fn unit_folder() -> Result<PathBuf, String> {
    Ok(base()?.config_dir().join("systemd/user"))
}

fn base() -> Result<impl BaseStrategy, String> {
    choose_base_strategy().map_err(|_| "there is no home folder; set HOME, or --config and --data".to_owned())
}

/// The files in the data folder.
#[derive(Debug, Clone)]
pub struct Data {
    folder: PathBuf,
}

impl Data {
    /// Makes the folder where it is missing, for this person alone.
    ///
    /// # Errors
    /// It can't be made.
    pub fn open(folder: &Path) -> Result<Self, String> {
        private_folder(folder)
            .map_err(|error| format!("cannot make the data folder {}: {error}", folder.display()))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The key, and of which server it is.
    pub fn key(&self) -> PathBuf {
        self.folder.join("key.json")
    }

    /// What waits to be sent.
    pub fn spool(&self) -> PathBuf {
        self.folder.join("spool")
    }

    /// What the relay must know of its watchers' buckets.
    pub fn buckets(&self) -> PathBuf {
        self.folder.join("buckets.json")
    }

    /// Until when nothing is watched.
    pub fn pause(&self) -> PathBuf {
        self.folder.join("pause")
    }

    /// How the running tracker fares.
    pub fn status(&self) -> PathBuf {
        self.folder.join("status.json")
    }
}

/// Makes a folder that only this person may look into.
///
/// # Errors
/// Those of the file system.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Options for a new file that only this person may read and write.
pub fn private_file() -> OpenOptions {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Puts a whole new text in the place of a file's; who reads meanwhile sees the one or the other.
///
/// # Errors
/// Those of the file system.
pub fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    let fresh = file.with_extension("new");
    // A file that was left behind may have been anybody's.
    remove(&fresh)?;
    private_file().open(&fresh)?.write_all(text)?;
    fs::rename(&fresh, file)
}

/// The same, and on the disk when it returns.
///
/// # Errors
/// Those of the file system.
pub fn replace_durably(file: &Path, text: &[u8]) -> io::Result<()> {
    let fresh = file.with_extension("new");
    remove(&fresh)?;
    let mut open = private_file().open(&fresh)?;
    open.write_all(text)?;
    open.sync_all()?;
    fs::rename(&fresh, file)?;
    file.parent().map_or(Ok(()), sync_folder)
}

/// Makes durable which files a folder has.
///
/// # Errors
/// Those of the file system.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    // Elsewhere folders can't be opened, and what is in them is durable by itself.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Removes a file or says that it was not there.
///
/// # Errors
/// Those of the file system.
pub fn remove(file: &Path) -> io::Result<bool> {
    match fs::remove_file(file) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
