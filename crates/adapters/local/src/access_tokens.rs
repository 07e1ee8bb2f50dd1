//! Access tokens: JWT (RFC 7519) signed with HS256, and nothing else that a JWT could be.
//! Not here: revocation (its own port), and the library's own clock: `now` is given.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use dayline_app::ports::{AccessClaims, AccessTokens, PortError, TokenRefusal};
use dayline_domain::identity::node_keys::choose_signer;
use dayline_domain::{DeviceId, UtcMs};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::keys::KeyRing;

/// How far clocks of our own nodes may be apart, in milliseconds: what `exp`, `nbf` and `iat`
/// forgive.
pub const LEEWAY_MS: i64 = 30_000;
/// Longest token that is looked at, in bytes; ours are below 1.5 KiB even for the longest device
/// name.
pub const MAX_TOKEN: usize = 4_096;

/// Says in the header what the token is for (RFC 9068), so that no other JWT of ours passes as one.
const TYPE: &str = "at+jwt";
const ISSUER: &str = "dayline";
const AUDIENCE: &str = "dayline-api";

/// Bytes that remembered tokens may take: some ten thousand tokens.
const CACHE_BYTES: u64 = 8 << 20;
/// About what an entry takes beside the token's text.
const ENTRY_BYTES: u64 = 256;

/// Makes and checks access tokens. A token that was verified is remembered, so that the next
/// request with it costs a comparison and no signature.
pub struct JwtAccessTokens {
    keys: RwLock<Arc<Keys>>,
    /// The number of the current key set. What was verified with another one is verified again.
    current: AtomicU64,
    verified: Cache<Text, Verified, ByBytes>,
}

struct Keys {
    number: u64,
    /// The oldest first.
    signers: Vec<Signer>,
    verifiers: Vec<Verifier>,
}

struct Signer {
    header: Header,
    key: EncodingKey,
    from: Option<UtcMs>,
}

struct Verifier {
    kid: String,
    key: DecodingKey,
    retires_at: Option<UtcMs>,
}

/// What a verified token says, and with which keys that was found.
#[derive(Clone)]
struct Verified {
    claims: Arc<AccessClaims>,
    not_before: UtcMs,
    key_retires_at: Option<UtcMs>,
    keys: u64,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    dev: String,
    iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    exp: i64,
}

impl JwtAccessTokens {
    /// Signs with the ring's newest key and accepts all of them.
    pub fn new(ring: &KeyRing) -> Self {
        let items = CACHE_BYTES / (ENTRY_BYTES + 400);
        Self {
            keys: RwLock::new(Arc::new(Keys::new(ring, 0))),
            current: AtomicU64::new(0),
            verified: Cache::with_weighter(items as usize, CACHE_BYTES, ByBytes),
        }
    }

    /// Uses another ring from now on; tokens of keys that are no longer in it are refused at once.
    pub fn replace_keys(&self, ring: &KeyRing) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let new = Keys::new(ring, keys.number + 1);
        self.current.store(new.number, Ordering::Release);
        *keys = Arc::new(new);
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl AccessTokens for JwtAccessTokens {
    fn issue(&self, claims: &AccessClaims) -> Result<String, PortError> {
        let keys = self.keys();
        let signer = choose_signer(keys.signers.iter(), claims.issued_at, |signer| signer.from)
            .ok_or_else(|| PortError::Corrupt("no key to sign access tokens with".into()))?;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: claims.user.to_string(),
            sid: claims.session.to_string(),
            dev: claims.device.as_str().to_owned(),
            iat: claims.issued_at.0.div_euclid(1_000),
            nbf: None,
            exp: claims.expires_at.0.div_euclid(1_000),
        };
        jsonwebtoken::encode(&signer.header, &claims, &signer.key)
            .map_err(|error| PortError::Rejected(format!("access token not signed: {error}")))
    }

    fn verify(&self, token: &str, now: UtcMs) -> Result<Arc<AccessClaims>, TokenRefusal> {
        let known = self.verified.get(&Presented(token));
        let known = known.filter(|known| known.keys == self.current.load(Ordering::Acquire));
        if let Some(known) = known {
            return known.at(now);
        }
        if token.len() > MAX_TOKEN {
            return Err(TokenRefusal::Invalid);
        }
        let verified = self.keys().verify(token).ok_or(TokenRefusal::Invalid)?;
        let claims = verified.clone().at(now)?;
        self.verified.insert(Text(token.into()), verified);
        Ok(claims)
    }
}

impl Verified {
    /// Whether the time is right.
    fn at(self, now: UtcMs) -> Result<Arc<AccessClaims>, TokenRefusal> {
        if now >= self.claims.expires_at.plus(LEEWAY_MS) {
            return Err(TokenRefusal::Expired);
        }
        let key_retired = self.key_retires_at.is_some_and(|until| now >= until);
        if key_retired || now < self.not_before.plus(-LEEWAY_MS) {
            return Err(TokenRefusal::Invalid);
        }
        Ok(self.claims)
    }
}

