//! What tokens keep, whatever they look like: they say what was put in, end in time, and a retry
//! gets the same.

use std::sync::Arc;

use dayline_app::ports::{AccessClaims, AccessTokens, RefreshTokens, SecretTexts, TokenRefusal};
use dayline_domain::identity::session::Generation;
use dayline_domain::{DeviceId, SessionId, UserId, UtcMs};

use super::Fact;

/// The facts of access tokens, for [`super::prove`].
pub const ACCESS: &[Fact<Arc<dyn AccessTokens>>] = &[
    Fact::new("a_token_says_what_was_put_in", |t| Box::pin(async move { a_token_says_what_was_put_in(&*t) })),
    Fact::new("a_token_says_it_again_at_each_use_until_it_ends", |t| {
        Box::pin(async move { a_token_says_it_again_at_each_use_until_it_ends(&*t) })
    }),
    Fact::new("any_device_name_survives_a_token", |t| {
        Box::pin(async move { any_device_name_survives_a_token(&*t) })
    }),
    Fact::new("texts_that_are_no_access_token_are_refused", |t| {
        Box::pin(async move { texts_that_are_no_access_token_are_refused(&*t) })
    }),
];

/// The facts of refresh tokens, for [`super::prove`].
pub const REFRESH: &[Fact<Arc<dyn RefreshTokens>>] = &[
    Fact::new("a_first_token_opens_as_generation_0_of_its_session", |t| {
        Box::pin(async move { a_first_token_opens_as_generation_0_of_its_session(&*t) })
    }),
    Fact::new("a_retry_gets_the_same_successor", |t| {
        Box::pin(async move { a_retry_gets_the_same_successor(&*t) })
    }),
    Fact::new("tokens_of_a_chain_all_open_and_all_differ", |t| {
        Box::pin(async move { tokens_of_a_chain_all_open_and_all_differ(&*t) })
    }),
    Fact::new("texts_that_are_no_refresh_token_do_not_open", |t| {
        Box::pin(async move { texts_that_are_no_refresh_token_do_not_open(&*t) })
    }),
];

/// The facts of secret texts, for [`super::prove`].
pub const SECRETS: &[Fact<Arc<dyn SecretTexts>>] = &[
    Fact::new("a_secret_has_its_prefix_and_is_found_by_its_hash", |s| {
        Box::pin(async move { a_secret_has_its_prefix_and_is_found_by_its_hash(&*s) })
    }),
    Fact::new("a_uuid_is_one_of_version_4_in_lower_case_and_is_found_by_its_hash", |s| {
        Box::pin(async move { a_uuid_is_one_of_version_4_in_lower_case_and_is_found_by_its_hash(&*s) })
    }),
    Fact::new("no_two_secrets_and_no_two_hashes_are_equal", |s| {
        Box::pin(async move { no_two_secrets_and_no_two_hashes_are_equal(&*s) })
    }),
];

/// 2026-11-20T12:00:00Z.
const NOW: UtcMs = UtcMs(1_795_176_000_000);

fn claims(device: &str) -> AccessClaims {
    AccessClaims {
        user: UserId::from_bits(u128::MAX - 1),
        session: SessionId::v7(1_795_176_000_000, [7; 10]),
        device: Arc::new(DeviceId::new(device).unwrap()),
        issued_at: NOW,
        expires_at: NOW.plus(900_000),
    }
}

fn a_token_says_what_was_put_in(tokens: &dyn AccessTokens) {
    let token = tokens.issue(&claims("laptop")).unwrap();
    assert_eq!(*tokens.verify(&token, NOW).unwrap(), claims("laptop"));
}

fn a_token_says_it_again_at_each_use_until_it_ends(tokens: &dyn AccessTokens) {
    let token = tokens.issue(&claims("laptop")).unwrap();
    for at in [0, 1, 450_000, 899_999] {
        assert_eq!(*tokens.verify(&token, NOW.plus(at)).unwrap(), claims("laptop"), "after {at} ms");
    }
    // Clocks may be forgiven at most 30 s.
    for at in [930_001, 1_000_000, i64::MAX] {
        assert_eq!(tokens.verify(&token, NOW.plus(at)), Err(TokenRefusal::Expired), "after {at} ms");
    }
}

