//! The JSON of the API.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::refusal::Rejected;

/// What a device needs to wait for its tokens.
#[derive(Debug, Deserialize)]
pub struct Codes {
    /// The secret to poll with.
    pub device_code: SecretString,
    /// What the device shows.
    pub user_code: String,
    /// The page on which the person approves.
    pub verification_uri: String,
    /// The same with the code filled in.
    pub verification_uri_complete: Option<String>,
    /// Seconds between two polls.
    pub interval: u64,
}

/// A session.
#[derive(Debug, Deserialize)]
pub struct Session {
    access_token: SecretString,
}

impl Session {
    pub(super) fn token(&self) -> &str {
        self.access_token.expose_secret()
    }
}

/// A key that was just made.
#[derive(Debug, Deserialize)]
pub struct MadeKey {
    /// Identity, for deleting it.
    pub id: String,
    /// The key itself.
    pub key: SecretString,
}

/// What became of the observations of a request.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Receipt {
    /// How many are durable now.
    pub accepted: usize,
    /// Which were not taken, and why.
    #[serde(default)]
    pub rejected: Vec<Rejected>,
}
