//! Tokens in plain text, for tests of use cases and handlers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dayline_app::ports::{
    AccessClaims, AccessTokens, IssuedRefresh, IssuedSecret, PortError, PresentedRefresh, RefreshTokens,
    SecretTexts, TokenRefusal,
};
use dayline_domain::identity::session::Generation;
use dayline_domain::{DeviceId, SessionId, UtcMs};

/// Access tokens list their claims; refresh tokens are the session and the generation.
pub struct FakeTokens;

impl AccessTokens for FakeTokens {
    fn issue(&self, claims: &AccessClaims) -> Result<String, PortError> {
        let AccessClaims { user, session, device, issued_at, expires_at } = claims;
        let device = device.as_str();
        Ok(format!("access|{user}|{session}|{}|{}|{device}", issued_at.0, expires_at.0))
    }

    fn verify(&self, token: &str, now: UtcMs) -> Result<Arc<AccessClaims>, TokenRefusal> {
        let claims = read(token).ok_or(TokenRefusal::Invalid)?;
        if claims.expires_at <= now { Err(TokenRefusal::Expired) } else { Ok(Arc::new(claims)) }
    }
}

fn read(token: &str) -> Option<AccessClaims> {
    let parts: Vec<&str> = token.splitn(6, '|').collect();
    let ["access", user, session, issued_at, expires_at, device] = parts[..] else { return None };
    Some(AccessClaims {
        user: user.parse().ok()?,
        session: session.parse().ok()?,
        device: Arc::new(DeviceId::new(device).ok()?),
        issued_at: UtcMs(issued_at.parse().ok()?),
        expires_at: UtcMs(expires_at.parse().ok()?),
    })
}

fn hash(session: SessionId, generation: u32) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(&session.bits().to_be_bytes());
    hash[16..20].copy_from_slice(&generation.to_be_bytes());
    hash
}

fn issued(session: SessionId, generation: u32) -> IssuedRefresh {
    IssuedRefresh { text: format!("refresh|{session}|{generation}"), hash: hash(session, generation) }
}

impl RefreshTokens for FakeTokens {
    fn first(&self, session: SessionId) -> IssuedRefresh {
        issued(session, 0)
    }

    fn open(&self, text: &str) -> Option<PresentedRefresh> {
        let (session, generation) = text.strip_prefix("refresh|")?.split_once('|')?;
        let (session, generation) = (session.parse().ok()?, generation.parse().ok()?);
        let hash = hash(session, generation);
        Some(PresentedRefresh { session, generation: Generation(generation), hash, secret: hash })
    }

    fn successor(&self, of: &PresentedRefresh) -> IssuedRefresh {
        issued(of.session, of.generation.next().0)
    }
}

/// Secrets that count up.
#[derive(Default)]
pub struct FakeSecrets(AtomicU64);

impl SecretTexts for FakeSecrets {
    fn make(&self, prefix: &str) -> IssuedSecret {
        let text = format!("{prefix}{}", self.0.fetch_add(1, Ordering::SeqCst));
        let hash = self.hash(&text);
        IssuedSecret { text, hash }
    }

    fn make_uuid(&self) -> IssuedSecret {
        let text = format!("00000000-0000-4000-8000-{:012x}", self.0.fetch_add(1, Ordering::SeqCst));
        let hash = self.hash(&text);
        IssuedSecret { text, hash }
    }

    fn hash(&self, text: &str) -> [u8; 32] {
        let mut hash = [0u8; 32];
        for (place, byte) in text.bytes().enumerate() {
            hash[place % 32] = hash[place % 32].wrapping_mul(31) ^ byte;
        }
        hash
    }
}
