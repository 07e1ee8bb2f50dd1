//! The credential that a request carries, and in which forms a face takes one.
//! Not here: whose it is and whether it still holds (see [`crate::caller`]).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};

use crate::parameter::{self, Plus};

/// Longest credential that is considered, in bytes as it is sent.
const MAX_CREDENTIAL: usize = 4_096;

/// A credential as a request carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential<'a> {
    /// What follows `Bearer` in `Authorization`: an access token or a key.
    Bearer(&'a str),
    /// The base64 after `Basic` in `Authorization`, decoded; also after `Bearer` where the face says so.
    Basic {
        /// What comes before the first colon, or all there is.
        user: String,
        /// What comes after it.
        password: String,
    },
    /// The cookie that the face has named.
    Cookie(&'a str),
    /// The query parameter that the face has named.
    Query(String),
}

/// In which forms a face takes credentials.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forms {
    /// Whether `Authorization: Bearer` counts.
    pub bearer: bool,
    /// Whether what follows `Bearer` may be packed in base64, as some trackers do. No access token and
    /// no key is base64 itself.
    pub packed_bearer: bool,
    /// Whether `Authorization: Basic` counts.
    pub basic: bool,
    /// In which cookie one counts; `None`: in none.
    pub cookie: Option<&'static str>,
    /// In which query parameter one counts; `None`: in none.
    pub query: Option<&'static str>,
}

impl Forms {
    /// Bearer tokens alone.
    pub const BEARER: Self =
        Self { bearer: true, packed_bearer: false, basic: false, cookie: None, query: None };
}

impl<'a> Credential<'a> {
    /// The credential of a request, in one of the forms that are taken. An `Authorization` that
    /// could be one decides alone: what a client says on purpose is not replaced by what its
    /// browser adds.
    pub fn of(headers: &'a HeaderMap, query: Option<&'a str>, forms: Forms) -> Option<Self> {
        if (forms.bearer || forms.basic) && headers.contains_key(header::AUTHORIZATION) {
            return authorization(headers, forms);
        }
        let from_query = || {
            let text = parameter::only(query?, forms.query?, Plus::Itself).ok()??;
            is_plausible(&text).then_some(Self::Query(text))
        };
        let from_cookie = || {
            let text = cookie(headers, forms.cookie?)?;
            is_plausible(text).then_some(Self::Cookie(text))
        };
        from_query().or_else(from_cookie)
    }

    /// What must be known by nobody else. Of Basic it is the password, or the user name where there
    /// is none: clients differ in which of the two they put a key into.
    pub fn secret(&self) -> &str {
        match self {
            Self::Bearer(text) | Self::Cookie(text) => text,
            Self::Basic { user, password } if password.is_empty() => user,
            Self::Basic { password, .. } => password,
            Self::Query(text) => text,
        }
    }
}

/// The credential of exactly one `Authorization`.
fn authorization(headers: &HeaderMap, forms: Forms) -> Option<Credential<'_>> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (only, None) = (all.next()?, all.next()) else { return None };
    let (scheme, text) = only.to_str().ok()?.split_once(' ')?;
    let text = text.trim_matches(' ');
    if !is_plausible(text) {
        return None;
    }
    if forms.bearer && scheme.eq_ignore_ascii_case("bearer") {
        let packed = if forms.packed_bearer { unpacked(text) } else { None };
        return Some(packed.unwrap_or(Credential::Bearer(text)));
    }
    if forms.basic && scheme.eq_ignore_ascii_case("basic") {
        return unpacked(text);
    }
    None
}

/// What is packed in base64, with or without a colon.
fn unpacked(text: &str) -> Option<Credential<'static>> {
    let plain = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    let (user, password) = plain.split_once(':').unwrap_or((&plain, ""));
    Some(Credential::Basic { user: user.to_owned(), password: password.to_owned() })
}

/// The text of a cookie, if the request has it.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, text)| text)
}

