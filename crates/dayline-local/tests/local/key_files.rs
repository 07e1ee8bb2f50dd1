//! The key file: private, made once, never lost.

use std::fs;
use std::path::Path;

use dayline_local::{KeyFileError, KeyRing, SystemRandomness, load_or_create_keys, read_keys, write_keys};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_first_start_makes_keys_and_the_next_one_finds_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let first = load_or_create_keys(&path, &SystemRandomness).unwrap();
    let second = load_or_create_keys(&path, &SystemRandomness).unwrap();
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
    let ring = load_or_create_keys(&path, &SystemRandomness).unwrap();
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    load_or_create_keys(&path, &SystemRandomness).unwrap();
    assert_eq!(mode(), 0o600);
    write_keys(&path, &ring).unwrap();
    assert_eq!(mode(), 0o600);
}

#[test]
fn many_first_starts_at_once_agree_on_the_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let documents: Vec<_> = std::thread::scope(|scope| {
        let start = || load_or_create_keys(&path, &SystemRandomness).unwrap().to_document();
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
        let error = load_or_create_keys(&path, &SystemRandomness).unwrap_err();
        assert!(matches!(error, KeyFileError::Keys { .. }), "{error}");
        assert!(error.to_string().contains("keys.json"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), damage);
    }
    fs::write(&path, [0xFF; 64]).unwrap();
    assert!(load_or_create_keys(&path, &SystemRandomness).is_err());
}

#[test]
fn keys_are_replaced_as_a_whole_and_nothing_is_left_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let rings = [(); 2].map(|()| KeyRing::generate(&SystemRandomness));
    write_keys(&path, &rings[0]).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| (0..200).for_each(|n| write_keys(&path, &rings[n % 2]).unwrap()));
        for _ in 0..200 {
            let read = read_keys(&path).unwrap().to_document();
            assert!(rings.iter().any(|ring| ring.to_document() == read));
        }
    });
    assert_eq!(names(folder.path()), ["keys.json"]);
}

#[test]
fn keys_from_elsewhere_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.json");
    assert!(matches!(read_keys(&missing), Err(KeyFileError::Io { .. })));
    assert!(load_or_create_keys(&folder.path().join("no/folder/keys.json"), &SystemRandomness).is_err());
    let secret = folder.path().join("secret");
    fs::write(&secret, "a secret that an operator wrote down\n").unwrap();
    assert!(read_keys(&secret).is_ok());
}
