//! Buckets: what a foreign tracker calls a stream of its events. Its type and its computer are all that must be
//! remembered to understand the events. Not here: events, and how they are written on a wire.

use crate::names::{NameError, check};

/// Largest number of characters of each part.
const MAX: usize = 255;

/// What a bucket is addressed by: 1–255 characters, no control characters, kept exactly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketId(Box<str>);

impl BucketId {
    /// Parses an identity.
    ///
    /// # Errors
    /// If it is empty, longer than 255 characters, or has control characters.
    pub fn new(text: &str) -> Result<Self, NameError> {
        check(text, MAX).map(|()| Self(text.into()))
    }

    /// The identity.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a tracker says of a bucket: up to 255 characters, no control characters, kept exactly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketWord(Box<str>);

impl BucketWord {
    /// Parses a word.
    ///
    /// # Errors
    /// If it is longer than 255 characters, or has control characters.
    pub fn new(text: &str) -> Result<Self, NameError> {
        match check(text, MAX) {
            Ok(()) | Err(NameError::Empty) => Ok(Self(text.into())),
            Err(error) => Err(error),
        }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is remembered of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket {
    /// One of its person's.
    pub id: BucketId,
    /// What its events are, as `currentwindow`.
    pub kind: BucketWord,
    /// The program that writes to it.
    pub client: BucketWord,
    /// The host name of the computer, as that program knows it.
    pub host: BucketWord,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_and_words_are_kept_exactly_and_bounded_in_characters() {
        let longest = "ü".repeat(255);
        for text in [" aw-watcher-window_Ada's laptop ", &longest] {
            assert_eq!(BucketId::new(text).unwrap().as_str(), text);
            assert_eq!(BucketWord::new(text).unwrap().as_str(), text);
        }
        for text in ["x".repeat(256), "a\nb".to_owned()] {
            assert!(BucketId::new(&text).is_err() && BucketWord::new(&text).is_err(), "{text}");
        }
        assert!(BucketId::new("").is_err());
        assert_eq!(BucketWord::new("").unwrap().as_str(), "");
    }
}
