//! Where a person is led after they have signed in: to the page that they asked for, and to none of
//! another site.

use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Longest address that is kept, in bytes.
const MAX: usize = 1_024;
/// What may stand in a parameter as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_');

/// A page of this site, by its path and query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Back(String);

impl Back {
    /// The page that a text names; the start if it names none of this site.
    pub(crate) fn from_text(text: &str) -> Self {
        let is_plain = |b: u8| b.is_ascii_graphic() && b != b'\\';
        let is_path = text.starts_with('/') && !text.starts_with("//");
        let good = is_path && text.len() <= MAX && text.bytes().all(is_plain);
        Self(if good { text.to_owned() } else { "/".to_owned() })
    }

    /// Its path and query.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The address of the sign-in that leads back to a page.
pub(crate) fn sign_in_and_back(base: &str, page: Option<&Uri>) -> String {
    let path = page.and_then(Uri::path_and_query).map_or("/", |path| path.as_str());
    match Back::from_text(path).as_str() {
        "/" => format!("{base}/sign-in"),
        path => format!("{base}/sign-in?next={}", utf8_percent_encode(path, ESCAPED)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_this_site_are_led_to() {
        for good in ["/day/2026-11-28?view=list", "/device?user_code=BCDF-GHJK", "/"] {
            assert_eq!(Back::from_text(good).as_str(), good);
        }
        let long = format!("/{}", "a".repeat(MAX));
        for bad in [
            "",
            "day",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a b",
            "/a\r\nb",
            "/ä",
            &long,
        ] {
            assert_eq!(Back::from_text(bad).as_str(), "/", "{bad}");
        }
    }

    #[test]
    fn the_page_survives_in_the_address() {
        let page = "/device?user_code=A&b=c".parse().unwrap();
        assert_eq!(
            sign_in_and_back("/time", Some(&page)),
            "/time/sign-in?next=/device%3Fuser%5Fcode%3DA%26b%3Dc".replace("%5F", "_")
        );
        assert_eq!(sign_in_and_back("", None), "/sign-in");
    }
}