fn any_device_name_survives_a_token(tokens: &dyn AccessTokens) {
    for device in ["a", "a\"b\\c", "a.b|c", " ", "\u{202e}תל", "💻", &"\u{10ffff}".repeat(128)] {
        let token = tokens.issue(&claims(device)).unwrap();
        assert_eq!(tokens.verify(&token, NOW).unwrap().device.as_str(), device);
    }
}

fn texts_that_are_no_access_token_are_refused(tokens: &dyn AccessTokens) {
    let token = tokens.issue(&claims("laptop")).unwrap();
    let long = "a".repeat(100_000);
    for text in ["", ".", "..", "a.b.c", "Bearer x", "\0", "é", &long, &token[1..], &format!(" {token}")] {
        assert_eq!(tokens.verify(text, NOW), Err(TokenRefusal::Invalid), "{text}");
    }
}

fn a_first_token_opens_as_generation_0_of_its_session(tokens: &dyn RefreshTokens) {
    let session = SessionId::from_bits(5);
    let first = tokens.first(session);
    let opened = tokens.open(&first.text).unwrap();
    assert_eq!((opened.session, opened.generation, opened.hash), (session, Generation(0), first.hash));
}

fn a_retry_gets_the_same_successor(tokens: &dyn RefreshTokens) {
    let first = tokens.first(SessionId::from_bits(5));
    let once = tokens.successor(&tokens.open(&first.text).unwrap());
    let again = tokens.successor(&tokens.open(&first.text).unwrap());
    assert!(once == again, "the retry got another token");
}

fn tokens_of_a_chain_all_open_and_all_differ(tokens: &dyn RefreshTokens) {
    let session = SessionId::from_bits(5);
    let mut token = tokens.first(session);
    let mut seen = std::collections::HashSet::new();
    for generation in 0..50 {
        let opened = tokens.open(&token.text).unwrap();
        assert_eq!((opened.session, opened.generation), (session, Generation(generation)));
        assert_eq!(opened.hash, token.hash);
        assert!(
            seen.insert(token.text) && seen.insert(format!("{:?}", token.hash)),
            "generation {generation}"
        );
        token = tokens.successor(&opened);
    }
}

fn texts_that_are_no_refresh_token_do_not_open(tokens: &dyn RefreshTokens) {
    let token = tokens.first(SessionId::from_bits(5)).text;
    let long = "a".repeat(100_000);
    for text in
        ["", "dlr_", "refresh", "\0", "é", &long, &token[1..], &format!(" {token}"), &format!("{token}!")]
    {
        assert!(tokens.open(text).is_none(), "{text}");
    }
}

fn a_secret_has_its_prefix_and_is_found_by_its_hash(secrets: &dyn SecretTexts) {
    let secret = secrets.make("dlk_");
    assert!(secret.text.starts_with("dlk_"));
    assert_eq!(secrets.hash(&secret.text), secret.hash);
    assert_ne!(secrets.hash(&format!("{}x", secret.text)), secret.hash);
}

fn a_uuid_is_one_of_version_4_in_lower_case_and_is_found_by_its_hash(secrets: &dyn SecretTexts) {
    for _ in 0..100 {
        let secret = secrets.make_uuid();
        assert_eq!(secrets.hash(&secret.text), secret.hash);
        let parts: Vec<&str> = secret.text.split('-').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']));
        assert!(parts.concat().bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
    }
}

fn no_two_secrets_and_no_two_hashes_are_equal(secrets: &dyn SecretTexts) {
    let mut seen = std::collections::HashSet::new();
    for _ in 0..100 {
        for secret in [secrets.make("dld_"), secrets.make_uuid()] {
            assert!(seen.insert(secret.text) && seen.insert(format!("{:?}", secret.hash)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::{FakeSecrets, FakeTokens};
    use crate::suites::prove;

    #[tokio::test]
    async fn the_fake_keeps_the_facts() {
        prove(ACCESS, async || Arc::new(FakeTokens) as Arc<dyn AccessTokens>).await;
        prove(REFRESH, async || Arc::new(FakeTokens) as Arc<dyn RefreshTokens>).await;
        prove(SECRETS, async || Arc::new(FakeSecrets::default()) as Arc<dyn SecretTexts>).await;
    }
}
