//! Tokens that we did not make open nothing; keys may be replaced while old tokens live.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

use crate::support::command::run;
use crate::support::now;
use crate::web::{Web, ping, send, text};

/// The server's key file, as it is on disk.
fn key_file(data: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(data.join("keys.json")).unwrap()).unwrap()
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn hs256(message: &str, secret: &[u8]) -> String {
    let tag = Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(message).finalize().into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    object[name] = value;
    object
}

/// A good token taken apart, and the key it was signed with.
struct Anatomy {
    header: Value,
    claims: Value,
    secret: Vec<u8>,
    token: String,
}

impl Anatomy {
    fn of(token: &str, data: &Path) -> Self {
        let mut parts = token.split('.');
        let (header, claims) = (decoded(parts.next().unwrap()), decoded(parts.next().unwrap()));
        let keys = key_file(data);
        let key = keys["access_keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]);
        let secret = URL_SAFE_NO_PAD.decode(text(key.unwrap(), "secret")).unwrap();
        Self { header, claims, secret, token: token.to_owned() }
    }

    fn signed(&self, header: &Value, claims: &Value) -> String {
        hs256(&format!("{}.{}", encoded(header), encoded(claims)), &self.secret)
    }

    fn with_header(&self, name: &str, value: Value) -> String {
        self.signed(&with(&self.header, name, value), &self.claims)
    }

    fn with_claim(&self, name: &str, value: Value) -> String {
        self.signed(&self.header, &with(&self.claims, name, value))
    }
}

fn other_algorithms(good: &Anatomy) -> Vec<(String, String)> {
    let message =
        |alg: &str| format!("{}.{}", encoded(&with(&good.header, "alg", json!(alg))), encoded(&good.claims));
    let (hs384, hs512) = (message("HS384"), message("HS512"));
    let tag_384 = Hmac::<Sha384>::new_from_slice(&good.secret).unwrap().chain_update(&hs384).finalize();
    let tag_512 = Hmac::<Sha512>::new_from_slice(&good.secret).unwrap().chain_update(&hs512).finalize();
    let mut attacks = vec![
        ("HS384".to_owned(), format!("{hs384}.{}", URL_SAFE_NO_PAD.encode(tag_384.into_bytes()))),
        ("HS512".to_owned(), format!("{hs512}.{}", URL_SAFE_NO_PAD.encode(tag_512.into_bytes()))),
    ];
    for alg in ["none", "None", "NONE", "", "RS256", "ES256", "EdDSA", "hs256"] {
        attacks.push((format!("{alg} signed"), hs256(&message(alg), &good.secret)));
        attacks.push((format!("{alg} unsigned"), format!("{}.", message(alg))));
    }
    attacks
}

fn other_keys(good: &Anatomy) -> Vec<(String, String)> {
    let other = [7; 32];
    let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(other), "alg": "HS256"});
    let mut attacks = Vec::new();
    for (name, header) in [
        ("another key", good.header.clone()),
        ("an unknown kid", with(&good.header, "kid", json!("unknown"))),
        ("a kid that is a path", with(&good.header, "kid", json!("../../dev/null"))),
        ("jwk", with(&good.header, "jwk", jwk)),
        ("jku", with(&good.header, "jku", json!("http://127.0.0.1:1/keys"))),
        ("x5u", with(&good.header, "x5u", json!("http://127.0.0.1:1/keys"))),
    ] {
        let message = format!("{}.{}", encoded(&header), encoded(&good.claims));
        attacks.push((name.to_owned(), hs256(&message, &other)));
        attacks.push((format!("{name}, empty secret"), hs256(&message, b"")));
    }
    attacks.push(("unknown kid, right key".to_owned(), good.with_header("kid", json!("unknown"))));
    attacks.push(("crit".to_owned(), good.with_header("crit", json!(["exp"]))));
    attacks
}

