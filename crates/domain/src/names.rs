//! The names of what is observed: app, domain, device.
//! Not here: how a URL becomes a domain (a port, since it needs IDNA tables).

use std::fmt;

/// Why a text is not a valid name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameError {
    /// Nothing is left (after trimming, where the name is trimmed).
    Empty,
    /// More than this many characters.
    TooLong {
        /// The largest number of characters allowed.
        max: usize,
    },
    /// Contains a control character (Unicode category Cc, NUL included).
    ControlCharacter,
    /// Not a lower-case ASCII host name.
    NotAHost,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("must not be empty"),
            Self::TooLong { max } => write!(f, "must have at most {max} characters"),
            Self::ControlCharacter => f.write_str("must not contain control characters"),
            Self::NotAHost => f.write_str("must be a lower-case ascii host name"),
        }
    }
}

impl std::error::Error for NameError {}

/// Checks length in characters and the absence of control characters; the text is taken as it is.
pub(crate) fn check(text: &str, max: usize) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    // Bytes are never fewer than characters, so short texts need no count.
    if text.len() > max && text.chars().count() > max {
        return Err(NameError::TooLong { max });
    }
    if text.chars().any(char::is_control) {
        return Err(NameError::ControlCharacter);
    }
    Ok(())
}

/// The name of an app: 1–255 characters after trimming, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppName(Box<str>);

impl AppName {
    /// Largest number of characters.
    pub const MAX: usize = 255;

    /// The part of `text` that is stored, borrowed; so that the ingest path can check without
    /// copying.
    pub fn check(text: &str) -> Result<&str, NameError> {
        let trimmed = text.trim();
        check(trimmed, Self::MAX).map(|()| trimmed)
    }

