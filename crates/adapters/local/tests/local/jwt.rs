//! Access tokens against everything that others may send instead: each line says what is refused,
//! or until when not.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use dayline_app::ports::{AccessClaims, AccessTokens, TokenRefusal};
use dayline_contract::fakes::FakeRandomness;
use dayline_domain::{SessionId, UserId, UtcMs};
use dayline_local::{JwtAccessTokens, KeyRing, LEEWAY_MS, MAX_TOKEN};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

use crate::{NOW, claims};

const NOW_S: i64 = NOW.0 / 1_000;
const SECRET: [u8; 32] = [7; 32];
const OTHER_SECRET: [u8; 32] = [8; 32];

fn ring() -> KeyRing {
    let document = json!({
        "version": 1,
        "access_keys": [{ "kid": "one", "secret": URL_SAFE_NO_PAD.encode(SECRET) }],
        "refresh_key": URL_SAFE_NO_PAD.encode([9; 32]),
    });
    KeyRing::parse(&document.to_string()).unwrap()
}

fn tokens() -> JwtAccessTokens {
    JwtAccessTokens::new(&ring())
}

fn header() -> Value {
    json!({ "typ": "at+jwt", "alg": "HS256", "kid": "one" })
}

fn payload() -> Value {
    json!({
        "iss": "dayline", "aud": "dayline-api",
        "sub": UserId::from_bits(1).to_string(), "sid": SessionId::from_bits(2).to_string(), "dev": "laptop",
        "iat": NOW_S, "exp": NOW_S + 900,
    })
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

/// A token of these texts, signed with HS256.
fn signed(header: &str, payload: &str, secret: &[u8]) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let tag = Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(&message).finalize().into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn token(header: &Value, payload: &Value) -> String {
    signed(&header.to_string(), &payload.to_string(), &SECRET)
}

fn verdict(token: &str, now: UtcMs) -> Result<AccessClaims, TokenRefusal> {
    tokens().verify(token, now).map(|claims| AccessClaims::clone(&claims))
}

fn refused(token: &str) {
    assert_eq!(verdict(token, NOW), Err(TokenRefusal::Invalid), "{token}");
}

#[test]
fn a_token_made_by_hand_is_good_so_that_the_refusals_here_mean_something() {
    assert_eq!(verdict(&token(&header(), &payload()), NOW), Ok(claims()));
}

#[test]
fn algorithm_none_is_refused() {
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let unsigned = token(&with(header(), "alg", json!(alg)), &payload());
        let (message, _) = unsigned.rsplit_once('.').unwrap();
        refused(&unsigned);
        refused(&format!("{message}."));
        refused(message);
    }
    refused(&token(&without(header(), "alg"), &payload()));
}

#[test]
fn other_algorithms_are_refused_even_with_the_right_key() {
    let message = |alg: &str| {
        let header = with(header(), "alg", json!(alg)).to_string();
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload().to_string()))
    };
    let hs384 = message("HS384");
    let tag = Hmac::<Sha384>::new_from_slice(&SECRET).unwrap().chain_update(&hs384).finalize().into_bytes();
    refused(&format!("{hs384}.{}", URL_SAFE_NO_PAD.encode(tag)));
    let hs512 = message("HS512");
    let tag = Hmac::<Sha512>::new_from_slice(&SECRET).unwrap().chain_update(&hs512).finalize().into_bytes();
    refused(&format!("{hs512}.{}", URL_SAFE_NO_PAD.encode(tag)));
    for alg in ["hs256", "HS256 ", "RS256", "ES256", "PS256", "EdDSA", "HS1"] {
        refused(&token(&with(header(), "alg", json!(alg)), &payload()));
    }
}

#[test]
fn another_key_is_refused() {
    for secret in [&OTHER_SECRET[..], &SECRET[..31], b"", b"one", URL_SAFE_NO_PAD.encode(SECRET).as_bytes()] {
        refused(&signed(&header().to_string(), &payload().to_string(), secret));
    }
}

#[test]
fn an_unknown_or_missing_kid_is_refused() {
    for kid in [
        json!("two"),
        json!(""),
        json!("One"),
        json!("one "),
        json!("../one"),
        json!(1),
        json!(null),
        json!(["one"]),
    ] {
        refused(&token(&with(header(), "kid", kid), &payload()));
    }
    refused(&token(&without(header(), "kid"), &payload()));
}

