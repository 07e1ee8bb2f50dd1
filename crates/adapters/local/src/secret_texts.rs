//! API keys and device codes as texts.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayline_app::ports::{IssuedSecret, Randomness, SecretTexts};
use dayline_domain::identity::session::TokenHash;
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};

/// Secrets of 256 random bits, as base64url behind their prefix; hashed with SHA-256. No slow hash
/// is needed where there is nothing to guess.
pub struct RandomSecrets {
    randomness: Arc<dyn Randomness>,
}

impl RandomSecrets {
    /// Makes secrets from this source.
    pub fn new(randomness: Arc<dyn Randomness>) -> Self {
        Self { randomness }
    }
}

impl SecretTexts for RandomSecrets {
    fn make(&self, prefix: &str) -> IssuedSecret {
        let mut secret = Zeroizing::new([0; 32]);
        self.randomness.fill(&mut *secret);
        let mut text = prefix.to_owned();
        URL_SAFE_NO_PAD.encode_string(*secret, &mut text);
        let hash = self.hash(&text);
        IssuedSecret { text, hash }
    }

    fn hash(&self, text: &str) -> TokenHash {
        Sha256::digest(text).into()
    }
}