    /// Parses a name, trimming white space around it.
    pub fn new(text: &str) -> Result<Self, NameError> {
        Self::check(text).map(|text| Self(text.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The host of a web page: lower-case ASCII, 1–253 bytes, without a port, and without a leading `www.`
/// where what follows is a name of a site as well: `www.com` is one itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(Box<str>);

impl Domain {
    /// Longest host name in bytes (RFC 1035, section 2.3.4).
    pub const MAX: usize = 253;

    /// A host without a leading `www.`, however often it is repeated, so that doing it again changes
    /// nothing. What is left of it always has a dot.
    fn without_www(host: &str) -> &str {
        let is_site = |rest: &&str| rest.bytes().any(|byte| byte == b'.');
        let mut bare = host;
        while let Some(rest) = bare.strip_prefix("www.").filter(is_site) {
            bare = rest;
        }
        bare
    }

    /// The domain of a host that is already lower-case ASCII. The domain of a domain is itself.
    pub fn check(host: &str) -> Result<&str, NameError> {
        let bare = Self::without_www(host);
        if bare.is_empty() {
            return Err(NameError::Empty);
        }
        if bare.len() > Self::MAX {
            return Err(NameError::TooLong { max: Self::MAX });
        }
        if !bare.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase() && !b"/?#@".contains(&b)) {
            return Err(NameError::NotAHost);
        }
        Ok(bare)
    }

    /// Parses a host that is already lower-case ASCII.
    pub fn new(host: &str) -> Result<Self, NameError> {
        Self::check(host).map(|host| Self(host.into()))
    }

    /// The host name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a tracker runs on, named by the client: 1–128 characters, no control characters, kept
/// exactly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(Box<str>);

impl DeviceId {
    /// Largest number of characters.
    pub const MAX: usize = 128;

    /// Checks without copying.
    pub fn check(text: &str) -> Result<&str, NameError> {
        check(text, Self::MAX).map(|()| text)
    }

    /// Parses a device name.
    pub fn new(text: &str) -> Result<Self, NameError> {
        Self::check(text).map(|text| Self(text.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The device of a computer that goes by this host name, as its programs tell it: so that what they tell
    /// meets, in lower case and without what a local network puts behind it. `None` if that names no
    /// device, so that another name must stand for it.
    pub fn of_host(host: &str) -> Option<Self> {
        let host = host.trim().to_lowercase();
        let mut name = without_end(&host);
        while let Some(short) = without_network(name) {
            name = short;
        }
        Self::new(name).ok().filter(|device| !device.says_nothing())
    }

    /// Whether it names no device: what software says that knows no name, so that several devices of a person
    /// may have it.
    pub fn says_nothing(&self) -> bool {
        let letters = self.0.chars().filter(|c| !c.is_whitespace() && !c.is_ascii_punctuation());
        let word: String = letters.flat_map(char::to_lowercase).collect();
        NO_NAMES.contains(&word.as_str())
    }

    /// The name of one device among those that have the same: with a mark at the end, as long as that may be.
    #[must_use]
    pub fn told_apart(&self, mark: u32) -> Self {
        let mark = format!("{mark:08x}");
        let kept: String = self.0.trim().chars().take(Self::MAX - mark.len() - 1).collect();
        let name = if kept.is_empty() { "unknown" } else { kept.as_str() };
        Self(format!("{name}-{mark}").into())
    }
}

/// What software calls a device whose name it does not know, without blanks and punctuation.
const NO_NAMES: [&str; 9] =
    ["", "unknown", "unknowndevice", "unknownhost", "none", "null", "nil", "undefined", "localhost"];

/// What local networks put behind the name of a computer, which differs from program to program.
const NETWORKS: [&str; 10] = [
    "local",
    "localdomain",
    "lan",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "private",
    "corp",
    "fritz.box",
];

/// A host name without the local network at its end, if there is one and something stands before it.
fn without_network(host: &str) -> Option<&str> {
    let short = NETWORKS.iter().find_map(|network| host.strip_suffix(network)?.strip_suffix('.'))?;
    Some(without_end(short)).filter(|short| !short.is_empty())
}

/// A host name without dots and blanks at its end.
fn without_end(host: &str) -> &str {
    host.trim_end_matches(|c: char| c == '.' || c.is_whitespace())
}

/// What a person calls a device: 1–128 characters after trimming, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceName(Box<str>);

impl DeviceName {
    /// Largest number of characters.
    pub const MAX: usize = 128;

    /// Parses a name, trimming white space around it.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        check(text, Self::MAX).map(|()| Self(text.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn app_names_are_trimmed_and_bounded_in_characters() {
        assert_eq!(AppName::new("  Code \n").unwrap().as_str(), "Code");
        assert_eq!(AppName::new("ü".repeat(255).as_str()).unwrap().as_str().len(), 510);
        assert_eq!(AppName::new(&"x".repeat(256)), Err(NameError::TooLong { max: 255 }));
        assert_eq!(AppName::new(" \t "), Err(NameError::Empty));
        assert_eq!(AppName::new("a\0b"), Err(NameError::ControlCharacter));
    }

    #[test]
    fn names_of_devices_are_trimmed_and_bounded_in_characters() {
        assert_eq!(DeviceName::new(" My laptop ").unwrap().as_str(), "My laptop");
        assert!(DeviceName::new("ü".repeat(128).as_str()).is_ok());
        assert_eq!(DeviceName::new(&"x".repeat(129)), Err(NameError::TooLong { max: 128 }));
        assert_eq!(DeviceName::new(" "), Err(NameError::Empty));
        assert_eq!(DeviceName::new("a\nb"), Err(NameError::ControlCharacter));
    }

    #[test]
    fn what_software_calls_a_device_without_a_name_names_none() {
        let says_nothing = |name: &str| DeviceId::new(name).unwrap().says_nothing();
        for name in [
            "unknown",
            "Unknown",
            "UNKNOWN DEVICE",
            "unknown-host",
            "(null)",
            "<none>",
            " ",
            "?",
            "localhost",
        ] {
            assert!(says_nothing(name), "{name}");
        }
        for name in
            ["laptop", "unknown-1", "unknown pleasures", "localhost2", "null island", "\u{1f4bb}", "n", "-a-"]
        {
            assert!(!says_nothing(name), "{name}");
        }
    }

    #[test]
    fn one_computers_host_names_are_one_device() {
        let device = |host: &str| DeviceId::of_host(host).map(|device| device.as_str().to_owned());
        for host in [
            "adas-laptop",
            "Adas-Laptop",
            " ADAS-LAPTOP.local ",
            "adas-laptop.lan",
            "adas-laptop.Home",
            "adas-laptop.home.arpa.",
            "adas-laptop.local.lan",
            "adas-laptop.fritz.box",
            "adas-laptop.localdomain",
        ] {
            assert_eq!(device(host).as_deref(), Some("adas-laptop"), "{host}");
        }
        for (host, name) in [
            ("PC.example.org", "pc.example.org"),
            ("Ädas Büro", "ädas büro"),
            ("homelan", "homelan"),
            ("local.pc", "local.pc"),
        ] {
            assert_eq!(device(host).as_deref(), Some(name), "{host}");
        }
        let long = "x".repeat(129);
        for none in
            ["", " ", ".", "unknown", "Unknown.local", "localhost.localdomain", "(none)", "a\0b", &long]
        {
            assert_eq!(device(none), None, "{none}");
        }
    }

    #[test]
    fn the_device_of_a_device_is_itself() {
        for host in [
            "local",
            "lan.local",
            "home.home",
            "..local",
            "a..local",
            "a .lan",
            "a. .lan. ",
            "\u{130}X.local",
            ".lan.lan",
        ] {
            let Some(device) = DeviceId::of_host(host) else { continue };
            assert_eq!(DeviceId::of_host(device.as_str()), Some(device), "{host}");
        }
    }

    #[test]
    fn devices_are_told_apart_by_marks_and_have_names_then() {
        let told_apart = |name: &str, mark| DeviceId::new(name).unwrap().told_apart(mark);
        assert_eq!(told_apart("unknown", 0x00ab_cdef).as_str(), "unknown-00abcdef");
        assert_eq!(told_apart(" ", 1).as_str(), "unknown-00000001");
        for name in ["unknown", "(null)", &"?".repeat(128), &"\u{1f4bb}".repeat(128)] {
            let (one, other) = (told_apart(name, 1), told_apart(name, 2));
            assert!(one != other && !one.says_nothing(), "{name}");
            assert_eq!(DeviceId::new(one.as_str()), Ok(one));
        }
    }

    #[test]
    fn a_domain_loses_its_leading_www_and_is_then_its_own() {
        for host in ["www.www.om", "www.www.", "www.com", "www.www.www.rust-lang.org"] {
            let domain = Domain::new(host).unwrap();
            assert_eq!(Domain::new(domain.as_str()).as_ref(), Ok(&domain), "{host}");
        }
        assert_eq!(Domain::new("www.rust-lang.org").unwrap().as_str(), "rust-lang.org");
        assert_eq!(Domain::new("www.www.com").unwrap().as_str(), "www.com");
        assert_eq!(Domain::new("www.com").unwrap().as_str(), "www.com");
        assert_eq!(Domain::new("www2.lunapic.com").unwrap().as_str(), "www2.lunapic.com");
        assert_eq!(Domain::new("www.").unwrap().as_str(), "www.");
        assert_eq!(Domain::new("Rust-lang.org"), Err(NameError::NotAHost));
        assert_eq!(Domain::new("a/b"), Err(NameError::NotAHost));
    }
}
