//! Revocations as text: `s` or `k` and the id names a session or a key, in the set and in messages;
//! a message is the time until which they are refused, and the names, separated by spaces.

use std::fmt::Write;

use dayline_app::ports::CredentialId;
use dayline_domain::UtcMs;

pub(super) fn name(credential: CredentialId) -> String {
    match credential {
        CredentialId::Session(id) => format!("s{id}"),
        CredentialId::Key(id) => format!("k{id}"),
    }
}

pub(super) fn credential(name: &str) -> Option<CredentialId> {
    match name.split_at_checked(1)? {
        ("s", id) => id.parse().ok().map(CredentialId::Session),
        ("k", id) => id.parse().ok().map(CredentialId::Key),
        _ => None,
    }
}

pub(super) fn write(credentials: &[CredentialId], until: UtcMs) -> String {
    let mut message = until.0.to_string();
    for credential in credentials {
        // Writing to a string can't fail.
        let _ = write!(message, " {}", name(*credential));
    }
    message
}

/// `None` if it is no such message. Names of kinds that this version does not know are left out.
pub(super) fn parse(message: &[u8]) -> Option<(Vec<CredentialId>, UtcMs)> {
    let mut words = std::str::from_utf8(message).ok()?.split(' ');
    let until = UtcMs(words.next()?.parse().ok()?);
    Some((words.filter_map(credential).collect(), until))
}

#[cfg(test)]
mod tests {
    use dayline_domain::{ApiKeyId, SessionId};

    use super::*;

    #[test]
    fn revocations_survive_their_message() {
        let credentials = vec![
            CredentialId::Session(SessionId::from_bits(u128::MAX)),
            CredentialId::Key(ApiKeyId::from_bits(7)),
        ];
        for until in [0, -1, i64::MAX] {
            let message = write(&credentials, UtcMs(until));
            assert_eq!(parse(message.as_bytes()), Some((credentials.clone(), UtcMs(until))));
        }
    }

    #[test]
    fn names_of_unknown_kinds_are_left_out_and_other_texts_are_no_messages() {
        let key = CredentialId::Key(ApiKeyId::from_bits(7));
        let message = format!("5 x1234 {} s é s12", name(key));
        assert_eq!(parse(message.as_bytes()), Some((vec![key], UtcMs(5))));
        for other in [&b""[..], b"x", b"\xff", b" 5"] {
            assert_eq!(parse(other), None);
        }
    }
}
