//! The ring of keys: what it takes, what it refuses, how it turns, and that it tells nobody.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayline_local::{KeyError, KeyInfo, KeyRing, KeyState, SystemRandomness};
use serde_json::{Value, json};

use crate::NOW;

fn generated() -> KeyRing {
    KeyRing::generate(&SystemRandomness, NOW)
}

fn document(ring: &KeyRing) -> Value {
    serde_json::from_str(&ring.to_document()).unwrap()
}

fn signer(ring: &KeyRing) -> String {
    let signs = |key: &KeyInfo| key.state == KeyState::Signs;
    let mut signers: Vec<_> = ring.keys(NOW).into_iter().filter(signs).map(|key| key.kid).collect();
    assert_eq!(signers.len(), 1, "exactly one signs");
    signers.remove(0)
}

#[test]
fn a_ring_survives_its_document() {
    let mut ring = generated();
    ring.add(&SystemRandomness, NOW, NOW);
    ring.retire(&signer(&ring), NOW.plus(1)).unwrap();
    let again = KeyRing::parse(&ring.to_document()).unwrap();
    assert_eq!(again.keys(NOW), ring.keys(NOW));
    assert_eq!(again.to_document(), ring.to_document());
}

#[test]
fn a_secret_under_32_bytes_is_refused_wherever_it_stands() {
    let too_short =
        |bytes| move |error: &KeyError| matches!(error, KeyError::TooShort { bytes: b, .. } if *b == bytes);
    assert!(KeyRing::parse(&"x".repeat(31)).is_err_and(|error| too_short(31)(&error)));
    assert!(KeyRing::parse("").is_err_and(|error| too_short(0)(&error)));
    assert!(KeyRing::parse(&format!("  {}\n\n\n", "x".repeat(31))).is_err_and(|error| too_short(31)(&error)));
    assert!(KeyRing::parse(&"x".repeat(32)).is_ok());

    let short = json!(URL_SAFE_NO_PAD.encode([1; 31]));
    let mut access = document(&generated());
    access["access_keys"][0]["secret"] = short.clone();
    assert!(KeyRing::parse(&access.to_string()).is_err_and(|error| too_short(31)(&error)));
    let mut refresh = document(&generated());
    refresh["refresh_key"] = short;
    assert!(KeyRing::parse(&refresh.to_string()).is_err_and(|error| too_short(31)(&error)));
}

#[test]
fn one_secret_makes_the_same_keys_everywhere_and_another_secret_makes_others() {
    let documents = [
        "a secret that is long enough to be one",
        " a secret that is long enough to be one\n",
        "a secret that is long enough to be two",
    ]
    .map(|secret| KeyRing::parse(secret).unwrap().to_document());
    assert_eq!(documents[0], documents[1]);
    assert_ne!(documents[0], documents[2]);
    let keys = document(&KeyRing::parse("a secret that is long enough to be one").unwrap());
    assert_ne!(keys["refresh_key"], keys["access_keys"][0]["secret"]);
}

#[test]
fn a_document_that_is_not_ours_is_refused() {
    let good = document(&generated());
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut document = good.clone();
        change(&mut document);
        KeyRing::parse(&document.to_string()).unwrap_err()
    };
    let twice = |document: &mut Value| {
        let key = document["access_keys"][0].clone();
        document["access_keys"].as_array_mut().unwrap().push(key);
    };
    assert_eq!(changed(&|d| d["version"] = json!(2)), KeyError::UnknownVersion(2));
    assert!(matches!(changed(&twice), KeyError::Duplicate(_)));
    assert_eq!(changed(&|d| d["access_keys"] = json!([])), KeyError::NoneSigns);
    assert_eq!(changed(&|d| d["access_keys"][0]["retires_at_ms"] = json!(1)), KeyError::NoneSigns);
    assert!(matches!(changed(&|d| d["refresh_key"] = json!("not base64!")), KeyError::NotBase64(_)));
    assert!(matches!(changed(&|d| d["access_keys"][0]["secret"] = json!("AA==")), KeyError::NotBase64(_)));
    for text in ["{", "{}", "{\"version\":1}", "{\"version\":\"1\"}"] {
        assert!(matches!(KeyRing::parse(text), Err(KeyError::NotADocument { .. })), "{text}");
    }
}

#[test]
fn a_new_key_signs_and_an_old_one_can_be_retired_but_not_the_last() {
    let mut ring = generated();
    let first = signer(&ring);
    assert_eq!(ring.retire(&first, NOW), Err(KeyError::NoneSigns));
    let second = ring.add(&SystemRandomness, NOW, NOW);
    assert_eq!(signer(&ring), second);
    ring.retire(&first, NOW.plus(1)).unwrap();
    assert_eq!(ring.retire(&second, NOW), Err(KeyError::NoneSigns));
    assert_eq!(ring.retire("no such key", NOW), Err(KeyError::Unknown("no such key".into())));

    assert!(ring.forget_retired(NOW).is_empty(), "still verifies");
    assert_eq!(ring.forget_retired(NOW.plus(1)), [first]);
    assert_eq!(ring.keys(NOW).into_iter().map(|key| key.kid).collect::<Vec<_>>(), [second]);
}

