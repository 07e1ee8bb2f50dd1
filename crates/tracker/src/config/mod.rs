//! What a person can choose: options and their environment variables before the configuration file, that before defaults.

mod file;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use crate::device::{self, Device};
use crate::paths;
use crate::rules::Rules;
use file::File;

pub use file::DEFAULT as DEFAULT_FILE;

const AWAY_AFTER: Duration = Duration::from_mins(3);
const RELAY: &str = "127.0.0.1:5600";
/// Shorter, and who reads would be away; longer, and who left would be there.
const SHORTEST_AWAY_AFTER: Duration = Duration::from_secs(10);
const LONGEST_AWAY_AFTER: Duration = Duration::from_hours(1);

/// Where files are.
#[derive(Debug, Args)]
pub struct Places {
    /// The configuration file; if it is named here it must be there [default: ~/.config/dayline-tracker/config.toml]
    #[arg(long, global = true, env = "DAYLINE_TRACKER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder with the key and with what waits to be sent [default: ~/.local/state/dayline-tracker]
    #[arg(long, global = true, env = "DAYLINE_TRACKER_DATA", value_name = "FOLDER")]
    data: Option<PathBuf>,
}

impl Places {
    /// The files in the data folder, which is made where it is missing.
    ///
    /// # Errors
    /// There is no place for it, or it can't be made.
    pub fn data(&self) -> Result<paths::Data, String> {
        match &self.data {
            Some(folder) => paths::Data::open(folder),
            None => paths::Data::open(&paths::data_folder()?),
        }
    }

    /// The configuration file, if it was named.
    pub fn named_config(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    fn read(&self) -> Result<File, String> {
        match &self.config {
            Some(named) => File::read(named)?.ok_or_else(|| format!("there is no file {}", named.display())),
            None => Ok(File::read(&paths::config_file()?)?.unwrap_or_default()),
        }
    }
}

/// What `run` does differently from the configuration file.
#[derive(Debug, Default, Args)]
pub struct Options {
    /// What this computer is called in Dayline [default: its name in the network]
    #[arg(long, env = "DAYLINE_TRACKER_DEVICE", value_name = "NAME")]
    device: Option<String>,
    /// Whether to look which app is in front and whether anybody is there [default: true]
    #[arg(long, env = "DAYLINE_TRACKER_EYES", value_name = "BOOL")]
    eyes: Option<bool>,
    /// Where watchers of ActivityWatch find an ActivityWatch server, on this computer alone; `off` for none [default: 127.0.0.1:5600]
    #[arg(long, env = "DAYLINE_TRACKER_RELAY", value_name = "ADDRESS")]
    relay: Option<String>,
    /// Nobody is there after so long without keyboard and mouse, such as 90s or 5m [default: 3m]
    #[arg(long, env = "DAYLINE_TRACKER_AWAY_AFTER", value_name = "TIME")]
    away_after: Option<String>,
    /// Somebody is there while the microphone or a camera is in use [default: true]
    #[arg(long, env = "DAYLINE_TRACKER_HERE_WHILE_RECORDING", value_name = "BOOL")]
    here_while_recording: Option<bool>,
}

/// What was chosen.
#[derive(Debug)]
pub struct Settings {
    /// What this computer is called.
    pub device: Device,
    /// Whether the tracker looks itself.
    pub eyes: bool,
    /// Where the relay listens.
    pub relay: Option<SocketAddr>,
    /// Origins of extensions that may use the relay, beside those that it knows.
    pub relay_origins: Vec<String>,
    /// Nobody is there after so long without input.
    pub away_after: Duration,
    /// Whether somebody is there while microphone or camera is in use.
    pub here_while_recording: bool,
    /// What is told of apps, pages and titles.
    pub rules: Rules,
}

impl Settings {
    /// Reads the configuration file and what differs from it.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn read(places: &Places, options: Options) -> Result<Self, String> {
        Self::of(options, places.read()?)
    }

