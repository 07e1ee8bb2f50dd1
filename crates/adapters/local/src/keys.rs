//! The server's secrets: the keys that sign access tokens, and the one that refresh tokens are
//! derived with.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayline_app::ports::Randomness;
use dayline_domain::UtcMs;
use dayline_domain::identity::node_keys::{KeyMark, MarkedKey, MarkedKeys, choose_signer};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::zeroize::{Zeroize, Zeroizing};
use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Fewest bytes of a secret (RFC 7518, section 3.2: no shorter than the hash).
pub const MIN_SECRET: usize = 32;

/// The server's secrets. The newest access key that is not retired and whose time has come signs;
/// all of them verify. Never shown; wiped from memory when dropped.
#[derive(Clone)]
pub struct KeyRing {
    /// The oldest first.
    access: Vec<AccessKey>,
    refresh: SecretSlice<u8>,
}

#[derive(Clone)]
pub(crate) struct AccessKey {
    pub(crate) kid: String,
    pub(crate) secret: SecretSlice<u8>,
    made_at: Option<UtcMs>,
    /// Not before this, so that every process knows the key when the first one signs with it.
    pub(crate) signs_from: Option<UtcMs>,
    /// A retired key verifies no longer from here on.
    pub(crate) retires_at: Option<UtcMs>,
}

/// What may be known about an access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its name, as in the header of its tokens.
    pub kid: String,
    /// When it was made, if that is known.
    pub made_at: Option<UtcMs>,
    /// As of the instant that was asked about.
    pub state: KeyState,
}

/// What an access key is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// New tokens are signed with it.
    Signs,
    /// New tokens will be signed with it from then on; until then it only verifies.
    SignsFrom(UtcMs),
    /// A newer one signs; the tokens it signed are good.
    Verifies,
    /// Retired: the tokens it signed are good until then.
    VerifiesUntil(UtcMs),
    /// Retired: the tokens it signed are refused since then.
    RefusedSince(UtcMs),
}

/// Why a text is not a ring of keys, or a ring can't be changed. Never shows a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message names its fields")]
pub enum KeyError {
    /// A secret is too short to be safe.
    #[error("the secret of {of} has {bytes} bytes, but must have at least {MIN_SECRET}")]
    TooShort { of: String, bytes: usize },
    /// Not the document that we write.
    #[error("not a key document (line {line}, column {column})")]
    NotADocument { line: usize, column: usize },
    /// A document of another version.
    #[error("a key document of version {0}, but this program knows version {VERSION}")]
    UnknownVersion(u32),
    /// A secret in a document that is not base64.
    #[error("the secret of {0} is not base64url without padding")]
    NotBase64(String),
    /// Two keys of the same name.
    #[error("there are two keys of the name {0}")]
    Duplicate(String),
    /// No such key.
    #[error("there is no key of the name {0}")]
    Unknown(String),
    /// No key would be left to sign with.
    #[error("no key would be left to sign with; add one first")]
    NoneSigns,
}

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    access_keys: Vec<KeyDocument>,
    refresh_key: String,
}

#[derive(Serialize, Deserialize)]
struct KeyDocument {
    kid: String,
    secret: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signs_from_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retires_at_ms: Option<i64>,
}

impl Drop for Document {
    fn drop(&mut self) {
        self.refresh_key.zeroize();
        self.access_keys.iter_mut().for_each(|key| key.secret.zeroize());
    }
}

impl KeyRing {
    /// New random keys.
    pub fn generate(randomness: &dyn Randomness, now: UtcMs) -> Self {
        let mut ring = Self { access: Vec::new(), refresh: random_secret(randomness) };
        ring.add(randomness, now, now);
        ring
    }

