//! API keys and device codes as texts.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayline_app::ports::{IssuedSecret, Randomness, SecretTexts};
use dayline_domain::identity::session::TokenHash;
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};

/// Secrets of 256 random bits as base64url behind their prefix, or of 122 as UUIDs; hashed with SHA-256.
/// No slow hash is needed where there is nothing to guess.
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

    fn make_uuid(&self) -> IssuedSecret {
        let mut secret = Zeroizing::new([0; 16]);
        self.randomness.fill(&mut *secret);
        // RFC 9562, section 5.4: the version and the variant.
        secret[6] = secret[6] & 0x0f | 0x40;
        secret[8] = secret[8] & 0x3f | 0x80;
        let mut text = String::with_capacity(36);
        for (place, byte) in secret.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            for half in [byte >> 4, byte & 0xf] {
                text.push(char::from(b"0123456789abcdef"[usize::from(half)]));
            }
        }
        let hash = self.hash(&text);
        IssuedSecret { text, hash }
    }

    fn hash(&self, text: &str) -> TokenHash {
        Sha256::digest(text).into()
    }
}
