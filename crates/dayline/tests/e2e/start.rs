//! Starting: what it says, how soon it serves, and what it refuses to start on.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::CommandFactory;
use dayline_domain::{UtcDay, UtcMs};
use dayline_testkit::free_port;
use rusqlite::Connection;

use crate::support::account::{eventually, newcomer, ping, register, send, totals};
use crate::support::command::{Ended, dayline, run};
use crate::support::now;
use crate::support::server::{Installation, get};

#[tokio::test]
async fn who_registers_signs_in_and_sends_a_ping_sees_it_in_a_report_within_two_seconds() {
    let installation = Installation::alone();
    let _server = installation.start(&[]);
    let device = newcomer(&installation, "ada").await;
    let start = now().plus(-60_000);
    send(&device, ping("Code", start, 5_000)).await;
    let today = start.day().to_string();
    eventually(Some(5_000), Duration::from_secs(2), async || {
        let (today, next) = (
            totals(&device, "apps", &today, "UTC").await,
            totals(&device, "apps", &next_day(start), "UTC").await,
        );
        // Just before midnight the ping is cut.
        Some(today.values().chain(next.values()).sum())
    })
    .await;
}

fn next_day(at: UtcMs) -> String {
    UtcDay(at.day().0 + 1).to_string()
}

#[test]
fn a_server_is_ready_within_a_second() {
    let installation = Installation::alone();
    let first = installation.spawn(&[]).wait_until_ready();
    let again = installation.spawn(&[]).wait_until_ready();
    println!("first start {first:?}, second {again:?}");
    assert!(first.min(again) < Duration::from_secs(1), "{first:?}, {again:?}");
}

#[test]
fn the_first_start_shows_address_folder_and_a_request_to_try_and_later_ones_are_brief() {
    let installation = Installation::alone();
    installation.start(&[]).stop();
    let first = installation.log();
    assert!(first.contains(&installation.url()), "{first}");
    assert!(first.contains(&installation.data().display().to_string()), "{first}");
    assert!(first.contains("curl -s http"), "{first}");
    let readme = include_str!("../../../../README.md");
    let person = readme.lines().find_map(|line| line.trim().strip_prefix("-d '{\"email\"")).unwrap();
    assert!(first.contains(person), "the README registers {person}, not as in {first}");
    installation.start(&[]).stop();
    assert_eq!(installation.log().matches("curl -s http").count(), 1);
}

#[test]
fn what_is_kept_is_for_its_owner_alone() {
    let installation = Installation::alone();
    let _server = installation.start(&[]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&installation.data()), 0o700);
    assert_eq!(mode(&installation.data().join("keys.json")), 0o600);
    assert_eq!(mode(&installation.data().join("dayline.db")), 0o600);
}

#[test]
fn the_address_is_written_to_a_file_also_when_the_port_was_free_to_choose() {
    let installation = Installation::alone();
    let file = installation.folder().join("address");
    let data = installation.folder().join("other");
    let mut child = dayline(&["serve", "--listen", "127.0.0.1:0"])
        .arg("--address-file")
        .arg(&file)
        .arg("--data")
        .arg(&data)
        .spawn()
        .unwrap();
    let begin = Instant::now();
    while !file.exists() {
        assert!(begin.elapsed() < Duration::from_secs(20));
        sleep(Duration::from_millis(5));
    }
    let address: SocketAddr = fs::read_to_string(&file).unwrap().trim().parse().unwrap();
    let answer = get(address, "/healthz");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(answer.unwrap().starts_with("HTTP/1.1 200"));
}