#[test]
fn a_key_says_what_it_is_used_for_at_every_time() {
    let mut ring = generated();
    let first = signer(&ring);
    ring.add(&SystemRandomness, NOW, NOW.plus(10));
    let states = |ring: &KeyRing, after: i64| {
        ring.keys(NOW.plus(after)).into_iter().map(|key| key.state).collect::<Vec<_>>()
    };
    assert_eq!(states(&ring, 9), [KeyState::Signs, KeyState::SignsFrom(NOW.plus(10))]);
    assert_eq!(states(&ring, 10), [KeyState::Verifies, KeyState::Signs]);
    ring.retire(&first, NOW.plus(20)).unwrap();
    assert_eq!(states(&ring, 9), [KeyState::VerifiesUntil(NOW.plus(20)), KeyState::Signs]);
    assert_eq!(states(&ring, 20), [KeyState::RefusedSince(NOW.plus(20)), KeyState::Signs]);
    assert!(ring.keys(NOW).iter().all(|key| key.made_at == Some(NOW)));
}

#[test]
fn a_key_that_is_retired_again_ends_at_the_earlier_time() {
    let mut ring = generated();
    let first = signer(&ring);
    ring.add(&SystemRandomness, NOW, NOW);
    for (asked, ends) in [(30, 30), (40, 30), (20, 20)] {
        ring.retire(&first, NOW.plus(asked)).unwrap();
        assert_eq!(ring.keys(NOW)[0].state, KeyState::VerifiesUntil(NOW.plus(ends)));
    }
}

#[test]
fn a_document_of_before_keys_had_times_is_read() {
    let mut old = document(&generated());
    let key = old["access_keys"][0].as_object_mut().unwrap();
    assert!(key.remove("made_at_ms").is_some() && key.remove("signs_from_ms").is_some());
    let ring = KeyRing::parse(&old.to_string()).unwrap();
    assert_eq!((ring.keys(NOW)[0].made_at, ring.keys(NOW)[0].state), (None, KeyState::Signs));
}

#[test]
fn when_the_newest_key_is_retired_the_one_before_it_signs() {
    let mut ring = generated();
    let first = signer(&ring);
    let second = ring.add(&SystemRandomness, NOW, NOW);
    ring.retire(&second, NOW).unwrap();
    assert_eq!(signer(&ring), first);
}

#[test]
fn no_secret_is_shown_by_a_ring_or_an_error() {
    let ring = generated();
    let document = document(&ring);
    let secrets =
        [&document["refresh_key"], &document["access_keys"][0]["secret"]].map(|s| s.as_str().unwrap());
    let shown = format!("{ring:?} {ring:#?}");
    assert!(secrets.iter().all(|secret| !shown.contains(secret)));

    // The secret stands where something else should.
    let wrong = [
        format!("{{\"version\": \"{}\"}}", secrets[0]),
        format!("{{\"version\": 1, \"access_keys\": \"{}\", \"refresh_key\": \"x\"}}", secrets[0]),
        format!("{{\"version\": 1, \"access_keys\": [], \"refresh_key\": \"{}!\"}}", secrets[0]),
    ];
    for text in wrong {
        let error = KeyRing::parse(&text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secrets[0]), "{error}");
    }
    let error = KeyRing::parse("hunter2hunter2").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
}

#[test]
fn marks_are_equal_for_equal_keys_alone_and_say_when_keys_are_used() {
    let ring = generated();
    let again = KeyRing::parse(&ring.to_document()).unwrap();
    assert_eq!(again.marks(), ring.marks());
    let other = generated().marks();
    assert!(other.refresh != ring.marks().refresh && other.access[0].mark != ring.marks().access[0].mark);

    let mut changed = ring.clone();
    let new = changed.add(&SystemRandomness, NOW, NOW.plus(10));
    changed.retire(&changed.keys(NOW)[0].kid, NOW.plus(20)).unwrap();
    let (before, after) = (ring.marks(), changed.marks());
    assert_eq!((after.refresh, after.access[0].mark), (before.refresh, before.access[0].mark));
    let times: Vec<_> = after.access.iter().map(|key| (key.signs_from, key.retires_at)).collect();
    assert_eq!(times, [(Some(NOW), Some(NOW.plus(20))), (Some(NOW.plus(10)), None)]);

    // A token names its key: the same secret under another name does not verify it.
    let mut renamed = document(&changed);
    renamed["access_keys"][1]["kid"] = json!(format!("{new}x"));
    assert_ne!(KeyRing::parse(&renamed.to_string()).unwrap().marks().access[1].mark, after.access[1].mark);

    // No part of a secret is in a mark.
    let secret = |value: &Value| URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap();
    let document = document(&ring);
    for (secret, mark) in [
        (secret(&document["refresh_key"]), before.refresh),
        (secret(&document["access_keys"][0]["secret"]), before.access[0].mark),
    ] {
        assert!(!secret.windows(4).any(|part| mark.0.to_be_bytes().windows(4).any(|other| other == part)));
    }
}
