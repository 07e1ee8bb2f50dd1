//! What makes a valid account: e-mail, name, password policy, scopes. Values only.

use std::fmt;

use crate::names::{self, NameError};

/// An e-mail address as its owner wrote it; two addresses that differ only in case are the same
/// account.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(Box<str>);

/// Why a text is not taken as an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidEmail;

impl fmt::Display for InvalidEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be an address of the form name@host, at most 254 bytes, without spaces")
    }
}

impl std::error::Error for InvalidEmail {}

impl Email {
    /// Longest address in bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets).
    pub const MAX: usize = 254;

    /// Parses an address, trimming white space around it. Only the shape is checked: whether mail
    /// arrives there is not for a pattern to say.
    pub fn new(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let (local, host) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let clean = |part: &str| {
            !part.is_empty() && !part.chars().any(|c| c.is_control() || c.is_whitespace() || c == '@')
        };
        let dots_stand_between = |host: &str| !host.split('.').any(str::is_empty);
        if text.len() > Self::MAX
            || local.len() > 64
            || !clean(local)
            || !clean(host)
            || !dots_stand_between(host)
        {
            return Err(InvalidEmail);
        }
        Ok(Self(text.into()))
    }

    /// The address as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What makes the address unique: its lower-case form.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

/// Never shows the address: it must not reach a log.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// A person's name: 1–200 characters after trimming, no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullName(Box<str>);

impl FullName {
    /// Largest number of characters.
    pub const MAX: usize = 200;

    /// Parses a name.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        names::check(text, Self::MAX).map(|()| Self(text.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A label a person gives to a device or a key: 1–100 characters after trimming, no control
/// characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label(Box<str>);

impl Label {
    /// Largest number of characters.
    pub const MAX: usize = 100;

    /// Parses a label.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        names::check(text, Self::MAX).map(|()| Self(text.into()))
    }

    /// The label.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A password somebody wants to have from now on; never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPassword(Box<str>);

/// Why a password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRefusal {
    /// Fewer than 8 characters.
    TooShort,
    /// More than 128 characters.
    TooLong,
    /// One of the most used passwords.
    Common,
}

impl fmt::Display for PasswordRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "must have at least 8 characters",
            Self::TooLong => "must have at most 128 characters",
            Self::Common => "is one of the most used passwords; choose another",
        })
    }
}

impl std::error::Error for PasswordRefusal {}

impl NewPassword {
    /// Fewest characters.
    pub const MIN: usize = 8;
    /// Most characters; also the most that a login ever hashes.
    pub const MAX: usize = 128;

    /// Any Unicode, no rule of composition, nothing cut off or trimmed (NIST SP 800-63B, section
    /// 5.1.1.2).
    pub fn new(text: &str) -> Result<Self, PasswordRefusal> {
        match text.chars().take(Self::MIN).count() {
            n if n < Self::MIN => Err(PasswordRefusal::TooShort),
            _ if Self::is_too_long(text) => Err(PasswordRefusal::TooLong),
            _ if is_common(text) => Err(PasswordRefusal::Common),
            _ => Ok(Self(text.into())),
        }
    }

    /// Whether a text has more characters than any password, so that it needs no hash to know that
    /// it is nobody's.
    pub fn is_too_long(text: &str) -> bool {
        text.chars().nth(Self::MAX).is_some()
    }

    /// The password, for hashing only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// The most used passwords of at least eight characters, lower case, one a line.
const COMMON: &str = include_str!("common_passwords.txt");

fn is_common(password: &str) -> bool {
    let lower = password.to_lowercase();
    let one_character = lower.chars().next().is_some_and(|first| lower.chars().all(|c| c == first));
    one_character || COMMON.lines().any(|common| common == lower)
}

/// What a credential allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Send pings.
    Track,
    /// Read the timeline and reports.
    Read,
    /// Everything else: the account itself. Only sessions have it, never keys.
    Account,
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// What a signed-in person may do.
    pub const SESSION: Self = Self(0b111);
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// This set and one more.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | 1 << scope as u8)
    }

    /// Whether the scope is in the set.
    pub const fn allows(self, scope: Scope) -> bool {
        self.0 & 1 << scope as u8 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_are_unique_without_regard_to_case_and_never_shown() {
        let email = Email::new(" Ada@Example.org ").unwrap();
        assert_eq!(email.as_str(), "Ada@Example.org");
        assert_eq!(email.key(), "ada@example.org");
        assert_eq!(format!("{email:?}"), "Email(…)");
    }

    #[test]
    fn texts_that_are_no_address_are_refused() {
        let long = format!("a@{}", "x".repeat(300));
        for text in ["", "ada", "@b", "a@", "a b@c", "a@b c", "a@b@c", "a@.b", "a@b..c", "a\0@b", &long] {
            assert_eq!(Email::new(text), Err(InvalidEmail), "{text}");
        }
    }

    #[test]
    fn a_password_has_8_to_128_characters_of_any_kind() {
        assert_eq!(NewPassword::new("1234567"), Err(PasswordRefusal::TooShort));
        assert_eq!(NewPassword::new("日本語の長い言葉").map(|p| p.expose().len()), Ok(24));
        assert!(NewPassword::new(&"ab".repeat(64)).is_ok());
        assert_eq!(NewPassword::new(&"ab".repeat(65)), Err(PasswordRefusal::TooLong));
        assert_eq!(NewPassword::new("  spaces kept  ").map(|p| p.expose().len()), Ok(15));
    }

    #[test]
    fn the_most_used_passwords_are_refused_in_any_case() {
        for text in ["password", "PassWord", "12345678", "qwertyuiop", "aaaaaaaaaa"] {
            assert_eq!(NewPassword::new(text), Err(PasswordRefusal::Common), "{text}");
        }
    }

    #[test]
    fn a_set_of_scopes_allows_only_what_was_put_in() {
        let track = Scopes::NONE.with(Scope::Track);
        assert!(track.allows(Scope::Track) && !track.allows(Scope::Read) && !track.allows(Scope::Account));
        assert!(Scopes::SESSION.allows(Scope::Account));
    }
}