fn other_claims(good: &Anatomy) -> Vec<(String, String)> {
    let now_s = now().0 / 1_000;
    let claims = [
        ("exp", json!(now_s - 31)),
        ("exp", json!("never")),
        ("nbf", json!(now_s + 35)),
        ("iat", json!(now_s + 35)),
        ("iss", json!("somebody")),
        ("aud", json!("something")),
        ("aud", json!(["dayline-api", "something"])),
        ("sub", json!("1")),
        ("sid", json!(null)),
        ("dev", json!("")),
        ("dev", json!("x".repeat(5_000))),
    ];
    let mut attacks: Vec<_> = claims
        .into_iter()
        .map(|(name, value)| (format!("{name} {value:.40}"), good.with_claim(name, value)))
        .collect();
    attacks.push(("another type".to_owned(), good.with_header("typ", json!("JWT"))));
    let twice = good.claims.to_string().replacen('{', &format!("{{\"sub\":{},", good.claims["sub"]), 1);
    let message = format!("{}.{}", encoded(&good.header), URL_SAFE_NO_PAD.encode(twice));
    attacks.push(("a claim twice".to_owned(), hs256(&message, &good.secret)));
    attacks
}

fn other_spellings(good: &Anatomy) -> Vec<(String, String)> {
    let token = &good.token;
    let (message, signature) = token.rsplit_once('.').unwrap();
    let tag = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let padded = format!("{message}.{}", URL_SAFE.encode(&tag));
    let standard = format!("{message}.{}", STANDARD.encode(&tag));
    let mut last = signature.as_bytes().to_vec();
    // The last character has bits that no byte of the tag uses.
    *last.last_mut().unwrap() += 1;
    let unused_bits = format!("{message}.{}", String::from_utf8(last).unwrap());
    [
        ("padding", padded),
        ("another alphabet", standard),
        ("unused bits", unused_bits),
        ("a byte more", format!("{token}A")),
        ("a part more", format!("{token}.AAAA")),
        ("a dot more", format!("{token}.")),
        ("a byte less", token[..token.len() - 1].to_owned()),
        ("no signature", message.to_owned()),
        ("a part twice", format!("{message}.{message}.{signature}")),
        ("a prefix", format!("x{token}")),
        ("far too long", format!("{token}{}", "A".repeat(9_000))),
        ("nothing in it", "..".to_owned()),
    ]
    .map(|(name, token)| (name.to_owned(), token))
    .into()
}

#[tokio::test]
async fn a_token_that_we_did_not_make_opens_nothing() {
    let web = Web::start(&[]);
    let ada = web.newcomer("ada").await;
    let good = Anatomy::of(&ada.access, &web.installation.data());
    // What is refused below would be taken if it were right.
    let by_hand = good.with_claim("exp", json!(now().0 / 1_000 + 60));
    assert_eq!(web.me(&by_hand).await.status, 200);

    let attacks = [other_algorithms(&good), other_keys(&good), other_claims(&good), other_spellings(&good)];
    for (name, token) in attacks.concat() {
        for answer in [web.me(&token).await, send(web.track(&token, &ping("Evil"))).await] {
            assert_eq!(answer.problem(), (401, "not_signed_in".into()), "{name}");
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{name}");
        }
    }
    assert_eq!(web.me(&ada.access).await.status, 200, "the server is up and the good token still good");
}

#[tokio::test]
async fn one_kind_of_credential_is_never_taken_for_another() {
    let web = Web::start(&[]);
    let ada = web.newcomer("ada").await;
    let key = web.key(&ada, &json!(["track", "read"])).await;
    let device = send(web.post("/api/v1/auth/device", &json!({"device_id": "tv"}))).await.json();
    let device_code = text(&device, "device_code");
    for bearer in [&ada.refresh, &device_code, &text(&device, "user_code"), &ada.id] {
        assert_eq!(web.me(bearer).await.problem(), (401, "not_signed_in".into()));
    }
    for token in [&ada.access, &key, &device_code] {
        let answer = send(web.refresh(token)).await;
        assert_eq!(answer.problem(), (401, "session_revoked".into()));
    }
    for code in [&ada.access, &ada.refresh, &key, &key.replace("dlk_", "dld_")] {
        let answer = send(web.post("/api/v1/auth/device/token", &json!({"device_code": code}))).await;
        assert_eq!(answer.problem(), (400, "expired_token".into()));
    }
    for altered in
        [format!("{key}A"), key[..key.len() - 1].to_owned(), key.to_lowercase(), key.replace("dlk_", "dlk_A")]
    {
        assert_eq!(send(web.track(&altered, &ping("Evil"))).await.status, 401, "{altered}");
    }
    assert_eq!(send(web.track(&key, &ping("Code"))).await.status, 202);
}