impl Keys {
    fn new(ring: &KeyRing, number: u64) -> Self {
        let signers = ring.signers().map(|key| Signer {
            header: Header {
                typ: Some(TYPE.to_owned()),
                kid: Some(key.kid.clone()),
                ..Header::new(Algorithm::HS256)
            },
            key: EncodingKey::from_secret(key.secret.expose_secret()),
            from: key.signs_from,
        });
        let verifiers = ring.access_keys().iter().map(|key| Verifier {
            kid: key.kid.clone(),
            key: DecodingKey::from_secret(key.secret.expose_secret()),
            retires_at: key.retires_at,
        });
        Self { number, signers: signers.collect(), verifiers: verifiers.collect() }
    }

    /// What the token says, if it is one of ours, at whatever time.
    fn verify(&self, token: &str) -> Option<Verified> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        // `jku`, `jwk`, `x5u` and the like are not looked at: keys come from the ring alone. `crit`
        // demands to be understood or refused (RFC 7515, section 4.1.11).
        if header.alg != Algorithm::HS256 || header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
            return None;
        }
        let kid = header.kid?;
        let key = self.verifiers.iter().find(|key| key.kid == kid)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.key, &signature_only()).ok()?.claims;
        if claims.iss != ISSUER || claims.aud != AUDIENCE || claims.exp <= claims.iat {
            return None;
        }
        let at = |seconds: i64| Some(UtcMs(seconds.checked_mul(1_000)?));
        let issued_at = at(claims.iat)?;
        let not_before = claims.nbf.map_or(Some(issued_at), at)?.max(issued_at);
        let claims = AccessClaims {
            user: claims.sub.parse().ok()?,
            session: claims.sid.parse().ok()?,
            device: Arc::new(DeviceId::new(&claims.dev).ok()?),
            issued_at,
            expires_at: at(claims.exp)?,
        };
        Some(Verified {
            claims: Arc::new(claims),
            not_before,
            key_retires_at: key.retires_at,
            keys: self.number,
        })
    }
}

/// The library checks form and signature. What the claims say is decided here, by the given clock
/// and with types that leave nothing open: the library would take a list of audiences, or a claim
/// that is missing.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// A remembered token.
struct Text(Box<str>);

/// A token that somebody presents; equal to a remembered one only if every byte is.
#[derive(PartialEq, Eq)]
struct Presented<'a>(&'a str);

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Text {}

impl Equivalent<Text> for Presented<'_> {
    fn equivalent(&self, text: &Text) -> bool {
        *self.0 == *text.0
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_end(&self.0, state);
    }
}

impl Hash for Presented<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_end(self.0, state);
    }
}

/// A token ends in its signature, which differs from token to token and can't be chosen: its end
/// says as much as the whole, and only verified tokens get into the map.
fn hash_end<H: Hasher>(token: &str, state: &mut H) {
    let bytes = token.as_bytes();
    state.write(&bytes[bytes.len().saturating_sub(16)..]);
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Text, Verified> for ByBytes {
    fn weight(&self, token: &Text, _: &Verified) -> u64 {
        token.0.len() as u64 + ENTRY_BYTES
    }
}

#[cfg(test)]
mod tests {
    use dayline_app::ports::Randomness;
    use dayline_contract::fakes::FakeRandomness;
    use dayline_domain::{SessionId, UserId};

    use super::*;

    #[test]
    fn remembered_tokens_are_bounded_in_bytes_and_the_used_ones_stay() {
        let randomness = FakeRandomness::default();
        let tokens = JwtAccessTokens::new(&KeyRing::generate(&randomness, UtcMs(0)));
        let claims = Arc::new(AccessClaims {
            user: UserId::from_bits(1),
            session: SessionId::from_bits(2),
            device: Arc::new(DeviceId::new("laptop").unwrap()),
            issued_at: UtcMs(0),
            expires_at: UtcMs(1),
        });
        let remember = |text: String| {
            let verified =
                Verified { claims: Arc::clone(&claims), not_before: UtcMs(0), key_retires_at: None, keys: 0 };
            tokens.verified.insert(Text(text.into()), verified);
        };
        remember("busy".repeat(100));
        let mut end = [0; 8];
        for _ in 0..50_000 {
            randomness.fill(&mut end);
            remember(format!("{}{}", "x".repeat(400), u64::from_be_bytes(end)));
            assert!(tokens.verified.weight() <= CACHE_BYTES);
            assert!(tokens.verified.get(&Presented(&"busy".repeat(100))).is_some());
        }
        assert!(tokens.verified.len() > 5_000, "{}", tokens.verified.len());
    }
}