#[test]
fn keys_that_a_header_brings_along_are_ignored() {
    let jwk =
        json!({ "kty": "oct", "kid": "mine", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(OTHER_SECRET) });
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://attacker.example/keys")),
        ("x5u", json!("https://attacker.example/cert")),
        ("x5c", json!(["AAAA"])),
    ] {
        for kid in ["one", "mine"] {
            let header = with(with(header(), name, value.clone()), "kid", json!(kid)).to_string();
            refused(&signed(&header, &payload().to_string(), &OTHER_SECRET));
        }
    }
}

#[test]
fn a_header_that_demands_to_be_understood_is_refused() {
    refused(&token(&with(header(), "crit", json!(["exp"])), &payload()));
}

#[test]
fn expiry_has_a_leeway_of_30_s_and_not_a_millisecond_more() {
    let end = NOW.plus(900_000);
    let token = token(&header(), &payload());
    assert_eq!(LEEWAY_MS, 30_000);
    assert_eq!(verdict(&token, end), Ok(claims()));
    assert_eq!(verdict(&token, end.plus(29_999)), Ok(claims()));
    assert_eq!(verdict(&token, end.plus(30_000)), Err(TokenRefusal::Expired));
}

#[test]
fn issue_time_and_not_before_have_a_leeway_of_30_s_and_not_a_millisecond_more() {
    let issued = token(&header(), &payload());
    assert_eq!(verdict(&issued, NOW.plus(-30_000)), Ok(claims()));
    assert_eq!(verdict(&issued, NOW.plus(-30_001)), Err(TokenRefusal::Invalid));
    let later = token(&header(), &with(payload(), "nbf", json!(NOW_S + 100)));
    assert_eq!(verdict(&later, NOW.plus(70_000)), Ok(claims()));
    assert_eq!(verdict(&later, NOW.plus(69_999)), Err(TokenRefusal::Invalid));
}

#[test]
fn a_wrong_issuer_audience_or_type_is_refused() {
    for wrong in [json!("daylin"), json!("dayline "), json!(""), json!(null), json!(["dayline"]), json!(1)] {
        refused(&token(&header(), &with(payload(), "iss", wrong)));
    }
    for wrong in
        [json!("dayline"), json!("other"), json!(["dayline-api"]), json!(["other", "dayline-api"]), json!({})]
    {
        refused(&token(&header(), &with(payload(), "aud", wrong)));
    }
    for wrong in [json!("JWT"), json!("jwt"), json!("rt+jwt"), json!(""), json!(null)] {
        refused(&token(&with(header(), "typ", wrong), &payload()));
    }
    refused(&token(&without(header(), "typ"), &payload()));
}

#[test]
fn a_missing_claim_is_refused() {
    for name in ["iss", "aud", "sub", "sid", "dev", "iat", "exp"] {
        refused(&token(&header(), &without(payload(), name)));
    }
}

#[test]
fn a_claim_that_makes_no_sense_is_refused() {
    let odd_times = [
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e300),
        json!(1.5),
        json!("1795176000"),
        json!(null),
    ];
    for time in odd_times {
        refused(&token(&header(), &with(payload(), "iat", time.clone())));
        refused(&token(&header(), &with(payload(), "exp", time.clone())));
        if !time.is_null() && time != json!(i64::MIN) {
            refused(&token(&header(), &with(payload(), "nbf", time)));
        }
    }
    refused(&token(&header(), &with(payload(), "exp", json!(NOW_S))));
    refused(&token(&header(), &with(payload(), "exp", json!(-1))));
    for id in ["", "1", "not-a-uuid", "00000000-0000-0000-0000-00000000000g"] {
        refused(&token(&header(), &with(payload(), "sub", json!(id))));
        refused(&token(&header(), &with(payload(), "sid", json!(id))));
    }
    for device in [String::new(), "a\nb".to_owned(), "x".repeat(129)] {
        refused(&token(&header(), &with(payload(), "dev", json!(device))));
    }
    for text in ["", "null", "[]", "{}", "{", "\"x\"", "\u{feff}{}"] {
        refused(&signed(&header().to_string(), text, &SECRET));
        refused(&signed(text, &payload().to_string(), &SECRET));
    }
}

