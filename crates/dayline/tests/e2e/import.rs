//! `dayline import`: history of other programs, and Dayline's own.

use std::fs;
use std::time::Duration;

use dayline_cli_kit::units::rfc3339;
use dayline_domain::{UtcDay, UtcMs};
use dayline_sim::client::Device;

use crate::support::account::{PASSWORD, eventually, register, sign_in};
use crate::support::command::{Ended, dayline, end};
use crate::support::now;
use crate::support::server::Installation;

const SOON: Duration = Duration::from_secs(10);

/// A file with this text.
fn file(installation: &Installation, name: &str, text: &str) -> String {
    let file = installation.folder().join(name);
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

/// Brings a file into Ada's account.
fn import(installation: &Installation, file: &str, options: &[&str]) -> Ended {
    let url = installation.url();
    let mut import = dayline(&["import", file, "--url", &url, "--email", "ada@example.org"]);
    end(import.args(options).env("DAYLINE_PASSWORD", PASSWORD).spawn().unwrap())
}

/// A day that is older than trackers' pings may be.
fn long_ago() -> UtcDay {
    UtcDay(now().day().0 - 3 * 365)
}

/// What counts on a day: device, app, project, and seconds since midnight.
async fn timeline(device: &Device, day: UtcDay) -> Vec<String> {
    let (from, to) = (day.start(), day.interval().end());
    let pieces = device.timeline(&rfc3339(from), &rfc3339(to)).await.unwrap().pieces().unwrap();
    let told = pieces.iter().map(|piece| {
        let [device, app, _, project, _] = piece.source.names().map(|name| name.unwrap_or("-"));
        let at = |at: UtcMs| at.since(from) / 1_000;
        format!("{device} {app} {project} {}..{}", at(piece.interval.start()), at(piece.interval.end()))
    });
    told.collect()
}

#[tokio::test]
async fn an_export_of_dayline_comes_in_once_however_often_it_is_sent() {
    let installation = Installation::alone();
    let _server = installation.start(&[]);
    let ada = register(&installation, "ada").await;
    let day = long_ago();
    let at = |second: i64| rfc3339(day.start().plus(second * 1_000));
    let observation = |kind: &str, from: i64, to: i64| {
        format!(
            r#"{{"type":"observation","kind":{kind},"device_id":"pc","start_time":"{}","end_time":"{}"}}"#,
            at(from),
            at(to)
        )
    };
    let id = "0192f8a0-0000-7000-8000-000000000001";
    let entry = format!(
        r#"{{"type":"correction","id":"{id}","version":7,"start_time":"{}","end_time":"{}","app_name":"Meeting","domain":null,"project":"p","device_id":"pc"}}"#,
        at(100),
        at(200)
    );
    let lines = [
        r#"{"type":"profile","id":"x","email":"grace@example.org"}"#,
        &entry,
        &observation(r#""use","app_name":"Code","domain":null,"project":null"#, 0, 300),
        &observation(r#""away""#, 250, 300),
        r#"{"type":"end","counts":{}}"#,
    ];
    let export = file(&installation, "export.ndjson", &lines.join("\n"));

    let preview = import(&installation, &export, &["--dry-run"]);
    let said = preview.expect_success();
    assert!(said.contains(&format!("2 observations, {day} to {day}")), "{said}");
    assert!(said.contains("1 entries"), "{said}");
    let device = sign_in(&installation, &ada, "reader").await;
    assert!(timeline(&device, day).await.is_empty(), "a preview sends nothing");

    let expected = ["pc Code - 0..100", "pc Meeting p 100..200", "pc Code - 200..250"].map(str::to_owned);
    for new in ["1 entries are new", "0 entries are new"] {
        let said = import(&installation, &export, &[]).expect_success();
        assert!(said.contains(new), "{said}");
        eventually(expected.to_vec(), SOON, || timeline(&device, day)).await;
    }

    let cut = file(&installation, "cut.ndjson", &lines[..3].join("\n"));
    let ended = import(&installation, &cut, &[]);
    assert!(ended.code == Some(1) && ended.stderr.contains("cut off"), "{ended:?}");
    let other = file(&installation, "other.json", r#"{"name": "something else"}"#);
    let ended = import(&installation, &other, &[]);
    assert!(ended.code == Some(1) && ended.stderr.contains("no export"), "{ended:?}");
}

#[tokio::test]
async fn a_dump_of_wakatime_becomes_time_of_editors() {
    let installation = Installation::alone();
    let _server = installation.start(&[]);
    let ada = register(&installation, "ada").await;
    let day = long_ago();
    let heartbeat = |second: i64, machine: &str| {
        let at = day.start().0 / 1_000 + second;
        format!(
            r#"{{"entity":"/home/ada/secret.rs","type":"file","time":{at}.5,"project":"p","language":"Rust","machine_name_id":"{machine}"}}"#
        )
    };
    let heartbeats: Vec<String> = (0..1_201).map(|second| heartbeat(second, "My Box.local")).collect();
    let dump = format!(
        r#"{{"user":{{}},"range":{{}},"days":[{{"date":"x","heartbeats":[{}]}},{{"date":"y","heartbeats":[]}}]}}"#,
        heartbeats.join(",")
    );
    let dump = file(&installation, "dump.json", &dump);
    let device = sign_in(&installation, &ada, "reader").await;
    for _ in 0..2 {
        let said = import(&installation, &dump, &["--editor", "vscode"]).expect_success();
        assert!(said.contains("1201 heartbeats of My Box.local") && said.contains("1201 accepted"), "{said}");
        eventually(vec!["my box vscode p 0..1200".to_owned()], SOON, || timeline(&device, day)).await;
    }
}
