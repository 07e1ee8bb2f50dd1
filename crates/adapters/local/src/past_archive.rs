//! What goes since it is past, kept in a folder: for each person a folder, and in it a file for some days.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use dayline_app::ports::{PastArchive, PortError, PortFuture};
use dayline_domain::{UserId, UtcDay};
use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;

use crate::folder;

/// A folder whose files only the server's user can read.
pub struct FolderArchive {
    folder: PathBuf,
}

impl FolderArchive {
    /// Makes the folder if it is missing, and tries whether files can be made in it. Blocks.
    ///
    /// # Errors
    ///
    /// If they can't.
    pub fn open(folder: &Path) -> io::Result<Self> {
        make_private(folder)?;
        NamedTempFile::new_in(folder)?.close()?;
        Ok(Self { folder: folder.to_owned() })
    }
}

impl PastArchive for FolderArchive {
    fn keep(&self, user: UserId, (first, last): (UtcDay, UtcDay), lines: Vec<u8>) -> PortFuture<'_, ()> {
        let folder = self.folder.join(user.to_string());
        Box::pin(async move {
            let written = spawn_blocking(move || write(&folder, &format!("{first}--{last}"), &lines));
            match written.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => {
                    Err(PortError::Unavailable(format!("what is past can't be archived: {error}")))
                }
                Err(error) => Err(PortError::Unavailable(error.to_string())),
            }
        })
    }
}

/// Writes a whole file beside those of the same name; durable when this returns.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    make_private(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    for number in 1.. {
        let count = if number == 1 { String::new() } else { format!(".{number}") };
        match file.persist_noclobber(folder.join(format!("{name}{count}.ndjson"))) {
            Ok(_) => break,
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => file = error.file,
            Err(error) => return Err(error.error),
        }
    }
    folder::sync(folder)?;
    folder.parent().map_or(Ok(()), folder::sync)
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_person_has_files_of_their_days_that_stay_and_that_only_the_server_can_read() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("archive");
        let archive = FolderArchive::open(&folder).unwrap();
        let (ada, bob) = (UserId::from_bits(1), UserId::from_bits(2));
        let days = (UtcDay(20_000), UtcDay(20_006));
        for (user, lines) in [(ada, "hers"), (ada, "and more"), (bob, "his")] {
            archive.keep(user, days, lines.into()).await.unwrap();
        }
        for (user, kept) in [(ada, &["and more", "hers"][..]), (bob, &["his"])] {
            let folder = folder.join(user.to_string());
            let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
            files.sort();
            let names = ["2024-10-04--2024-10-10.2.ndjson", "2024-10-04--2024-10-10.ndjson"];
            assert_eq!(
                files,
                names[2 - kept.len()..].iter().map(|name| folder.join(name)).collect::<Vec<_>>()
            );
            let texts: Vec<_> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
            assert_eq!(texts, kept);
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
                assert_eq!((mode(&folder), mode(&files[0])), (0o700, 0o600));
            }
        }
    }

    #[tokio::test]
    async fn what_can_not_be_kept_is_an_error_at_once_and_later() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "in the way").unwrap();
        assert!(FolderArchive::open(&file).is_err());
        let folder = root.path().join("archive");
        let archive = FolderArchive::open(&folder).unwrap();
        fs::remove_dir(&folder).unwrap();
        fs::write(&folder, "in the way").unwrap();
        let days = (UtcDay(20_000), UtcDay(20_000));
        let kept = archive.keep(UserId::from_bits(1), days, Vec::new()).await;
        assert!(matches!(kept, Err(PortError::Unavailable(_))), "{kept:?}");
    }
}
