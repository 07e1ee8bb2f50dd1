//! Keys are rotated while the shipped deployments run.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayline_testkit::{run, unprivileged, variable};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::{PROGRAM, text};

/// How soon processes notice a changed file, and how many sign-ins reach every process behind the proxy.
const NOTICED: Duration = Duration::from_secs(20);
const SIGN_INS: usize = 8;

struct Ada<'a> {
    client: Client,
    cluster: &'a Cluster,
}

impl Ada<'_> {
    async fn post(&self, path: &str, body: Value) -> Value {
        let sent = self.client.post(format!("{}/api/v1{path}", self.cluster.url())).json(&body).send().await;
        sent.unwrap().json().await.unwrap()
    }

    async fn register(&self) {
        let who =
            json!({"email": "ada@example.org", "password": "tea at half past four", "full_name": "Ada"});
        let user = self.post("/users", who).await;
        assert!(user["id"].is_string(), "{user}");
    }

    async fn sign_in(&self, device: &str) -> String {
        let who =
            json!({"email": "ada@example.org", "password": "tea at half past four", "device_id": device});
        let tokens = self.post("/auth/login", who).await;
        tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned()
    }

    /// What all processes answer to the token, if they agree.
    async fn answers(&self, token: &str) -> Vec<StatusCode> {
        let mut answers = Vec::new();
        for _ in 0..SIGN_INS {
            let me = self.client.get(format!("{}/api/v1/users/me", self.cluster.url())).bearer_auth(token);
            answers.push(me.send().await.unwrap().status());
        }
        answers.dedup();
        answers
    }

    async fn kids(&self) -> Vec<String> {
        let mut kids = Vec::new();
        for _ in 0..SIGN_INS {
            kids.push(kid(&self.sign_in("phone").await));
        }
        kids.dedup();
        kids
    }
}

/// The key that a token was signed with.
fn kid(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

async fn rotate(cluster: &Cluster, words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    let mut command = tokio::process::Command::from(cluster.keys(&words));
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_the_compose_files_cluster_are_rotated_while_it_runs() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let ada = Ada { client: Client::new(), cluster: &cluster };
    ada.register().await;
    let token = ada.sign_in("laptop").await;
    let old = kid(&token);
    assert_eq!(ada.kids().await, [old.as_str()]);

    let new = rotate(&cluster, &["add", "--signs-after", "0s"]).await;
    let begin = Instant::now();
    while ada.kids().await != [new.as_str()] {
        assert!(begin.elapsed() < NOTICED, "not every process signs with the new key");
    }
    assert_eq!(ada.answers(&token).await, [StatusCode::OK]);

    rotate(&cluster, &["retire", &old, "--at-once"]).await;
    let begin = Instant::now();
    while ada.answers(&token).await != [StatusCode::UNAUTHORIZED] {
        assert!(begin.elapsed() < NOTICED, "not every process refuses the retired key's tokens");
    }
    tokio::task::spawn_blocking(|| drop(cluster)).await.unwrap();
}

/// The settings of the unit with this key.
fn unit(key: &str) -> Vec<String> {
    let text = text("deploy/dayline@.service");
    text.lines().filter_map(|line| line.strip_prefix(key)).map(str::to_owned).collect()
}

fn keys(file: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["keys", "--keys-file"]).arg(file).args(words);
    command
}

#[test]
fn the_unit_reads_the_key_file_where_it_is_as_a_user_who_may() {
    let [user] = unit("User=").try_into().unwrap();
    assert!(unit("DynamicUser=").is_empty() && unit("LoadCredential=").is_empty());
    let settings = unit("Environment=");
    let file = settings.iter().find_map(|setting| setting.strip_prefix("DAYLINE_KEYS_FILE=")).unwrap();
    assert!(file.starts_with("/etc/dayline/"), "{file}");
    let chown = format!("chown {user} {file}");
    assert!(text("deploy/dayline@.service").contains(&chown), "the unit says who owns {file}");

    let folder = tempfile::tempdir_in(variable("DAYLINE_TEST_FOLDER")).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (file, program) = (folder.path().join("keys.json"), folder.path().join("dayline"));
    fs::copy(PROGRAM, &program).unwrap();
    run(&mut keys(&file, &["create"]));
    let owner = String::from_utf8(unprivileged("id").arg("-u").output().unwrap().stdout).unwrap();
    run(Command::new("chown").arg(owner.trim()).arg(&file));
    run(&mut keys(&file, &["add"]));

    let about = fs::metadata(&file).unwrap();
    assert_eq!((about.uid().to_string(), about.mode() & 0o777), (owner.trim().to_owned(), 0o600));
    let listed =
        unprivileged(&program).args(["keys", "--keys-file"]).arg(&file).arg("list").output().unwrap();
    assert!(listed.status.success(), "{listed:?}");
    assert_eq!(String::from_utf8(listed.stdout).unwrap().lines().count(), 2);
}
