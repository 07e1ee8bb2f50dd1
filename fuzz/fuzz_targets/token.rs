//! Access tokens, refresh tokens and the header they come in. The first byte says what the rest is:
//! any text; changes to a token that we made; or the head and claims of a token signed with our own key.

#![no_main]

use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayline_app::ports::{AccessClaims, AccessTokens, Randomness, RefreshTokens};
use dayline_domain::{DeviceId, SessionId, UserId, UtcMs};
use dayline_http_kit::credential::{Credential, Forms};
use dayline_local::{HmacRefreshTokens, JwtAccessTokens, KeyRing, MAX_TOKEN};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;

const SECRET: &[u8; 32] = b"thirty-two bytes, known to all..";
const KEYS: &str = r#"{"version":1,"refresh_key":"dGhpcnR5LXR3byBieXRlcywga25vd24gdG8gYWxsLi4","access_keys":[{"kid":"k","secret":"dGhpcnR5LXR3byBieXRlcywga25vd24gdG8gYWxsLi4"}]}"#;
/// 2026-11-20T12:00:00Z
const NOW: UtcMs = UtcMs(1_795_176_000_000);

struct Tokens {
    access: JwtAccessTokens,
    refresh: HmacRefreshTokens,
    /// One of each, made here.
    issued_access: String,
    issued_refresh: String,
}

static TOKENS: LazyLock<Tokens> = LazyLock::new(|| {
    let keys = KeyRing::parse(KEYS).expect("a key document");
    let access = JwtAccessTokens::new(&keys).expect("keys that sign");
    let refresh = HmacRefreshTokens::new(&keys, Arc::new(Constant));
    let claims = AccessClaims {
        user: UserId::from_bits(1 << 100),
        session: SessionId::from_bits(2 << 100),
        device: Arc::new(DeviceId::new("laptop").expect("a name")),
        issued_at: NOW,
        expires_at: NOW.plus(900_000),
    };
    let issued_access = access.issue(&claims).expect("a token");
    let issued_refresh = refresh.first(claims.session).text;
    Tokens { access, refresh, issued_access, issued_refresh }
});

/// The same bytes in every run.
struct Constant;

impl Randomness for Constant {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    match kind % 4 {
        0 => any_text(rest),
        1 => check_access(&changed(&TOKENS.issued_access, rest)),
        2 => check_refresh(&changed(&TOKENS.issued_refresh, rest)),
        _ => signed_by_us(rest),
    }
});

fn any_text(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        check_access(text);
        check_refresh(text);
    }
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, value.clone());
    if let Some(Credential::Bearer(token)) = Credential::of(&headers, None, Forms::BEARER) {
        assert!(!token.is_empty() && token.len() <= MAX_TOKEN && token.trim_matches(' ') == token);
        assert!(bytes.ends_with(token.as_bytes()) || bytes.ends_with(b" "));
    }
    headers.append(header::AUTHORIZATION, value);
    assert_eq!(Credential::of(&headers, None, Forms::BEARER), None, "two of them are ambiguous");
}

/// A good token with bytes replaced, put in or taken out: `(what, where, byte)` each.
fn changed(token: &str, changes: &[u8]) -> String {
    let mut bytes = token.as_bytes().to_vec();
    for change in changes.chunks_exact(4) {
        let at = usize::from(u16::from_le_bytes([change[1], change[2]])) % (bytes.len() + 1);
        match change[0] % 3 {
            0 if at < bytes.len() => bytes[at] = change[3],
            1 if at < bytes.len() => drop(bytes.remove(at)),
            _ => bytes.insert(at, change[3]),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn check_access(token: &str) {
    if TOKENS.access.verify(token, NOW).is_ok() {
        assert_eq!(token, TOKENS.issued_access, "only what we issued is good");
    }
}

fn check_refresh(token: &str) {
    if TOKENS.refresh.open(token).is_some() {
        assert_eq!(token, TOKENS.issued_refresh, "only what we issued is good");
    }
}

/// As if we had signed anything whatsoever: `head NUL claims`. What is accepted then means the same when it is issued by us.
fn signed_by_us(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |&byte| byte == 0);
    let [head, claims] = [(); 2].map(|()| URL_SAFE_NO_PAD.encode(parts.next().unwrap_or_default()));
    let content = format!("{head}.{claims}");
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("a key of any length");
    mac.update(content.as_bytes());
    let token = format!("{content}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
    let Ok(claims) = TOKENS.access.verify(&token, NOW) else { return };
    assert!(token.len() <= MAX_TOKEN);
    assert!(claims.issued_at < claims.expires_at);
    let again = TOKENS.access.issue(&claims).expect("claims that were read can be written");
    assert_eq!(TOKENS.access.verify(&again, NOW).as_ref(), Ok(&claims));
}
