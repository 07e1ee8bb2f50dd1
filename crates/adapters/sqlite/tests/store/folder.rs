//! One server at a time in a folder, operators alongside it, and nobody else.

use std::fs;

use dayline_app::ports::{Accounts, DeadLetters, PasswordHash, SignOut};
use dayline_sqlite::{FolderLock, OpenError, SqliteStore};
use tempfile::tempdir;

use crate::{NOW, open, register, user_id};

#[tokio::test]
async fn a_second_server_is_refused_as_long_as_the_first_lives() {
    let folder = tempdir().unwrap();
    let first = open(folder.path());
    let second = FolderLock::acquire(folder.path());
    let text = second.unwrap_err().to_string();
    assert!(text.contains("in use by another dayline server"), "{text}");
    let clone = first.clone();
    drop(first);
    assert!(matches!(FolderLock::acquire(folder.path()), Err(OpenError::InUse { .. })));
    drop(clone);
    open(folder.path());
}

#[tokio::test]
async fn an_operator_works_alongside_a_server() {
    let folder = tempdir().unwrap();
    let server = open(folder.path());
    let user = register(&server, 1).await;
    let operator = SqliteStore::open_alongside(folder.path()).unwrap();
    assert_eq!(operator.count().await, Ok(0));
    let new = PasswordHash("new".to_owned());
    let asked = SignOut { keep: None, api_keys: false, at: NOW };
    let changed = operator.change_password(user, None, new.clone(), asked).await;
    assert_eq!(changed, Ok(Some(Vec::new())));
    assert_eq!(server.password_of(user).await, Ok(Some(new)));
    drop(operator);
    // The server goes on.
    register(&server, 2).await;
}

#[tokio::test]
async fn everything_is_there_again_after_a_restart() {
    let folder = tempdir().unwrap();
    let first = open(folder.path());
    let user = register(&first, 1).await;
    drop(first);
    let found = Accounts::find(&open(folder.path()), user).await.unwrap();
    assert_eq!(found.map(|user| user.id), Some(user_id(1)));
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_folder_and_its_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempdir().unwrap();
    let folder = parent.path().join("not").join("yet");
    let store = open(&folder);
    register(&store, 1).await;
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(Result::unwrap).collect();
    assert!(files.len() >= 4, "lock, database, its log and index");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
}

#[test]
fn a_folder_that_can_not_be_made_is_named() {
    let parent = tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    let text = FolderLock::acquire(&file.join("data")).unwrap_err().to_string();
    assert!(text.contains("file/data can't be used"), "{text}");
}

#[test]
fn an_empty_or_missing_database_beside_what_is_made_later_was_lost_and_is_not_made_anew() {
    for beside in ["keys.json", "ping-log.db"] {
        for empty in [true, false] {
            let folder = tempdir().unwrap();
            let database = folder.path().join("dayline.db");
            fs::write(folder.path().join(beside), "something").unwrap();
            if empty {
                fs::write(&database, "").unwrap();
            }
            let refused = SqliteStore::open(FolderLock::acquire(folder.path()).unwrap());
            let Err(OpenError::Lost { .. }) = &refused else { panic!("{refused:?}") };
            let text = refused.unwrap_err().to_string();
            for part in [&database.display().to_string(), beside, "backup", "dayline migrate"] {
                assert!(text.contains(part), "{text}");
            }
            assert_eq!(fs::metadata(&database).map(|found| found.len()).ok(), empty.then_some(0));
            // Who wants it so gets it.
            drop(SqliteStore::create(FolderLock::acquire(folder.path()).unwrap()).unwrap());
            open(folder.path());
        }
    }
}

#[test]
fn a_start_that_was_interrupted_before_anything_was_made_goes_on() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("dayline.db"), "").unwrap();
    open(folder.path());
    open(folder.path());
}

#[test]
fn a_file_that_is_no_database_is_named_with_a_way_out() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("dayline.db");
    fs::write(&file, "a letter to somebody, ".repeat(100)).unwrap();
    let text = SqliteStore::open(FolderLock::acquire(folder.path()).unwrap()).unwrap_err().to_string();
    assert!(text.contains(&file.display().to_string()) && text.contains("backup"), "{text}");
}

#[cfg(unix)]
#[test]
fn what_may_not_be_used_is_named_with_the_user_and_a_way_out() {
    use std::io::{Error, ErrorKind};
    for (kind, advice) in [
        (ErrorKind::PermissionDenied, "start the program as its owner"),
        (ErrorKind::ReadOnlyFilesystem, "mount it writable"),
    ] {
        let file = "/data/dayline.db".into();
        let text = OpenError::File { file, error: Error::from(kind) }.to_string();
        for part in ["/data/dayline.db", "this process is user ", advice] {
            assert!(text.contains(part), "{text}");
        }
    }
}
