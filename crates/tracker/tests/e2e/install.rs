//! `install` and `uninstall`, with a systemd that only writes down what it is told.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::desktop::are_here;
use crate::tracker::Tracker;

const SYSTEMCTL: &str = r#"#!/bin/sh
echo "$*" >>"$HOME/calls"
case "$*" in
*show-environment) echo LANG=C.UTF-8 ;;
*is-active*) exit 3 ;;
esac
"#;

/// What a command says and what systemd was told.
fn called(tracker: &Tracker, word: &str) -> (String, Vec<String>) {
    let calls = tracker.folder().join("calls");
    fs::write(&calls, "").unwrap();
    let path = format!("{}:{}", tracker.folder().display(), std::env::var("PATH").unwrap());
    let mut command = tracker.command(&[word]);
    command.env("PATH", path).env("DISPLAY", ":7").env_remove("XAUTHORITY").env_remove("XDG_CONFIG_HOME");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = fs::read_to_string(&calls).unwrap();
    let told = told.lines().map(|line| line.strip_prefix("--user ").unwrap().to_owned()).collect();
    (String::from_utf8(output.stdout).unwrap(), told)
}

#[test]
fn systemd_is_told_where_the_desktop_is_and_gets_a_unit_that_it_understands() {
    let tracker = Tracker::new("");
    let systemctl = tracker.folder().join("systemctl");
    fs::write(&systemctl, SYSTEMCTL).unwrap();
    fs::set_permissions(&systemctl, fs::Permissions::from_mode(0o755)).unwrap();

    let (said, told) = called(&tracker, "install");
    let unit = "dayline-tracker.service";
    let expected = [
        "daemon-reload".to_owned(),
        format!("enable {unit}"),
        "show-environment".to_owned(),
        "import-environment DISPLAY".to_owned(),
        format!("restart {unit}"),
        "is-active graphical-session.target".to_owned(),
    ];
    assert_eq!(told, expected);
    assert!(said.contains("let it call `dayline-tracker install` when it begins"), "{said}");
    let file = tracker.folder().join(".config/systemd/user").join(unit);
    if are_here(&["systemd-analyze"]) {
        let mut verify = Command::new("systemd-analyze");
        verify.args(["verify", "--user"]).arg(&file).env("XDG_RUNTIME_DIR", tracker.folder());
        let output = verify.output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    }

    let (_, told) = called(&tracker, "uninstall");
    assert_eq!(told, [format!("disable --now {unit}"), "daemon-reload".to_owned()]);
    assert!(!file.exists());
}