#[tokio::test]
async fn a_new_key_signs_while_tokens_of_the_old_one_live_on_until_it_is_taken_away() {
    let mut web = Web::start(&[]);
    let ada = web.newcomer("ada").await;
    web.server.stop();
    let path = web.installation.data().join("keys.json");
    let mut keys = key_file(&web.installation.data());
    let new = json!({"kid": "the-new-one", "secret": URL_SAFE_NO_PAD.encode([42; 32])});
    keys["access_keys"].as_array_mut().unwrap().push(new.clone());
    fs::write(&path, keys.to_string()).unwrap();
    web.server = web.installation.start(&[]);
    assert_eq!(web.me(&ada.access).await.status, 200);
    let phone = web.sign_in(&ada.email, "phone").await;
    assert_eq!(decoded(phone.access.split('.').next().unwrap())["kid"], "the-new-one");

    web.server.stop();
    keys["access_keys"] = json!([new]);
    fs::write(&path, keys.to_string()).unwrap();
    web.server = web.installation.start(&[]);
    assert_eq!(web.me(&ada.access).await.status, 401);
    assert_eq!(web.me(&phone.access).await.status, 200);
    let again = send(web.refresh(&ada.refresh)).await.expect(200);
    assert_eq!(
        web.me(&text(&again.json(), "access_token")).await.status,
        200,
        "the session outlives the key"
    );
}

#[test]
fn a_secret_that_is_too_short_stops_the_start_and_is_not_shown() {
    let mut web = Web::start(&[]);
    web.server.stop();
    let mut keys = key_file(&web.installation.data());
    let short = URL_SAFE_NO_PAD.encode([5; 31]);
    keys["access_keys"][0]["secret"] = json!(short);
    fs::write(web.installation.data().join("keys.json"), keys.to_string()).unwrap();
    let (address, data) =
        (web.installation.address().to_string(), web.installation.data().display().to_string());
    let ended = run(&["serve", "--listen", &address, "--data", &data]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("32") && !ended.stderr.contains(&short), "{ended:?}");
}

#[tokio::test]
async fn a_device_is_signed_in_by_the_forms_of_stock_oauth_clients() {
    let web = Web::start(&[]);
    let ada = web.newcomer("ada").await;
    let form = |path: &str, form: String| {
        let call = web.call(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        send(call.body(form))
    };
    let codes = form("/api/v1/auth/device", "client_id=tracker".to_owned()).await.expect(200).json();
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=tracker";
    let poll = format!("{grant}&device_code={}", text(&codes, "device_code"));
    let waiting = form("/api/v1/auth/device/token", poll.clone()).await.expect(400);
    assert_eq!(waiting.header("content-type"), "application/json");
    assert_eq!(waiting.json()["error"], "authorization_pending");
    let decision = json!({"user_code": text(&codes, "user_code")});
    send(web.post("/api/v1/auth/device/approve", &decision).bearer_auth(&ada.access)).await.expect(204);
    let tokens = form("/api/v1/auth/device/token", poll).await.expect(200).json();
    let renew = format!("grant_type=refresh_token&refresh_token={}", text(&tokens, "refresh_token"));
    let renewed = form("/api/v1/auth/device/token", renew).await.expect(200).json();
    assert_eq!(web.me(&text(&renewed, "access_token")).await.json()["email"], ada.email);
}
