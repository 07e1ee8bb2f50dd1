//! What happens to a running server's keys when their file changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dayline_app::ports::{AccessTokens, RefreshTokens};
use dayline_domain::SessionId;
use dayline_local::{
    HmacRefreshTokens, JwtAccessTokens, KeyWatch, SystemRandomness, change_keys, load_or_create_keys,
};
use tempfile::TempDir;

use crate::{NOW, claims};

struct World {
    _folder: TempDir,
    path: PathBuf,
    access: Arc<JwtAccessTokens>,
    refresh: Arc<HmacRefreshTokens>,
    watch: KeyWatch,
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let keys = load_or_create_keys(&path, &SystemRandomness, NOW).unwrap();
    let access = Arc::new(JwtAccessTokens::new(&keys));
    let refresh = Arc::new(HmacRefreshTokens::new(&keys, Arc::new(SystemRandomness)));
    let watch = KeyWatch::new(path.clone(), &keys, access.clone(), refresh.clone());
    World { _folder: folder, path, access, refresh, watch }
}

fn rotate(path: &Path) {
    change_keys(path, |keys| {
        let old = keys.keys(NOW).remove(0).kid;
        keys.add(&SystemRandomness, NOW, NOW);
        keys.retire(&old, NOW)
    })
    .unwrap();
}

#[test]
fn changed_keys_are_in_force_after_one_look_and_reported_once() {
    let mut world = world();
    let old = world.access.issue(&claims()).unwrap();
    assert!(world.watch.look().unwrap().is_none(), "nothing changed");
    rotate(&world.path);
    assert!(world.access.verify(&old, NOW).is_ok(), "not looked yet");
    assert_eq!(world.watch.look().unwrap().unwrap().keys(NOW).len(), 2);
    assert!(world.access.verify(&old, NOW).is_err());
    assert!(world.access.verify(&world.access.issue(&claims()).unwrap(), NOW).is_ok());
    assert!(world.watch.look().unwrap().is_none());
}

#[test]
fn a_refresh_token_of_before_has_the_same_successor_afterwards() {
    let mut world = world();
    let token = world.refresh.first(SessionId::from_bits(2)).text;
    let successor = |world: &World| world.refresh.successor(&world.refresh.open(&token).unwrap());
    let before = successor(&world);
    rotate(&world.path);
    assert!(world.watch.look().unwrap().is_some());
    assert!(successor(&world) == before);
}

#[test]
fn while_the_file_is_damaged_weak_or_missing_the_old_keys_stay_in_force() {
    let mut world = world();
    let token = world.access.issue(&claims()).unwrap();
    let good = fs::read(&world.path).unwrap();
    for bad in ["", "{\"version\": 1, \"access", "a secret of 31 bytes, not of 32."] {
        fs::write(&world.path, &bad[..bad.len().min(31)]).unwrap();
        assert!(world.watch.look().is_err(), "{bad}");
        assert!(world.watch.look().is_err(), "it stays an error");
        assert!(world.access.verify(&token, NOW).is_ok());
    }
    fs::remove_file(&world.path).unwrap();
    assert!(world.watch.look().is_err());
    fs::write(&world.path, good).unwrap();
    assert!(world.watch.look().unwrap().is_none(), "the keys are the same as before");
    assert!(world.access.verify(&token, NOW).is_ok());
}