#[test]
fn a_server_listens_on_a_host_by_its_name() {
    let installation = Installation::alone();
    let (port, data) = (free_port(), installation.data().display().to_string());
    let mut child =
        dayline(&["serve", "--listen", &format!("localhost:{port}"), "--data", &data]).spawn().unwrap();
    let begin = Instant::now();
    let answer = loop {
        match get(SocketAddr::from(([127, 0, 0, 1], port)), "/healthz") {
            Ok(answer) => break answer,
            Err(error) => assert!(begin.elapsed() < Duration::from_secs(20), "{error}"),
        }
        sleep(Duration::from_millis(5));
    };
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Runs a server that must refuse to start, with one line that names why.
fn refused(address: SocketAddr, data: &Path) -> String {
    let (address, data) = (address.to_string(), data.display().to_string());
    let Ended { code, stdout, stderr } = run(&["serve", "--listen", &address, "--data", &data]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert_eq!(stderr.trim().lines().count(), 1, "{stderr}");
    stderr
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let (installation, other) = (Installation::alone(), Installation::alone());
    let _server = installation.start(&[]);
    let refusal = refused(other.address(), &installation.data());
    assert!(refusal.contains("in use by another dayline server"), "{refusal}");
}

#[tokio::test]
async fn keys_are_not_made_anew_where_there_are_people_unless_an_operator_makes_them() {
    let (installation, other) = (Installation::alone(), Installation::alone());
    let keys = installation.data().join("keys.json");
    installation.start(&[]).stop();
    fs::remove_file(&keys).unwrap();
    let mut server = installation.start(&[]);
    register(&installation, "ada").await;
    server.stop();
    fs::remove_file(&keys).unwrap();
    let refusal = refused(other.address(), &installation.data());
    let accounts = format!("there are accounts in {}", installation.data().display());
    let user = format!("dayline keys create as user {}", rustix::process::geteuid().as_raw());
    for part in [keys.display().to_string(), accounts, "from a backup".to_owned(), user] {
        assert!(refusal.contains(&part), "{part}: {refusal}");
    }
    assert!(!keys.exists());
    run(&["keys", "create", "--data", &installation.data().display().to_string()]).expect_success();
    installation.start(&[]);
}

#[test]
fn a_port_in_use_is_named_and_nothing_is_made() {
    let (installation, other) = (Installation::alone(), Installation::alone());
    let _server = installation.start(&[]);
    let refusal = refused(installation.address(), &other.data());
    assert!(refusal.contains(&installation.address().to_string()), "{refusal}");
    assert!(!other.data().exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let installation = Installation::alone();
    let file = installation.folder().join("file");
    fs::write(&file, "").unwrap();
    let inside = file.join("data");
    let refusal = refused(installation.address(), &inside);
    assert!(refusal.contains(&inside.display().to_string()), "{refusal}");
}

#[test]
fn data_of_a_newer_program_is_refused_and_left_alone() {
    let installation = Installation::alone();
    installation.start(&[]).stop();
    let database = installation.data().join("dayline.db");
    let connection = Connection::open(&database).unwrap();
    connection
        .execute("INSERT INTO migrations (number, name, checksum) VALUES (9999, 'from_the_future', 1)", [])
        .unwrap();
    drop(connection);
    let before = fs::read(&database).unwrap();
    let refusal = refused(installation.address(), &installation.data());
    assert!(refusal.contains("9999 (from_the_future)"), "{refusal}");
    assert_eq!(fs::read(&database).unwrap(), before);
}

#[test]
fn a_damaged_key_file_is_refused_and_its_content_is_not_shown() {
    let installation = Installation::alone();
    installation.start(&[]).stop();
    let secret = "too-short-to-be-a-key";
    fs::write(installation.data().join("keys.json"), secret).unwrap();
    let refusal = refused(installation.address(), &installation.data());
    assert!(refusal.contains("keys.json") && !refusal.contains(secret), "{refusal}");
}

#[test]
fn kafka_is_refused_beside_a_data_folder_and_by_a_build_without_it() {
    let installation = Installation::alone();
    installation.start(&[]).stop();
    let data = installation.data().display().to_string();
    let kafka = ["--data", &data, "--kafka-brokers", "127.0.0.1:1"];
    let ended = run(&[&["serve"], &kafka[..]].concat());
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("--kafka-brokers needs --database-url"), "{ended:?}");
    let ended = run(&[&["migrate"], &kafka[..]].concat());
    let (code, why) =
        if cfg!(feature = "kafka") { (1, "can't use kafka") } else { (2, "built without kafka") };
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert!(ended.stderr.contains(why), "{ended:?}");
}

#[test]
fn settings_that_contradict_each_other_or_are_too_weak_are_usage_errors() {
    let installation = Installation::alone();
    let (address, data) = (installation.address().to_string(), installation.data().display().to_string());
    for options in
        [["--log-low", "2GiB"], ["--argon2-passes", "1"], ["--max-ping", "soon"], ["--role", "cook"]]
    {
        let ended = run(&[&["serve", "--listen", &address, "--data", &data], &options[..]].concat());
        assert_eq!(ended.code, Some(2), "{options:?}: {ended:?}");
    }
}

#[test]
fn a_role_of_several_is_refused_over_a_data_folder_and_nothing_is_made() {
    let installation = Installation::alone();
    let (address, data) = (installation.address().to_string(), installation.data().display().to_string());
    for role in ["api", "worker", "report", "api,report", "worker,report"] {
        let ended = run(&["serve", "--listen", &address, "--data", &data, "--role", role]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{role}: {ended:?}");
        let said = ended.stderr.trim();
        assert!(said.contains("--database-url and --redis-url") && said.lines().count() == 1, "{said}");
        assert!(!installation.data().exists(), "{role}");
    }
}

/// The variables that a command and those below it know.
fn variables(command: &clap::Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|arg| Some(arg.get_env()?.to_str()?.to_owned()));
    own.chain(command.get_subcommands().flat_map(variables)).collect()
}

#[test]
fn empty_variables_count_as_unset() {
    let known = variables(&dayline::cli::Cli::command());
    let empty: Vec<_> = known.iter().map(|name| (name.as_str(), String::new())).collect();
    assert!(empty.len() > 50, "{empty:?}");
    let installation = Installation::alone();
    let mut server = installation.spawn_with(&[], &empty);
    server.wait_until_ready();
    let url = installation.url();
    let check = |arguments: &[&str]| {
        dayline(arguments).envs(known.iter().map(|name| (name, ""))).output().unwrap().status.success()
    };
    assert!(check(&["healthcheck", "--url", &url]));
    assert!(check(&["openapi"]));
}

#[test]
fn variables_that_nothing_reads_are_warned_of_without_their_values() {
    let installation = Installation::alone();
    let set = [("DAYLINE_DATABASE_ULR", "hunter2".to_owned()), ("DAYLINE_QUUX", "hunter2".to_owned())];
    installation.spawn_with(&[], &set).wait_until_ready();
    let log = installation.log();
    let warned: Vec<_> = log.lines().filter(|line| line.contains("nothing reads")).collect();
    assert_eq!(warned.len(), 2, "{log}");
    assert!(warned[0].contains("WARN") && warned[0].contains("DAYLINE_DATABASE_ULR"), "{log}");
    assert!(warned[0].contains("DAYLINE_DATABASE_URL") && warned[1].contains("DAYLINE_QUUX"), "{log}");
    assert!(!log.contains("hunter2"), "{log}");

    let openapi = dayline(&["openapi"]).envs(set).output().unwrap();
    let said = String::from_utf8(openapi.stderr).unwrap();
    assert!(openapi.status.success() && said.lines().count() == 2 && !said.contains("hunter2"), "{said}");
    assert!(said.contains("is DAYLINE_DATABASE_URL meant?"), "{said}");
}

#[test]
fn what_is_for_operators_can_have_a_listener_of_its_own() {
    let installation = Installation::alone();
    let operations = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut server = installation.spawn(&["--operations-listen", &operations.to_string()]);
    let status = |address, path: &str| {
        let answer = get(address, path).unwrap_or_default();
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    let begin = Instant::now();
    while status(operations, "/readyz") != "200" {
        assert!(begin.elapsed() < Duration::from_secs(20), "it is not ready");
        sleep(Duration::from_millis(5));
    }
    for (path, there, here) in [
        ("/healthz", "200", "200"),
        ("/metrics", "200", "404"),
        ("/readyz", "200", "404"),
        ("/openapi.json", "404", "200"),
        ("/api/v1/users/me", "404", "401"),
    ] {
        assert_eq!(
            (status(operations, path), status(installation.address(), path)),
            (there.into(), here.into()),
            "{path}"
        );
    }
    assert!(server.stop().success());
}
