//! What a computer is called, so that all its sources meet under one name.

use serde::{Deserialize, Serialize};

/// Endings that say in which network a computer is, not which it is.
const NETWORKS: [&str; 7] =
    [".local", ".lan", ".home", ".localdomain", ".home.arpa", ".internal", ".fritz.box"];
/// Names that programs use where they know none.
const NOBODY: [&str; 3] = ["unknown", "localhost", "!local"];
const MAX_CHARACTERS: usize = 128;

/// What a computer is called in Dayline; 1 to 128 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device(String);

impl Device {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// This computer, by the name that it has in Dayline and the one that its programs know.
#[derive(Debug, Clone)]
pub struct Computer {
    chosen: Device,
    network: Option<Device>,
}

impl Computer {
    /// This computer, by the name that a person has chosen for it.
    pub fn named(chosen: Device) -> Self {
        Self { chosen, network: of_this_computer().ok() }
    }

    /// The name that it has in Dayline.
    pub fn device(&self) -> &Device {
        &self.chosen
    }

    /// Which device a program means by a hostname: if it knows none, or this computer's, it runs here.
    pub fn meant_by(&self, hostname: &str) -> Device {
        let foreign = told(hostname).filter(|device| self.network.as_ref() != Some(device));
        foreign.unwrap_or_else(|| self.chosen.clone())
    }
}

/// The name that a person has chosen, or that a program gives its computer.
///
/// # Errors
/// It is no name.
pub fn chosen(name: &str) -> Result<Device, String> {
    let lower = name.trim().to_lowercase();
    let bare = NETWORKS.iter().find_map(|ending| lower.strip_suffix(ending)).unwrap_or(&lower);
    let good = (1..=MAX_CHARACTERS).contains(&bare.chars().count()) && !bare.chars().any(char::is_control);
    if good {
        return Ok(Device(bare.to_owned()));
    }
    Err(format!("device: {name:?} must be 1 to {MAX_CHARACTERS} characters without control characters"))
}

/// The name that a watcher gives its computer; `None` if it gives none.
pub fn told(hostname: &str) -> Option<Device> {
    chosen(hostname).ok().filter(|device| !NOBODY.contains(&device.as_str()))
}

/// The name that this computer has in the network.
///
/// # Errors
/// It has none.
pub fn of_this_computer() -> Result<Device, String> {
    let name = gethostname::gethostname();
    let named = name.to_str().and_then(told);
    named.ok_or_else(|| "this computer has no name in the network; give it one with --device".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(hostname: &str) -> Option<String> {
        told(hostname).map(|device| device.as_str().to_owned())
    }

    #[test]
    fn a_computer_has_one_name_whoever_tells_it() {
        for hostname in
            ["Laptop", "laptop.local", "LAPTOP.lan", " laptop ", "laptop.home.arpa", "laptop.fritz.box"]
        {
            assert_eq!(name(hostname).as_deref(), Some("laptop"), "{hostname}");
        }
        assert_eq!(name("build.example.org").as_deref(), Some("build.example.org"));
    }

    #[test]
    fn a_program_on_this_computer_means_this_computer_whatever_it_was_named() {
        let name = |name: &str| chosen(name).unwrap();
        let computer = Computer { chosen: name("desk"), network: Some(name("host-17")) };
        for (hostname, device) in
            [("host-17.local", "desk"), ("unknown", "desk"), ("", "desk"), ("phone", "phone")]
        {
            assert_eq!(computer.meant_by(hostname).as_str(), device, "{hostname}");
        }
    }

    #[test]
    fn what_names_none_is_no_name() {
        for hostname in [
            "",
            " ",
            ".local",
            "unknown",
            "Unknown",
            "localhost",
            "localhost.localdomain",
            "!local",
            "a\u{7}",
        ] {
            assert_eq!(name(hostname), None, "{hostname}");
        }
    }
}