fn is_plausible(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_CREDENTIAL
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Forms = Forms {
        bearer: true,
        packed_bearer: true,
        basic: true,
        cookie: Some("session"),
        query: Some("api_key"),
    };

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn secret(pairs: &[(&'static str, &str)], query: Option<&str>, forms: Forms) -> Option<String> {
        let headers = headers(pairs);
        Credential::of(&headers, query, forms).map(|credential| credential.secret().to_owned())
    }

    #[test]
    fn a_bearer_is_taken_in_any_case_of_the_scheme() {
        for value in ["Bearer secret", "bearer  secret ", "BEARER secret"] {
            assert_eq!(secret(&[("authorization", value)], None, Forms::BEARER), Some("secret".into()));
        }
        for value in ["Bearer", "Bearer ", "Bearersecret", "Token secret", "Basic c2VjcmV0"] {
            assert_eq!(secret(&[("authorization", value)], None, Forms::BEARER), None, "{value}");
        }
        let long = format!("Bearer {}", "x".repeat(MAX_CREDENTIAL + 1));
        assert_eq!(secret(&[("authorization", &long)], None, Forms::BEARER), None);
    }

    #[test]
    fn a_bearer_may_be_packed_where_the_face_takes_that_and_is_never_mistaken() {
        let key = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";
        let bearer = |text: &str, forms| secret(&[("authorization", &format!("Bearer {text}"))], None, forms);
        for plain in [key.to_owned(), format!("waka_{key}"), format!("{key}:"), format!("ada:{key}")] {
            let packed = STANDARD.encode(&plain);
            assert!(bearer(&packed, ALL).unwrap().ends_with(key), "{plain}");
            assert_eq!(bearer(&packed, Forms::BEARER), Some(packed), "{plain}");
        }
        for raw in [key, "dlk_0123456789012345678901234567890123456789012", "eyJhbGci.eyJzdWIi.c2ln"] {
            assert_eq!(bearer(raw, ALL).as_deref(), Some(raw));
        }
    }

    #[test]
    fn a_basic_credential_has_its_secret_before_or_after_the_colon() {
        for plain in ["secret", "secret:", "anybody:secret", ":secret"] {
            let value = format!("Basic {}", STANDARD.encode(plain));
            assert_eq!(secret(&[("authorization", &value)], None, ALL), Some("secret".into()), "{plain}");
        }
        for value in ["Basic !", "Basic /w==", "Basic"] {
            assert_eq!(secret(&[("authorization", value)], None, ALL), None, "{value}");
        }
    }

    #[test]
    fn a_form_counts_only_where_the_face_takes_it() {
        let cookie = ("cookie", "a=b; session=from-cookie");
        assert_eq!(secret(&[cookie], None, ALL), Some("from-cookie".into()));
        assert_eq!(secret(&[cookie], None, Forms::BEARER), None);
        assert_eq!(secret(&[], Some("api_key=from%2Dquery"), ALL), Some("from-query".into()));
        assert_eq!(secret(&[], Some("api_key=from-query"), Forms::BEARER), None);
        assert_eq!(secret(&[], Some("api_key=one&api_key=two"), ALL), None);
    }

    #[test]
    fn an_authorization_decides_alone() {
        let cookie = ("cookie", "session=from-cookie");
        let query = Some("api_key=from-query");
        let with = |value| secret(&[("authorization", value), cookie], query, ALL);
        assert_eq!(with("Bearer from-header"), Some("from-header".into()));
        assert_eq!(with("Digest from-header"), None);
        let twice = [("authorization", "Bearer one"), ("authorization", "Bearer one"), cookie];
        assert_eq!(secret(&twice, query, ALL), None);
        // A route that takes no such header does not look at it.
        let forms = Forms { cookie: Some("session"), ..Forms::default() };
        assert_eq!(secret(&[("authorization", "Bearer x"), cookie], None, forms), Some("from-cookie".into()));
    }
}
