//! The configuration file.

use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use crate::rules::ProjectRule;

/// A file in which everything is commented out and as it is without a file.
pub const DEFAULT: &str = include_str!("default.toml");

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    pub(super) device: Option<String>,
    pub(super) eyes: Option<bool>,
    pub(super) relay: Option<String>,
    pub(super) relay_origins: Vec<String>,
    pub(super) away_after: Option<String>,
    pub(super) here_while_recording: Option<bool>,
    pub(super) exclude_apps: Vec<String>,
    pub(super) hide_domains: Vec<String>,
    pub(super) project: Vec<ProjectRule>,
}

impl File {
    /// Reads a file; `None` if there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, String> {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                Self::parse(&text).map(Some).map_err(|error| format!("in {}: {error}", path.display()))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("cannot read {}: {error}", path.display())),
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of the default file that show settings, without their marks.
    fn shown() -> String {
        let lines = DEFAULT.lines().filter_map(|line| line.strip_prefix("# "));
        let is_setting = |line: &&str| {
            line.starts_with("[[") || line.split_once(" = ").is_some_and(|(name, _)| is_name(name))
        };
        lines.filter(is_setting).collect::<Vec<_>>().join("\n")
    }

    fn is_name(name: &str) -> bool {
        !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_'))
    }

    #[test]
    fn the_default_file_changes_nothing() {
        assert_eq!(File::parse(DEFAULT).unwrap(), File::default());
    }

    #[test]
    fn the_default_file_shows_every_setting() {
        let File {
            device,
            eyes,
            relay,
            relay_origins,
            away_after,
            here_while_recording,
            exclude_apps,
            hide_domains,
            project,
        } = File::parse(&shown()).unwrap();
        assert_eq!(
            (device.as_deref(), eyes, relay.as_deref()),
            (Some("laptop"), Some(true), Some("127.0.0.1:5600"))
        );
        assert_eq!((away_after.as_deref(), here_while_recording), (Some("3m"), Some(true)));
        assert_eq!(relay_origins.len() + exclude_apps.len() + hide_domains.len(), 0);
        assert_eq!(project.len(), 1);
    }
}
