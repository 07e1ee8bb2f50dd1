//! Settings that foreign trackers' own pages keep at their server: a name and any value.
//! Not here: what they mean, which is those pages' affair.

use crate::names::{NameError, check};

/// Largest number of characters of a name.
const MAX_NAME: usize = 127;
/// Most bytes of a value.
pub const MAX_VALUE: usize = 64 << 10;

/// What a setting is addressed by: 1–127 characters, no control characters, kept exactly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SettingName(Box<str>);

impl SettingName {
    /// Parses a name.
    ///
    /// # Errors
    /// If it is empty, longer than 127 characters, or has control characters.
    pub fn new(text: &str) -> Result<Self, NameError> {
        check(text, MAX_NAME).map(|()| Self(text.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a setting is, as its wire writes it: at most [`MAX_VALUE`] bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingValue(Box<str>);

impl SettingValue {
    /// This value; `None` if it is too long.
    pub fn new(text: impl Into<Box<str>>) -> Option<Self> {
        let text = text.into();
        (text.len() <= MAX_VALUE).then_some(Self(text))
    }

    /// The value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_bounded() {
        let longest = "ü".repeat(127);
        assert_eq!(SettingName::new(&longest).unwrap().as_str(), longest);
        for text in [String::new(), "x".repeat(128), "a\nb".to_owned()] {
            assert!(SettingName::new(&text).is_err(), "{text}");
        }
        assert_eq!(SettingValue::new("\"a\nb\"").unwrap().as_str(), "\"a\nb\"");
        assert!(SettingValue::new("x".repeat(MAX_VALUE)).is_some());
        assert!(SettingValue::new("x".repeat(MAX_VALUE + 1)).is_none());
    }
}
