//! The texts of API keys, in the forms that clients send them.
//! Not here: how a text is made and hashed (a port).

use std::borrow::Cow;

/// What the text of a key begins with unless it is a UUID, so that one found in the wild can be recognised.
pub const PREFIX: &str = "dlk_";
/// What some clients put before a UUID.
const CLIENTS_PREFIX: &str = "waka_";
/// Where the parts of a UUID begin after the first.
const DASHES: [usize; 4] = [8, 13, 18, 23];

/// How a key is spelled and what is hashed of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyFormat {
    /// 256 random bits behind [`PREFIX`].
    #[default]
    Prefixed,
    /// A UUID of version 4: 122 random bits. Some clients refuse all other texts.
    Uuid,
}

/// The text by which a key is looked up, if a credential can be the text of one: as it was made. UUIDs may be
/// written in any case and with what clients put before them.
pub(crate) fn as_made(credential: &str) -> Option<Cow<'_, str>> {
    if credential.starts_with(PREFIX) {
        return Some(Cow::Borrowed(credential));
    }
    let uuid = credential.strip_prefix(CLIENTS_PREFIX).unwrap_or(credential);
    is_uuid_v4(uuid).then(|| Cow::Owned(uuid.to_ascii_lowercase()))
}

fn is_uuid_v4(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_fit = |(place, byte): (usize, &u8)| match place {
        _ if DASHES.contains(&place) => *byte == b'-',
        14 => *byte == b'4',
        19 => b"89abAB".contains(byte),
        _ => byte.is_ascii_hexdigit(),
    };
    bytes.len() == 36 && bytes.iter().enumerate().all(is_fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

    #[test]
    fn a_uuid_is_found_in_each_spelling_that_clients_send() {
        let upper = MADE.to_uppercase();
        for text in [MADE, &upper, &format!("waka_{MADE}"), &format!("waka_{upper}")] {
            assert_eq!(as_made(text).as_deref(), Some(MADE), "{text}");
        }
        assert_eq!(as_made("dlk_AbC").as_deref(), Some("dlk_AbC"), "other keys are told apart by case");
    }

    #[test]
    fn what_can_be_no_key_is_not_looked_up() {
        for text in [
            "",
            "waka_",
            "WAKA_0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
            "waka_dlk_AbC",
            "0a1b2c3d-4e5f-1a6b-8c7d-9e0f1a2b3c4d",
            "0a1b2c3d-4e5f-4a6b-7c7d-9e0f1a2b3c4d",
            "0a1b2c3d4e5f4a6b8c7d9e0f1a2b3c4d",
            "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4",
            "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4é",
            "ga1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
            "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
        ] {
            assert_eq!(as_made(text), None, "{text}");
        }
    }
}