#[test]
fn a_claim_or_header_that_comes_twice_is_refused() {
    let twice = |object: Value, name: &str| {
        let text = object.to_string();
        let again = format!("{{\"{name}\":{},", object[name]);
        text.replacen('{', &again, 1)
    };
    for name in ["iss", "aud", "sub", "sid", "dev", "iat", "exp"] {
        refused(&signed(&header().to_string(), &twice(payload(), name), &SECRET));
    }
    for name in ["alg", "typ", "kid"] {
        refused(&signed(&twice(header(), name), &payload().to_string(), &SECRET));
    }
}

#[test]
fn a_token_over_4_kib_is_refused_and_one_of_4_kib_is_not() {
    let padded = |pad: usize| token(&header(), &with(payload(), "pad", json!("x".repeat(pad))));
    let fits = (0..MAX_TOKEN).map(padded).find(|token| token.len() == MAX_TOKEN).unwrap();
    assert_eq!(verdict(&fits, NOW), Ok(claims()));
    let longer = (0..MAX_TOKEN).map(padded).find(|token| token.len() > MAX_TOKEN).unwrap();
    refused(&longer);
    refused(&padded(1_000_000));
}

#[test]
fn base64_that_is_not_canonical_is_refused() {
    let good = token(&header(), &payload());
    let parts: Vec<&str> = good.split('.').collect();
    for at in 0..3 {
        let with_part = |part: String| {
            let mut parts = parts.clone();
            parts[at] = &part;
            parts.join(".")
        };
        let decoded = URL_SAFE_NO_PAD.decode(parts[at]).unwrap();
        if !decoded.len().is_multiple_of(3) {
            refused(&with_part(URL_SAFE.encode(&decoded)));
            // The last character has bits to spare, which must be zero.
            let mut spare = parts[at].to_owned();
            let last = spare.pop().unwrap();
            let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let place = alphabet.find(last).unwrap();
            spare.push(char::from(alphabet.as_bytes()[place + 1]));
            refused(&with_part(spare));
        }
        for odd in ["=", "==", "\n", " ", "+", "/", "%", "\0", "é"] {
            refused(&with_part(format!("{}{odd}", parts[at])));
            refused(&with_part(format!("{odd}{}", parts[at])));
        }
    }
}

#[test]
fn trailing_and_missing_parts_are_refused() {
    let good = token(&header(), &payload());
    for text in [
        format!("{good}."),
        format!("{good}.x"),
        format!(".{good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("{good}\0"),
        format!("{good}A"),
        format!("{good}AAAA"),
        good.replacen('.', "..", 1),
        good.replacen('.', "", 1),
        good[..good.len() - 1].to_owned(),
    ] {
        refused(&text);
    }
    for after in ["{}", "x", ",", "\0", "]"] {
        refused(&signed(&header().to_string(), &format!("{}{after}", payload()), &SECRET));
        refused(&signed(&format!("{}{after}", header()), &payload().to_string(), &SECRET));
    }
}

#[test]
fn a_change_of_any_character_is_refused() {
    let tokens = tokens();
    let good = tokens.issue(&claims()).unwrap();
    // With and without the good one in the cache.
    for _ in 0..2 {
        for at in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(bytes).unwrap();
            assert_eq!(tokens.verify(&altered, NOW), Err(TokenRefusal::Invalid), "character {at}");
        }
        assert_eq!(*tokens.verify(&good, NOW).unwrap(), claims());
    }
}

#[test]
fn two_keys_are_good_during_a_rotation_and_the_newer_one_signs() {
    let mut ring = ring();
    let tokens = JwtAccessTokens::new(&ring);
    let by_old = tokens.issue(&claims()).unwrap();
    ring.add(&FakeRandomness::default(), NOW, NOW);
    tokens.replace_keys(&ring);
    let by_new = tokens.issue(&claims()).unwrap();
    assert_ne!(by_old, by_new);
    assert!(tokens.verify(&by_old, NOW).is_ok() && tokens.verify(&by_new, NOW).is_ok());

    ring.retire("one", NOW.plus(930_000)).unwrap();
    tokens.replace_keys(&ring);
    assert!(tokens.verify(&by_old, NOW.plus(929_999)).is_ok());
    ring.retire("one", NOW.plus(500_000)).unwrap();
    tokens.replace_keys(&ring);
    assert!(tokens.verify(&by_old, NOW.plus(499_999)).is_ok());
    let remembered = tokens.verify(&by_old, NOW.plus(500_000));
    assert_eq!(remembered, Err(TokenRefusal::Invalid), "the key's end counts for remembered tokens too");
    assert_eq!(JwtAccessTokens::new(&ring).verify(&by_old, NOW.plus(500_000)), Err(TokenRefusal::Invalid));
    assert_eq!(verdict(&by_new, NOW), Err(TokenRefusal::Invalid), "who does not know the new key refuses it");
}

