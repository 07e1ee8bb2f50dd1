//! The key file: private, made once, never lost.

use std::fs;
use std::path::Path;

use dayline_local::{
    KeyError, KeyFileError, SystemRandomness, change_keys, existing_keys, load_or_create_keys, read_keys,
};

use crate::NOW;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn add(path: &Path) -> String {
    change_keys(path, |keys| Ok(keys.add(&SystemRandomness, NOW, NOW))).unwrap()
}

#[test]
fn the_first_start_makes_keys_and_the_next_one_finds_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let first = load_or_create_keys(&path, &SystemRandomness, NOW).unwrap();
    let second = load_or_create_keys(&path, &SystemRandomness, NOW).unwrap();
    assert_eq!(first.to_document(), second.to_document());
    assert_eq!(names(folder.path()), ["keys.json"]);
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_alone_and_becomes_so_again() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    load_or_create_keys(&path, &SystemRandomness, NOW).unwrap();
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    load_or_create_keys(&path, &SystemRandomness, NOW).unwrap();
    assert_eq!(mode(), 0o600);
}

/// A container that has the file mounted sees this very file and no other, by a mode that it was
/// given.
#[cfg(unix)]
#[test]
fn a_change_is_made_in_the_file_itself_which_keeps_its_mode() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    load_or_create_keys(&path, &SystemRandomness, NOW).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let mounted = folder.path().join("mounted");
    fs::hard_link(&path, &mounted).unwrap();
    let before = fs::metadata(&path).unwrap();
    let kid = add(&path);
    let after = fs::metadata(&path).unwrap();
    assert_eq!((after.ino(), after.mode()), (before.ino(), before.mode()));
    assert!(read_keys(&mounted).unwrap().keys(NOW).iter().any(|key| key.kid == kid));
    // A shorter document leaves nothing of the longer one behind.
    change_keys(&path, |keys| {
        keys.retire(&kid, NOW)?;
        Ok(keys.forget_retired(NOW))
    })
    .unwrap();
    assert_eq!(read_keys(&mounted).unwrap().keys(NOW).len(), 1);
    assert_eq!(names(folder.path()), ["keys.json", "mounted"]);
}

#[test]
fn a_change_that_was_interrupted_is_found_whole_in_its_copy() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("keys.json"), folder.path().join("keys.json.new"));
    load_or_create_keys(&path, &SystemRandomness, NOW).unwrap();
    let kid = add(&path);
    let whole = fs::read(&path).unwrap();
    fs::write(&copy, &whole).unwrap();
    for written in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..written]).unwrap();
        let found = read_keys(&path).unwrap();
        assert!(found.keys(NOW).iter().any(|key| key.kid == kid), "{written} bytes");
    }
    add(&path);
    assert_eq!(read_keys(&path).unwrap().keys(NOW).len(), 3);
    assert_eq!(names(folder.path()), ["keys.json"]);
}

#[test]
fn no_new_key_has_a_name_that_looks_like_an_option() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    load_or_create_keys(&path, &SystemRandomness, NOW).unwrap();
    let kids = change_keys(&path, |keys| {
        Ok((0..2_000).map(|_| keys.add(&SystemRandomness, NOW, NOW)).collect::<Vec<_>>())
    });
    assert!(kids.unwrap().iter().all(|kid| kid.starts_with(|first: char| first.is_ascii_alphabetic())));
}

#[test]
fn many_first_starts_at_once_agree_on_the_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let documents: Vec<_> = std::thread::scope(|scope| {
        let start = || load_or_create_keys(&path, &SystemRandomness, NOW).unwrap().to_document();
        let starts: Vec<_> = (0..16).map(|_| scope.spawn(start)).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert!(documents.iter().all(|document| *document == documents[0]));
    assert_eq!(names(folder.path()), ["keys.json"]);
}

#[test]
fn a_damaged_file_stops_the_start_and_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    for damage in ["", "{", "{\"version\": 1, \"access", "too short"] {
        fs::write(&path, damage).unwrap();
        let error = load_or_create_keys(&path, &SystemRandomness, NOW).unwrap_err();
        assert!(matches!(error, KeyFileError::Damaged { .. }), "{error}");
        let text = error.to_string();
        for part in ["keys.json", "put it back from a backup", "dayline keys create as user "] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), damage);
    }
    fs::write(&path, [0xFF; 64]).unwrap();
    assert!(load_or_create_keys(&path, &SystemRandomness, NOW).is_err());
}

#[test]
fn changes_at_once_are_all_made_and_who_reads_sees_whole_files_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let first = load_or_create_keys(&path, &SystemRandomness, NOW).unwrap().keys(NOW).remove(0).kid;
    let mut added: Vec<String> = std::thread::scope(|scope| {
        let changes: Vec<_> =
            (0..4).map(|_| scope.spawn(|| (0..10).map(|_| add(&path)).collect::<Vec<_>>())).collect();
        while !changes.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            read_keys(&path).unwrap();
        }
        changes.into_iter().flat_map(|change| change.join().unwrap()).collect()
    });
    added.push(first);
    added.sort();
    let mut found: Vec<String> = read_keys(&path).unwrap().keys(NOW).into_iter().map(|key| key.kid).collect();
    found.sort();
    assert_eq!(found, added);
    assert_eq!(names(folder.path()), ["keys.json"]);
}

#[test]
fn a_change_that_fails_leaves_the_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let only = load_or_create_keys(&path, &SystemRandomness, NOW).unwrap().keys(NOW).remove(0).kid;
    let before = fs::read(&path).unwrap();
    let error = change_keys(&path, |keys| keys.retire(&only, NOW)).unwrap_err();
    assert!(matches!(error, KeyFileError::Change { source: KeyError::NoneSigns, .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::write(&path, "damaged").unwrap();
    assert!(change_keys(&path, |keys| keys.retire(&only, NOW)).is_err());
    assert_eq!(fs::read(&path).unwrap(), b"damaged");
}

#[cfg(unix)]
#[test]
fn behind_a_link_the_file_is_changed_and_the_link_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    load_or_create_keys(&file, &SystemRandomness, NOW).unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    add(&link);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(read_keys(&file).unwrap().keys(NOW).len(), 2);
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_used_is_named_with_the_user_and_a_way_out() {
    use std::io::{Error, ErrorKind};
    for (kind, advice) in [
        (ErrorKind::PermissionDenied, "start the program as its owner"),
        (ErrorKind::ReadOnlyFilesystem, "mount it writable"),
        (ErrorKind::StorageFull, "make room"),
    ] {
        let path = "/data/keys.json".into();
        let text = KeyFileError::Io { path, source: Error::from(kind) }.to_string();
        for part in ["/data/keys.json", "(this process is user ", advice] {
            assert!(text.contains(part), "{text}");
        }
    }
}

#[test]
fn keys_from_elsewhere_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.json");
    let text = read_keys(&missing).unwrap_err().to_string();
    for part in [&missing.display().to_string(), "put it back", "dayline keys create as user "] {
        assert!(text.contains(part), "{text}");
    }
    assert!(matches!(existing_keys(&missing), Ok(None)));
    assert!(load_or_create_keys(&folder.path().join("no/folder/keys.json"), &SystemRandomness, NOW).is_err());
    let secret = folder.path().join("secret");
    fs::write(&secret, "a secret that an operator wrote down\n").unwrap();
    assert!(read_keys(&secret).is_ok());
}
