//! Nodes with key files of their own: one whose keys differ from the others' is not ready.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::caller::Caller;
use super::installation;
use crate::support::account::{eventually, register};
use crate::support::command::run;
use crate::support::readiness::readiness;
use crate::support::server::{Installation, Process, Role, get};

const SOON: Duration = Duration::from_secs(10);

fn well() -> (u16, bool, Vec<String>) {
    (200, false, Vec::new())
}

/// A key file in the installation's folder, with keys of its own.
fn key_file(installation: &Installation, name: &str) -> PathBuf {
    let file = installation.folder().join(name);
    run(&["keys", "create", "--keys-file", file.to_str().unwrap()]).expect_success();
    file
}

fn node(installation: &Installation, number: usize, keys: &Path) -> Process {
    installation.process(Role::Api, number, &["--unlimited", "--keys-file", keys.to_str().unwrap()])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_another_key_file_is_not_ready_until_the_file_is_right_or_the_others_are_gone() {
    let installation = installation();
    let [right, wrong] = ["right.json", "wrong.json"].map(|name| key_file(&installation, name));
    let mut first = node(&installation, 0, &right);
    first.wait_until_ready();
    let other = node(&installation, 1, &wrong);
    let lacks = (503, false, vec!["keys".to_owned()]);
    eventually(lacks.clone(), SOON, async || readiness(&other)).await;
    let said = get(other.address, "/readyz").unwrap();
    assert!(said.contains("--keys-file") && said.contains("dayline keys list"), "{said}");
    assert!(get(other.address, "/metrics").unwrap().contains("dayline_check_ok{check=\"keys\"} 0"));
    assert!(
        installation.log().contains("refresh tokens are made with another key"),
        "the log says how they differ"
    );
    assert_eq!(readiness(&first), well());

    let kept = fs::read(&wrong).unwrap();
    fs::copy(&right, &wrong).unwrap();
    eventually(well(), SOON, async || readiness(&other)).await;
    // Tokens of each are good on the other.
    register(&installation, "ada").await;
    let [here, there] = [&installation.urls()[0], &installation.urls()[1]];
    for (from, to) in [(here, there), (there, here)] {
        assert_eq!(Caller::signed_in(from, "ada", "laptop").await.at(to).report_status().await, 200);
    }

    fs::write(&wrong, kept).unwrap();
    eventually(lacks, SOON, async || readiness(&other)).await;
    assert_eq!(readiness(&first), well(), "who changed is not ready, and nobody else");
    assert_eq!(first.stop().code(), Some(0));
    eventually(well(), SOON, async || readiness(&other)).await;
}

/// The name of the key that a node signs with.
async fn signs_with(url: &str) -> String {
    let bearer = Caller::signed_in(url, "ada", "laptop").await.bearer;
    let header = URL_SAFE_NO_PAD.decode(bearer.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_rotated_key_file_is_copied_from_node_to_node_both_are_ready() {
    let installation = installation();
    let files = ["one.json", "two.json"].map(|name| installation.folder().join(name));
    fs::copy(key_file(&installation, "first.json"), &files[0]).unwrap();
    fs::copy(&files[0], &files[1]).unwrap();
    let mut nodes = [node(&installation, 0, &files[0]), node(&installation, 1, &files[1])];
    for node in &mut nodes {
        node.wait_until_ready();
    }
    register(&installation, "ada").await;

    let keys_file = files[0].to_str().unwrap();
    let new = run(&["keys", "add", "--signs-after", "15s", "--keys-file", keys_file]).expect_success();
    let begin = Instant::now();
    let mut copied = false;
    loop {
        for node in &nodes {
            assert_eq!(readiness(node), well(), "after {:?}", begin.elapsed());
        }
        if !copied && begin.elapsed() > Duration::from_secs(3) {
            fs::copy(&files[0], &files[1]).unwrap();
            copied = true;
        }
        let [here, there] = [&installation.urls()[0], &installation.urls()[1]];
        if signs_with(here).await == new.trim() && signs_with(there).await == new.trim() {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(40), "the new key does not sign");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert!(copied);
}