#[test]
fn a_new_key_verifies_at_once_and_signs_when_its_time_has_come() {
    let mut ring = ring();
    let tokens = JwtAccessTokens::new(&ring);
    let kid = ring.add(&FakeRandomness::default(), NOW, NOW.plus(10_000));
    tokens.replace_keys(&ring);
    let kid_at = |now: UtcMs| {
        let token = tokens.issue(&AccessClaims { issued_at: now, ..claims() }).unwrap();
        assert!(tokens.verify(&token, now).is_ok());
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
    };
    assert_eq!(kid_at(NOW.plus(9_999)), "one");
    assert_eq!(kid_at(NOW.plus(10_000)), kid);

    // Without the old one somebody has to sign.
    ring.retire("one", NOW).unwrap();
    tokens.replace_keys(&ring);
    assert_eq!(kid_at(NOW), kid);
}

#[test]
fn a_key_retired_now_refuses_its_tokens_at_once_also_remembered_ones() {
    let mut ring = ring();
    let tokens = JwtAccessTokens::new(&ring);
    let token = tokens.issue(&claims()).unwrap();
    assert!(tokens.verify(&token, NOW).is_ok());
    ring.add(&FakeRandomness::default(), NOW, NOW);
    ring.retire("one", NOW).unwrap();
    tokens.replace_keys(&ring);
    assert_eq!(tokens.verify(&token, NOW), Err(TokenRefusal::Invalid));
}

#[test]
fn a_remembered_token_gives_the_same_claims_and_still_has_its_times() {
    let tokens = tokens();
    let token = token(&header(), &with(payload(), "nbf", json!(NOW_S + 100)));
    let first = tokens.verify(&token, NOW.plus(100_000)).unwrap();
    let again = tokens.verify(&token, NOW.plus(100_001)).unwrap();
    assert!(Arc::ptr_eq(&first, &again), "verified only once");
    assert_eq!(tokens.verify(&token, NOW.plus(69_999)), Err(TokenRefusal::Invalid));
    assert!(tokens.verify(&token, NOW.plus(929_999)).is_ok());
    assert_eq!(tokens.verify(&token, NOW.plus(930_000)), Err(TokenRefusal::Expired));
    assert_eq!(tokens.verify(&token, NOW.plus(100_002)).unwrap(), first);
}

#[test]
fn a_token_with_the_end_of_a_remembered_one_is_refused() {
    let tokens = tokens();
    let good = tokens.issue(&claims()).unwrap();
    assert!(tokens.verify(&good, NOW).is_ok());
    let end = &good[good.rfind('.').unwrap()..];
    let other = tokens.issue(&AccessClaims { user: UserId::from_bits(9), ..claims() }).unwrap();
    let forged = format!("{}{end}", &other[..other.rfind('.').unwrap()]);
    assert_eq!(tokens.verify(&forged, NOW), Err(TokenRefusal::Invalid));
    for length in 0..good.len() {
        assert_eq!(tokens.verify(&good[length + 1..], NOW), Err(TokenRefusal::Invalid));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_is_a_token_and_none_panics(text in "\\PC*|[A-Za-z0-9_-]*\\.[A-Za-z0-9_-]*\\.[A-Za-z0-9_-]*") {
        prop_assert_eq!(tokens().verify(&text, NOW), Err(TokenRefusal::Invalid));
    }

    #[test]
    fn signed_nonsense_never_panics(header in "\\PC{0,40}", payload in "\\PC{0,80}", now: i64) {
        let now = UtcMs(now);
        prop_assert!(tokens().verify(&signed(&header, &payload, &SECRET), now).is_err());
    }

    #[test]
    fn signed_claims_of_any_numbers_never_panic(iat: i64, exp: i64, nbf: Option<i64>, now: i64) {
        let odd = with(with(with(payload(), "iat", json!(iat)), "exp", json!(exp)), "nbf", json!(nbf));
        let _ = tokens().verify(&token(&header(), &odd), UtcMs(now));
    }
}
