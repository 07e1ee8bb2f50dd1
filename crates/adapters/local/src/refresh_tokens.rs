//! Refresh tokens (design, section 7): random, each derived from the one before, recognised by a
//! tag. Not here: whether a token is still good (the domain's `Session::judge`).

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayline_app::ports::{IssuedRefresh, PresentedRefresh, Randomness, RefreshTokens};
use dayline_domain::SessionId;
use dayline_domain::identity::session::{Generation, TokenHash};
use hmac::{Hmac, Mac};
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};

use crate::keys::{KeyRing, keyed};

/// What every token starts with, so that one that leaked is found by a search.
const PREFIX: &str = "dlr_";
const TAG: usize = 16;
const TOKEN: usize = 16 + 4 + 32 + TAG;
/// Characters of the token's base64 form, which has no padding.
const TEXT: usize = (TOKEN * 4).div_ceil(3);

/// Makes refresh tokens: `dlr_` and, as base64url without padding, session (16 bytes) ‖ generation
/// (4) ‖ secret (32) ‖ tag (16).
///
/// A session's first secret is random. The next one is the keyed hash of the one before, so that a
/// retry gets the same successor although only hashes are stored. The tag proves, without a look
/// into any store, that we made the token; so an old one that comes back is known to be stolen and
/// not just garbage.
pub struct HmacRefreshTokens {
    key: RwLock<Hmac<Sha256>>,
    randomness: Arc<dyn Randomness>,
}

impl HmacRefreshTokens {
    /// Makes tokens with the ring's refresh key.
    pub fn new(keys: &KeyRing, randomness: Arc<dyn Randomness>) -> Self {
        Self { key: RwLock::new(keyed(keys.refresh_key())), randomness }
    }

    /// Uses another ring from now on. With the same refresh key, which no rotation changes, nothing
    /// changes; with another one no older token opens any more.
    pub fn replace_keys(&self, keys: &KeyRing) {
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = keyed(keys.refresh_key());
    }

    fn mac(&self, purpose: &str, session: SessionId, generation: Generation) -> Hmac<Sha256> {
        let key = self.key.read().unwrap_or_else(PoisonError::into_inner).clone();
        key.chain_update(purpose)
            .chain_update(session.bits().to_be_bytes())
            .chain_update(generation.0.to_be_bytes())
    }

    /// Over the secret as well, else the tag of one token would do for every other of its
    /// generation.
    fn tag(&self, session: SessionId, generation: Generation, secret: &[u8; 32]) -> Hmac<Sha256> {
        self.mac("tag", session, generation).chain_update(secret)
    }

    fn issue(&self, session: SessionId, generation: Generation, secret: &[u8; 32]) -> IssuedRefresh {
        let tag = self.tag(session, generation, secret).finalize().into_bytes();
        let mut token = Zeroizing::new(Vec::with_capacity(TOKEN));
        token.extend_from_slice(&session.bits().to_be_bytes());
        token.extend_from_slice(&generation.0.to_be_bytes());
        token.extend_from_slice(secret);
        token.extend(tag.into_iter().take(TAG));
        let mut text = PREFIX.to_owned();
        URL_SAFE_NO_PAD.encode_string(&*token, &mut text);
        IssuedRefresh { text, hash: hash(session, generation, secret) }
    }
}

fn hash(session: SessionId, generation: Generation, secret: &[u8; 32]) -> TokenHash {
    Sha256::new()
        .chain_update(session.bits().to_be_bytes())
        .chain_update(generation.0.to_be_bytes())
        .chain_update(secret)
        .finalize()
        .into()
}

impl RefreshTokens for HmacRefreshTokens {
    fn first(&self, session: SessionId) -> IssuedRefresh {
        let mut secret = Zeroizing::new([0; 32]);
        self.randomness.fill(&mut *secret);
        self.issue(session, Generation(0), &secret)
    }

    fn open(&self, text: &str) -> Option<PresentedRefresh> {
        let text = text.strip_prefix(PREFIX).filter(|text| text.len() == TEXT)?;
        let mut token = Zeroizing::new([0; TOKEN]);
        // Refuses padding and bits that are left over, so that a token has only one text.
        URL_SAFE_NO_PAD.decode_slice(text, &mut *token).ok().filter(|&length| length == TOKEN)?;
        let (&session, rest) = token.split_first_chunk()?;
        let (&generation, rest) = rest.split_first_chunk()?;
        let (&secret, tag) = rest.split_first_chunk()?;
        let session = SessionId::from_bits(u128::from_be_bytes(session));
        let generation = Generation(u32::from_be_bytes(generation));
        // In constant time.
        self.tag(session, generation, &secret).verify_truncated_left(tag).ok()?;
        Some(PresentedRefresh { session, generation, hash: hash(session, generation, &secret), secret })
    }

    fn successor(&self, of: &PresentedRefresh) -> IssuedRefresh {
        let generation = of.generation.next();
        let mac = self.mac("next", of.session, generation).chain_update(of.secret);
        self.issue(of.session, generation, &mac.finalize().into_bytes().into())
    }
}