    fn of(options: Options, file: File) -> Result<Self, String> {
        let relay = options.relay.or(file.relay).unwrap_or_else(|| RELAY.to_owned());
        let away_after = options.away_after.or(file.away_after);
        Ok(Self {
            device: options
                .device
                .or(file.device)
                .map_or_else(device::of_this_computer, |name| device::chosen(&name))?,
            eyes: options.eyes.or(file.eyes).unwrap_or(true),
            relay: loopback(&relay)?,
            relay_origins: file.relay_origins,
            away_after: away_after.map_or(Ok(AWAY_AFTER), |text| away_after_of(&text))?,
            here_while_recording: options.here_while_recording.or(file.here_while_recording).unwrap_or(true),
            rules: Rules::new(&file.exclude_apps, &file.hide_domains, file.project)?,
        })
    }
}

/// A time as people write it: `90s`, `30m`, `1h 30m`.
///
/// # Errors
/// It is none, or is below nothing.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a time such as 90s, 30m or 1h 30m");
    let parsed: jiff::SignedDuration = text.trim().parse().map_err(|_| wrong())?;
    Duration::try_from(parsed).map_err(|_| wrong())
}

fn away_after_of(text: &str) -> Result<Duration, String> {
    let time = duration(text).map_err(|error| format!("away_after: {error}"))?;
    if (SHORTEST_AWAY_AFTER..=LONGEST_AWAY_AFTER).contains(&time) {
        return Ok(time);
    }
    Err(format!("away_after: {text:?} must be from 10s to 1h"))
}

fn loopback(text: &str) -> Result<Option<SocketAddr>, String> {
    if text == "off" {
        return Ok(None);
    }
    let wrong =
        || format!("relay: {text:?} must be an address of this computer alone such as {RELAY}, or \"off\"");
    let address: SocketAddr = text.parse().map_err(|_| wrong())?;
    if address.ip().is_loopback() { Ok(Some(address)) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(file: &str) -> Result<Settings, String> {
        Settings::of(Options::default(), File::parse(file)?)
    }

    #[test]
    fn an_option_goes_before_the_file_and_the_file_before_the_default() {
        let file = "device = \"Tower\"\nrelay = \"127.0.0.1:5601\"\naway_after = \"90s\"\neyes = false";
        let from_file = settings(file).unwrap();
        assert_eq!(from_file.device.as_str(), "tower");
        assert_eq!(from_file.relay, Some(([127, 0, 0, 1], 5601).into()));
        assert_eq!((from_file.away_after, from_file.eyes), (Duration::from_secs(90), false));

        let options = Options {
            device: Some("laptop".to_owned()),
            relay: Some("off".to_owned()),
            away_after: Some("5m".to_owned()),
            eyes: Some(true),
            here_while_recording: Some(false),
        };
        let chosen = Settings::of(options, File::parse(file).unwrap()).unwrap();
        assert_eq!(chosen.device.as_str(), "laptop");
        assert_eq!((chosen.relay, chosen.away_after), (None, Duration::from_mins(5)));
        assert!(chosen.eyes && !chosen.here_while_recording);

        let defaults = settings("").unwrap();
        assert_eq!((defaults.relay, defaults.away_after), (Some(([127, 0, 0, 1], 5600).into()), AWAY_AFTER));
        assert!(defaults.eyes && defaults.here_while_recording);
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_name_and_value() {
        for (file, told) in [
            ("relay = \"0.0.0.0:5600\"", "relay: \"0.0.0.0:5600\" must be an address of this computer alone"),
            ("relay = \"5600\"", "relay: \"5600\" must be an address of this computer alone"),
            ("away_after = \"5s\"", "away_after: \"5s\" must be from 10s to 1h"),
            ("away_after = \"soon\"", "away_after: \"soon\" is not a time such as 90s, 30m or 1h 30m"),
            ("away_after = \"-5m\"", "away_after: \"-5m\" is not a time"),
            ("device = \" \"", "device: \" \" must be 1 to 128 characters"),
            ("colour = \"red\"", "unknown field `colour`"),
            ("[[project]]\ntitle = \" \"\nproject = \"x\"", "project: the title of a rule must not be empty"),
            (
                "[[project]]\ntitle = \"x\"\nproject = \"\"",
                "project: the project of a rule must be 1 to 255 characters",
            ),
        ] {
            let error = settings(file).unwrap_err();
            assert!(error.contains(told), "{file}: {error}");
        }
    }
}
