//! `install` and `uninstall`: a unit of systemd that starts the tracker with the person's desktop.

use std::env;
use std::fs;
use std::iter;
use std::path::Path;
use std::process::Command;

use crate::config::Places;
use crate::console::say;
use crate::paths::{remove, unit_folder};

const UNIT: &str = "dayline-tracker.service";
/// What tells a program where the desktop is.
const DESKTOP: [&str; 3] = ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"];

pub(crate) fn install(places: &Places) -> Result<(), String> {
    // What is wrong with the configuration is better told now than in a log.
    crate::config::Settings::read(places, crate::config::Options::default())?;
    let data = places.data()?;
    let program =
        env::current_exe().map_err(|error| format!("cannot tell where this program is: {error}"))?;
    let mut words = vec![program.display().to_string(), "run".to_owned()];
    words.extend(["--data".to_owned(), absolute(data.folder())?]);
    if let Some(config) = places.named_config() {
        words.extend(["--config".to_owned(), absolute(config)?]);
    }
    let folder = unit_folder()?;
    let file = folder.join(UNIT);
    let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&file, unit(&words)));
    written.map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    systemctl(&["daemon-reload"])?;
    systemctl(&["enable", UNIT])?;
    import_desktop()?;
    systemctl(&["restart", UNIT])?;
    say(format_args!("The tracker runs, and starts with your desktop from now on ({}).", file.display()));
    if systemctl(&["is-active", "graphical-session.target"]).is_err() {
        say(
            "But this desktop does not tell systemd that it is there: let it call `dayline-tracker install` when it begins.",
        );
    }
    say(
        "`dayline-tracker status` says how it fares, `journalctl --user -u dayline-tracker` what it has to say.",
    );
    Ok(())
}

pub(crate) fn uninstall() -> Result<(), String> {
    let file = unit_folder()?.join(UNIT);
    if !file.exists() {
        say("The tracker is not installed.");
        return Ok(());
    }
    systemctl(&["disable", "--now", UNIT])?;
    remove(&file).map_err(|error| format!("cannot delete {}: {error}", file.display()))?;
    systemctl(&["daemon-reload"])?;
    say(
        "The tracker is stopped and starts no more. Key and spool are still there: `dayline-tracker forget` removes them.",
    );
    Ok(())
}

fn absolute(path: &Path) -> Result<String, String> {
    let whole = std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(whole.display().to_string())
}

/// Tells systemd where the desktop is, which not all desktops do.
fn import_desktop() -> Result<(), String> {
    let known = systemctl(&["show-environment"])?;
    let here = DESKTOP.into_iter().filter(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    let words: Vec<_> = iter::once("import-environment").chain(unknown(&known, here)).collect();
    // Without names it would take everything over.
    if words.len() > 1 { systemctl(&words).map(drop) } else { Ok(()) }
}

/// Those names that an environment, shown in lines, does not have.
fn unknown<'a>(environment: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let known: Vec<_> = environment.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.filter(|name| !known.contains(name)).collect()
}

/// What it says, if that is no error.
fn systemctl(words: &[&str]) -> Result<String, String> {
    let output = Command::new("systemctl").arg("--user").args(words).output().map_err(|error| {
        format!("cannot call systemctl ({error}); start `dayline-tracker run` with your desktop instead")
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("systemctl --user {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}

/// The unit that runs this command.
fn unit(words: &[String]) -> String {
    let command: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    format!(
        "[Unit]\n\
         Description=Dayline tracker\n\
         PartOf=graphical-session.target\n\
         After=graphical-session.target\n\
         \n\
         [Service]\n\
         ExecStart={}\n\
         Restart=always\n\
         RestartSec=5\n\
         NoNewPrivileges=yes\n\
         \n\
         [Install]\n\
         WantedBy=graphical-session.target\n",
        command.join(" ")
    )
}

/// A word as systemd reads it: nothing in it is a specifier, a variable or an end.
fn quoted(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemd_knows_of_the_desktop_stays_as_it_is() {
        let environment = "HOME=/home/ada\nWAYLAND_DISPLAY=wayland-1\nXAUTHORITY_OF=me\n";
        assert_eq!(unknown(environment, DESKTOP.into_iter()), ["DISPLAY", "XAUTHORITY"]);
        assert_eq!(unknown("", DESKTOP.into_iter().take(1)), ["DISPLAY"]);
    }

    #[test]
    fn a_unit_runs_the_command_as_it_is_whatever_is_in_its_words() {
        let words =
            ["/opt/my \"own\" 100%/dayline-tracker", "run", "--data", "/home/ada/$x\\y"].map(str::to_owned);
        let unit = unit(&words);
        let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
        let expected = r#""/opt/my \"own\" 100%%/dayline-tracker" "run" "--data" "/home/ada/$$x\\y""#;
        assert_eq!(command, expected);
        for line in ["PartOf=graphical-session.target", "WantedBy=graphical-session.target"] {
            assert!(unit.contains(line), "{unit}");
        }
    }
}