    /// Reads the document that [`Self::to_document`] writes; or takes any other text, less white
    /// space around it, as one secret from which all keys are derived, the same on every node.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.starts_with('{') { Self::from_document(text) } else { Self::from_secret(text) }
    }

    fn from_secret(secret: &str) -> Result<Self, KeyError> {
        let secret = long_enough("the server", secret.as_bytes().to_vec())?;
        let kid = URL_SAFE_NO_PAD
            .encode(derive(&secret, "kid").expose_secret().first_chunk::<6>().unwrap_or(&[0; 6]));
        let secret_of_key = derive(&secret, "access");
        let key = AccessKey { kid, secret: secret_of_key, made_at: None, signs_from: None, retires_at: None };
        Ok(Self { access: vec![key], refresh: derive(&secret, "refresh") })
    }

    fn from_document(text: &str) -> Result<Self, KeyError> {
        // The parser's own message would quote the value it stumbled upon.
        let document: Document = serde_json::from_str(text)
            .map_err(|error| KeyError::NotADocument { line: error.line(), column: error.column() })?;
        if document.version != VERSION {
            return Err(KeyError::UnknownVersion(document.version));
        }
        let mut ring = Self { access: Vec::new(), refresh: decode("refresh tokens", &document.refresh_key)? };
        for key in &document.access_keys {
            if ring.access.iter().any(|other| other.kid == key.kid) {
                return Err(KeyError::Duplicate(key.kid.clone()));
            }
            ring.access.push(AccessKey {
                kid: key.kid.clone(),
                secret: decode(&format!("key {}", key.kid), &key.secret)?,
                made_at: key.made_at_ms.map(UtcMs),
                signs_from: key.signs_from_ms.map(UtcMs),
                retires_at: key.retires_at_ms.map(UtcMs),
            });
        }
        if ring.access.iter().all(|key| key.retires_at.is_some()) {
            return Err(KeyError::NoneSigns);
        }
        Ok(ring)
    }

    /// The ring as a JSON document, secrets and all: for a file that only the server can read.
    pub fn to_document(&self) -> Zeroizing<String> {
        let access_keys = self.access.iter().map(|key| KeyDocument {
            kid: key.kid.clone(),
            secret: URL_SAFE_NO_PAD.encode(key.secret.expose_secret()),
            made_at_ms: key.made_at.map(|at| at.0),
            signs_from_ms: key.signs_from.map(|at| at.0),
            retires_at_ms: key.retires_at.map(|at| at.0),
        });
        let refresh_key = URL_SAFE_NO_PAD.encode(self.refresh.expose_secret());
        let document = Document { version: VERSION, access_keys: access_keys.collect(), refresh_key };
        // Strings and numbers are always JSON.
        Zeroizing::new(serde_json::to_string_pretty(&document).unwrap_or_default())
    }

    /// Adds a new random key, which signs from then on; gives its name. The tokens of the others
    /// stay good.
    pub fn add(&mut self, randomness: &dyn Randomness, now: UtcMs, signs_from: UtcMs) -> String {
        let mut name = [0; 6];
        randomness.fill(&mut name);
        // The first letter is none of `-` and `_`: a name is an argument of commands.
        name[0] &= 0x7F;
        let kid = URL_SAFE_NO_PAD.encode(name);
        self.access.push(AccessKey {
            kid: kid.clone(),
            secret: random_secret(randomness),
            made_at: Some(now),
            signs_from: Some(signs_from),
            retires_at: None,
        });
        kid
    }

    /// Retires a key: it signs no more, and verifies until `retires_at`, or until what was said
    /// before if that is earlier. With a time that is at least the life of an access token ahead
    /// nobody notices; with `now` all its tokens are refused at once.
    pub fn retire(&mut self, kid: &str, retires_at: UtcMs) -> Result<(), KeyError> {
        let others_sign = self.access.iter().any(|key| key.kid != kid && key.retires_at.is_none());
        let key = self.access.iter_mut().find(|key| key.kid == kid);
        let key = key.ok_or_else(|| KeyError::Unknown(kid.into()))?;
        if !others_sign {
            return Err(KeyError::NoneSigns);
        }
        key.retires_at = Some(key.retires_at.map_or(retires_at, |before| before.min(retires_at)));
        Ok(())
    }

    /// Drops the keys that verify no longer at `now`, and gives their names.
    pub fn forget_retired(&mut self, now: UtcMs) -> Vec<String> {
        let over = |key: &mut AccessKey| key.retires_at.is_some_and(|until| until <= now);
        self.access.extract_if(.., over).map(|key| key.kid).collect()
    }

    /// What may be known about the access keys, the oldest first.
    pub fn keys(&self, now: UtcMs) -> Vec<KeyInfo> {
        let signer = self.signer_at(now).map(|key| key.kid.as_str());
        let state = |key: &AccessKey| match (key.retires_at, key.signs_from) {
            (Some(at), _) if at <= now => KeyState::RefusedSince(at),
            (Some(at), _) => KeyState::VerifiesUntil(at),
            _ if signer == Some(&key.kid) => KeyState::Signs,
            (None, Some(from)) if now < from => KeyState::SignsFrom(from),
            _ => KeyState::Verifies,
        };
        let info =
            |key: &AccessKey| KeyInfo { kid: key.kid.clone(), made_at: key.made_at, state: state(key) };
        self.access.iter().map(info).collect()
    }

    /// A secret for another purpose, the same on every node that has these keys, and for as long as
    /// they are in use.
    pub fn secret_for(&self, purpose: &str) -> [u8; 32] {
        derive(&self.refresh, purpose).expose_secret().first_chunk().copied().unwrap_or_default()
    }

    /// What other nodes may know of the keys. A mark is made with the key itself and can't be turned
    /// back into it.
    pub fn marks(&self) -> MarkedKeys {
        let access = self.access.iter().map(|key| MarkedKey {
            mark: mark(&key.secret, &format!("mark of access key {}", key.kid)),
            signs_from: key.signs_from,
            retires_at: key.retires_at,
        });
        MarkedKeys { refresh: mark(&self.refresh, "mark of refresh key"), access: access.collect() }
    }

    fn signer_at(&self, now: UtcMs) -> Option<&AccessKey> {
        choose_signer(self.signers(), now, |key| key.signs_from)
    }

    /// The keys that may sign, the oldest first: there always is one, by construction.
    pub(crate) fn signers(&self) -> impl DoubleEndedIterator<Item = &AccessKey> + Clone {
        self.access.iter().filter(|key| key.retires_at.is_none())
    }

    pub(crate) fn access_keys(&self) -> &[AccessKey] {
        &self.access
    }

    pub(crate) fn refresh_key(&self) -> &[u8] {
        self.refresh.expose_secret()
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.access.iter().map(|key| &key.kid)).finish()
    }
}

