//! Refresh tokens: what they look like, what is refused, and what a retry gets.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayline_app::ports::{IssuedRefresh, RefreshTokens};
use dayline_domain::SessionId;
use dayline_domain::identity::session::Generation;
use dayline_local::{HmacRefreshTokens, KeyRing, SystemRandomness};
use proptest::prelude::*;

use crate::NOW;

fn tokens_of(ring: &KeyRing) -> HmacRefreshTokens {
    HmacRefreshTokens::new(ring, Arc::new(SystemRandomness))
}

fn tokens() -> HmacRefreshTokens {
    tokens_of(&KeyRing::generate(&SystemRandomness, NOW))
}

fn session() -> SessionId {
    SessionId::v7(1_795_176_000_000, [3; 10])
}

/// The bytes of a token, changed, as a token again.
fn altered(token: &IssuedRefresh, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(&token.text[4..]).unwrap();
    change(&mut bytes);
    format!("dlr_{}", URL_SAFE_NO_PAD.encode(bytes))
}

#[test]
fn a_token_is_its_prefix_and_68_bytes_of_which_256_bits_are_random() {
    let tokens = tokens();
    let (one, other) = (tokens.first(session()), tokens.first(session()));
    assert_eq!(one.text.len(), 4 + 91);
    let [one, other] = [one, other].map(|token| URL_SAFE_NO_PAD.decode(&token.text[4..]).unwrap());
    assert_eq!(one.len(), 68);
    assert_eq!(one[..20], other[..20], "session and generation");
    assert!(one[20..52].iter().zip(&other[20..52]).filter(|(a, b)| a != b).count() > 20, "secrets differ");
}

#[test]
fn a_retry_gets_the_same_successor_also_on_another_node_and_after_a_restart() {
    let document = KeyRing::generate(&SystemRandomness, NOW).to_document();
    let [here, elsewhere] = [(); 2].map(|()| tokens_of(&KeyRing::parse(&document).unwrap()));
    let first = here.first(session());
    let successor = here.successor(&here.open(&first.text).unwrap());
    let again = elsewhere.successor(&elsewhere.open(&first.text).unwrap());
    assert!(successor == again);
    assert_eq!(elsewhere.open(&successor.text).unwrap().generation, Generation(1));
}

#[test]
fn a_rotation_of_access_keys_changes_no_refresh_token() {
    let mut ring = KeyRing::generate(&SystemRandomness, NOW);
    let tokens = tokens_of(&ring);
    let first = tokens.first(session());
    let successor = tokens.successor(&tokens.open(&first.text).unwrap());
    let old = ring.keys(NOW)[0].kid.clone();
    ring.add(&SystemRandomness, NOW, NOW);
    ring.retire(&old, NOW).unwrap();
    ring.forget_retired(NOW);
    tokens.replace_keys(&KeyRing::parse(&ring.to_document()).unwrap());
    assert!(tokens.successor(&tokens.open(&first.text).unwrap()) == successor);
    assert!(tokens.open(&successor.text).is_some());

    tokens.replace_keys(&KeyRing::generate(&SystemRandomness, NOW));
    assert!(tokens.open(&successor.text).is_none(), "all keys are new");
}

#[test]
fn another_servers_tokens_do_not_open() {
    let first = tokens().first(session());
    assert!(tokens().open(&first.text).is_none());
}

#[test]
fn a_change_of_any_bit_does_not_open() {
    let tokens = tokens();
    let first = tokens.first(session());
    for bit in 0..68 * 8 {
        let forged = altered(&first, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        assert!(tokens.open(&forged).is_none(), "bit {bit}");
    }
    assert!(tokens.open(&altered(&first, |_| {})).is_some());
}

#[test]
fn parts_of_two_good_tokens_do_not_make_a_third() {
    let tokens = tokens();
    let first = tokens.first(session());
    let second = tokens.successor(&tokens.open(&first.text).unwrap());
    let foreign = tokens.first(SessionId::from_bits(9));
    let bytes = |token: &IssuedRefresh| URL_SAFE_NO_PAD.decode(&token.text[4..]).unwrap();
    for (start, end) in [(0, 16), (16, 20), (20, 52), (52, 68)] {
        for other in [&second, &foreign] {
            let forged =
                altered(&first, |token| token[start..end].copy_from_slice(&bytes(other)[start..end]));
            assert!(forged == first.text || tokens.open(&forged).is_none(), "{start}..{end}");
        }
    }
}

#[test]
fn a_token_has_only_one_text() {
    let tokens = tokens();
    let text = tokens.first(session()).text;
    // 68 bytes leave two bits of the last character, which must be zero.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(text.chars().last().unwrap()).unwrap();
    for spare in 1..4 {
        let forged = format!("{}{}", &text[..94], char::from(alphabet.as_bytes()[place + spare]));
        assert!(tokens.open(&forged).is_none(), "{spare}");
    }
    for forged in [
        format!("{text}="),
        format!("{text}A"),
        format!("{text}\n"),
        format!(" {text}"),
        text[4..].to_owned(),
        text.replacen("dlr_", "DLR_", 1),
        text.replacen("dlr_", "dlr_dlr_", 1),
        text[..94].to_owned(),
        format!("{}+", &text[..94]),
        format!("{}é", &text[..93]),
    ] {
        assert!(tokens.open(&forged).is_none(), "{forged}");
    }
}

#[test]
fn what_is_stored_is_neither_the_token_nor_its_secret() {
    let tokens = tokens();
    let first = tokens.first(session());
    let opened = tokens.open(&first.text).unwrap();
    assert_ne!(opened.secret, first.hash);
    let bytes = URL_SAFE_NO_PAD.decode(&first.text[4..]).unwrap();
    assert!(!bytes.windows(8).any(|window| first.hash.windows(8).any(|hash| hash == window)));
    assert!(!format!("{first:?} {opened:?}").contains(&first.text[30..]));
}

#[test]
fn the_last_generation_still_has_a_successor() {
    let tokens = tokens();
    let mut opened = tokens.open(&tokens.first(session()).text).unwrap();
    opened.generation = Generation(u32::MAX);
    assert!(tokens.open(&tokens.successor(&opened).text).is_some());
}

proptest! {
    #[test]
    fn no_text_is_a_token_and_none_panics(text in "\\PC*|dlr_[A-Za-z0-9_-]{80,100}") {
        prop_assert!(tokens().open(&text).is_none());
    }
}
