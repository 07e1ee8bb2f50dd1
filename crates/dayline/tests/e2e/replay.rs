//! `dayline replay` as people use it who want to try a server: what it leaves behind, and what it costs.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use dayline_domain::{DAY_MS, UtcDay};
use dayline_sim::client::wire::Tokens;
use dayline_sim::client::{Account, Device};
use dayline_testkit::{Process, certify, free_port, variable};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::account::{PASSWORD, account, client, eventually, register, sign_in, totals};
use crate::support::command::{Ended, dayline, end, run};
use crate::support::now;
use crate::support::server::Installation;

const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recorded-day.ndjson");

/// A recording of these lines.
fn recorded(installation: &Installation, lines: &[&str]) -> String {
    let file = installation.folder().join("recording.ndjson");
    fs::write(&file, lines.join("\n")).unwrap();
    file.display().to_string()
}

fn people(installation: &Installation) -> i64 {
    let data = rusqlite::Connection::open(installation.data().join("dayline.db")).unwrap();
    data.query_row("SELECT count(*) FROM users", [], |row| row.get(0)).unwrap()
}

/// The most memory that a process ever had, in MiB.
fn peak_mib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1_024
}

fn value(line: Option<std::io::Result<String>>, name: &str) -> String {
    let line = line.unwrap().unwrap();
    line.strip_prefix(name).unwrap_or_else(|| panic!("{line:?} is no {name}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn single_pings_take_little_memory_and_ctrl_c_says_what_was_sent() {
    let installation = Installation::alone();
    let _server = installation.start(&["--unlimited"]);
    let arguments = ["replay", RECORDING, "--url", &installation.url(), "--batch", "1", "--repeat", "6"];
    let mut replay = dayline(&arguments).spawn().unwrap();
    let mut said = BufReader::new(replay.stdout.take().unwrap());
    let mut lines = said.by_ref().lines();
    // As soon as there is an account.
    let (email, password) = (value(lines.next(), "account: "), value(lines.next(), "password: "));
    let made = Arc::new(Account { email, password: password.into() });
    let device = sign_in(&installation, &made, "reader").await;
    let day = UtcDay(now().day().0 - 2).to_string();
    let some = async || !totals(&device, "apps", &day, "UTC").await.is_empty();
    eventually(true, Duration::from_secs(20), some).await;

    let peak = peak_mib(replay.id());
    println!("73,272 requests of one ping planned: at most {peak} MiB");
    assert!(peak < 100, "{peak} MiB");
    kill_process(Pid::from_child(&replay), Signal::INT).unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(replay.wait().unwrap().code(), Some(130), "{rest}");
    let sent: u64 = rest.strip_prefix("sent ").unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(sent > 0 && rest.contains(" of 73272 pings"), "{rest}");
}

#[test]
fn without_any_accepted_ping_no_account_is_left() {
    let installation = Installation::alone();
    let _server = installation.start(&[]);
    let replay = |lines: &[&str], options: &[&str]| {
        let file = recorded(&installation, lines);
        let mut command = dayline(&["replay", &file, "--url", &installation.url()]);
        end(command.args(options).env("DAYLINE_PASSWORD", PASSWORD).spawn().unwrap())
    };
    let wrong = r#"{"device_id":"laptop","app_name":"Code","start_ms":2000,"end_ms":1000}"#;
    let good = r#"{"device_id":"laptop","app_name":"Code","start_ms":1000,"end_ms":2000}"#;

    let empty = replay(&["", ""], &[]);
    assert_eq!((empty.code, empty.stdout.as_str()), (Some(1), ""), "{empty:?}");
    let own: &[&str] = &["--register", "--email", "ada@example.org"];
    for options in [&[], own] {
        let refused = replay(&[wrong, wrong], options);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains("2 pings were refused: end_before_start"), "{refused:?}");
        assert!(refused.stderr.contains("removed again"), "{refused:?}");
        assert_eq!(people(&installation), 0, "{refused:?}");
    }

    assert_eq!(replay(&[wrong, good], own).code, Some(1));
    assert_eq!(people(&installation), 1, "one ping was accepted");
    let refused = replay(&[wrong], own);
    assert!(!refused.stderr.contains("removed"), "{refused:?}");
    assert_eq!(people(&installation), 1, "it was there before");
}

#[tokio::test]
async fn into_ones_own_account_it_signs_no_device_out() {
    let installation = Installation::alone();
    let _server = installation.start(&[]);
    let ada = register(&installation, "ada").await;
    let before: Tokens = client(&installation).login(&ada, "laptop").await.unwrap();
    let file =
        recorded(&installation, &[r#"{"device_id":"laptop","app_name":"Code","start_ms":0,"end_ms":5000}"#]);
    for one_session in [&[][..], &["--one-session"]] {
        let mut replay =
            dayline(&["replay", &file, "--url", &installation.url(), "--email", "ada@example.org"]);
        let replay = replay.args(one_session).env("DAYLINE_PASSWORD", PASSWORD).spawn().unwrap();
        end(replay).expect_success();
    }
    client(&installation).refresh(&before).await.expect("the laptop is still signed in");

    let device: Device = sign_in(&installation, &account("ada").into(), "reader").await;
    let start = now().plus(-2 * DAY_MS).day().start();
    let (from, to) = (start, start.plus(DAY_MS));
    let devices = async || {
        let rfc3339 = dayline_cli_kit::units::rfc3339;
        let timeline = device.timeline(&rfc3339(from), &rfc3339(to)).await.unwrap();
        timeline.intervals.into_iter().map(|piece| piece.device_id).collect::<Vec<_>>()
    };
    eventually(vec!["laptop".to_owned()], Duration::from_secs(5), devices).await;
}

/// An nginx that speaks TLS for the installation's server.
fn tls_proxy(installation: &Installation, port: u16) -> Process {
    let folder = installation.folder();
    let (certificate, key) = certify(&mut Command::new("openssl"), folder);
    let config = format!(
        "daemon off; pid {folder}/nginx.pid; error_log stderr; events {{}}\n         http {{ access_log off; server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {};\n         location / {{ proxy_pass {}; }} }} }}\n",
        certificate.display(),
        key.display(),
        installation.url(),
        folder = folder.display(),
    );
    fs::write(folder.join("nginx.conf"), config).unwrap();
    let mut nginx = Command::new(variable("DAYLINE_TEST_NGINX"));
    nginx.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf"));
    let mut process = Process::start(&mut nginx, &folder.join("nginx.log"));
    process.until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
    process
}

#[test]
fn https_works_with_a_certificate_that_is_trusted_and_no_other() {
    let installation = Installation::alone();
    let _server = installation.start(&["--trusted-proxy", "127.0.0.1"]);
    let port = free_port();
    let _proxy = tls_proxy(&installation, port);
    let url = format!("https://127.0.0.1:{port}");
    let certificate = installation.folder().join("server.crt");
    let trusting = |arguments: &[&str]| {
        let mut command = dayline(arguments);
        end(command.args(["--url", &url]).env("SSL_CERT_FILE", &certificate).spawn().unwrap())
    };
    let file =
        recorded(&installation, &[r#"{"device_id":"laptop","app_name":"Code","start_ms":0,"end_ms":5000}"#]);
    trusting(&["healthcheck"]).expect_success();
    trusting(&["replay", &file]).expect_success();
    let simulated = ["simulate", "--users", "2", "--duration", "1s", "--interval", "200ms"];
    trusting(&simulated).expect_success();

    let strange: Ended = run(&["healthcheck", "--url", &url]);
    assert_eq!(strange.code, Some(1), "{strange:?}");
    assert!(
        strange.stderr.contains("certificate") || strange.stderr.contains("UnknownIssuer"),
        "{strange:?}"
    );
}

#[test]
fn a_simulation_tells_its_accounts_and_leaves_none_without_an_accepted_ping() {
    let installation = Installation::alone();
    // It takes nothing that ends this late.
    let _server = installation.start(&["--max-past", "1ms"]);
    let simulated =
        ["simulate", "--users", "2", "--duration", "1s", "--interval", "500ms", "--patience", "1s"];
    let ended = run(&[&simulated[..], &["--url", &installation.url()]].concat());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("accounts: sim-") && ended.stderr.contains("password of each: "),
        "{ended:?}"
    );
    assert_eq!(people(&installation), 0, "{ended:?}");
}

#[test]
fn a_simulation_that_fails_while_people_sign_up_leaves_no_account() {
    let installation = Installation::alone();
    // Who has three devices can't sign all of them in.
    let _server = installation.start(&["--login-limit", "2+1/h"]);
    let url = installation.url();
    let simulate = |users: &str| {
        let mut command = dayline(&["simulate", "--users", users, "--patience", "1s", "--url", &url]);
        command.args(["--sign-ins", "2"]).spawn().unwrap()
    };
    let failed = end(simulate("30"));
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(
        failed.stderr.contains("cannot sign in") && !failed.stderr.contains("could not be"),
        "{failed:?}"
    );
    assert_eq!(people(&installation), 0, "{failed:?}");
}

#[test]
fn a_simulation_that_is_stopped_while_people_sign_up_leaves_no_account() {
    let installation = Installation::alone();
    let _server = installation.start(&["--unlimited"]);
    let simulated = ["simulate", "--users", "500", "--sign-ins", "2", "--url", &installation.url()];
    let running = dayline(&simulated).spawn().unwrap();
    while people(&installation) < 3 {
        sleep(Duration::from_millis(10));
    }
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    let stopped = end(running);
    assert_eq!(stopped.code, Some(130), "{stopped:?}");
    assert!(!stopped.stderr.contains("are signed in"), "it was stopped before: {stopped:?}");
    assert_eq!(people(&installation), 0, "{stopped:?}");
}