fn random_secret(randomness: &dyn Randomness) -> SecretSlice<u8> {
    let mut secret = vec![0; MIN_SECRET];
    randomness.fill(&mut secret);
    secret.into()
}

fn long_enough(of: &str, secret: Vec<u8>) -> Result<SecretSlice<u8>, KeyError> {
    let bytes = secret.len();
    let secret = SecretSlice::from(secret);
    if bytes < MIN_SECRET { Err(KeyError::TooShort { of: of.to_owned(), bytes }) } else { Ok(secret) }
}

fn decode(of: &str, text: &str) -> Result<SecretSlice<u8>, KeyError> {
    let secret = URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::NotBase64(of.to_owned()))?;
    long_enough(of, secret)
}

/// A key of its own for each purpose, so that no two uses of a secret can be played against each
/// other.
fn derive(secret: &SecretSlice<u8>, purpose: &str) -> SecretSlice<u8> {
    let mac = keyed(secret.expose_secret()).chain_update("dayline 1 ").chain_update(purpose);
    mac.finalize().into_bytes().to_vec().into()
}

fn mark(secret: &SecretSlice<u8>, purpose: &str) -> KeyMark {
    let bits = derive(secret, purpose).expose_secret().first_chunk().copied().unwrap_or_default();
    KeyMark(u128::from_be_bytes(bits))
}

/// HMAC-SHA256 with a key of any length.
pub(crate) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // HMAC hashes long keys and pads short ones, so that it takes all; the type does not know that.
    Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()))
}
