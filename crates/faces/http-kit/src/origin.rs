//! Origins of other sites whose pages may call the API, as an operator writes them and as browsers do.

use std::fmt;
use std::str::FromStr;

use url::{Position, Url};

/// What an operator allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// One origin, as browsers write it: `https://example.org`.
    Site(String),
    /// All extensions of a browser, by the scheme of their origins: `moz-extension`. Each installation of an
    /// extension may have an origin of its own.
    Extensions(String),
}

impl AllowedOrigin {
    /// Whether a page with this origin may call the API.
    pub fn admits(&self, origin: &str) -> bool {
        match self {
            Self::Site(site) => site == origin,
            Self::Extensions(scheme) => {
                let id = origin.strip_prefix(scheme.as_str()).and_then(|rest| rest.strip_prefix("://"));
                id.is_some_and(|id| !id.is_empty() && !id.contains('/'))
            }
        }
    }

    /// Whether this is the very origin, not one of many: what a cookie is taken from.
    pub fn is(&self, origin: &str) -> bool {
        matches!(self, Self::Site(site) if site == origin)
    }
}

/// Why a text is no origin that a browser would send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidOrigin {
    text: String,
    cure: String,
}

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no browser calls an origin {:?}: {}", self.text, self.cure)
    }
}

impl std::error::Error for InvalidOrigin {}

const FORM: &str = "write https://example.org, or chrome-extension://* for all extensions of a browser";

impl FromStr for AllowedOrigin {
    type Err = InvalidOrigin;

    /// Reads an origin as people write it: with a slash at the end, capital letters or the scheme's own
    /// port, which browsers leave out.
    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let text = text.trim();
        let invalid = |cure: String| InvalidOrigin { text: text.to_owned(), cure };
        let url = Url::parse(text).map_err(|_| invalid(FORM.into()))?;
        let (scheme, Some(host)) = (url.scheme(), url.host_str().filter(|host| !host.is_empty())) else {
            return Err(invalid(FORM.into()));
        };
        if matches!(scheme, "file" | "data" | "blob" | "ws" | "wss" | "ftp") {
            return Err(invalid(FORM.into()));
        }
        // Of schemes that are not the web's, the parser leaves the origin to us.
        let origin = &url[..Position::BeforePath];
        let is_bare = matches!(&url[Position::BeforePath..], "" | "/");
        if !is_bare || !url.username().is_empty() || url.password().is_some() {
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            return Err(invalid(format!("write {scheme}://{host}{port}, without anything around it")));
        }
        match (host.contains('*'), scheme.ends_with("-extension")) {
            (false, _) => Ok(Self::Site(origin.to_owned())),
            (true, true) if origin.ends_with("://*") => Ok(Self::Extensions(scheme.to_owned())),
            (true, true) => Err(invalid(format!("write {scheme}://* for all extensions"))),
            (true, false) => Err(invalid("name each site; only extensions are allowed by scheme".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(text: &str) -> Option<String> {
        match text.parse() {
            Ok(AllowedOrigin::Site(site)) => Some(site),
            _ => None,
        }
    }

    #[test]
    fn an_origin_is_kept_as_browsers_write_it() {
        for (written, sent) in [
            ("https://example.org", "https://example.org"),
            ("https://example.org/", "https://example.org"),
            (" HTTPS://Example.ORG:443/ ", "https://example.org"),
            ("http://example.org:80", "http://example.org"),
            ("http://localhost:3000/", "http://localhost:3000"),
            ("https://b\u{fc}cher.example", "https://xn--bcher-kva.example"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("chrome-extension://abcdefghijklmnop/", "chrome-extension://abcdefghijklmnop"),
            ("app://obsidian.md", "app://obsidian.md"),
            ("tauri://localhost", "tauri://localhost"),
        ] {
            assert_eq!(site(written).as_deref(), Some(sent), "{written}");
            let allowed: AllowedOrigin = written.parse().unwrap();
            assert!(allowed.admits(sent) && allowed.is(sent), "{written}");
            assert!(!allowed.admits("https://evil.example"), "{written}");
        }
    }

    #[test]
    fn all_extensions_of_a_browser_are_allowed_by_their_scheme() {
        let allowed: AllowedOrigin = "moz-extension://*".parse().unwrap();
        assert_eq!(allowed, AllowedOrigin::Extensions("moz-extension".into()));
        assert_eq!("Chrome-Extension://*/".parse(), Ok(AllowedOrigin::Extensions("chrome-extension".into())));
        let one = "moz-extension://1b2c3d4e-0000-4000-8000-000000000000";
        assert!(allowed.admits(one) && !allowed.is(one));
        for other in [
            "moz-extension://",
            "moz-extension",
            "chrome-extension://abc",
            "https://moz-extension://a",
            "null",
        ] {
            assert!(!allowed.admits(other), "{other}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_refused_with_what_to_write() {
        for (written, cure) in [
            ("*", FORM),
            ("null", FORM),
            ("", FORM),
            ("example.org", FORM),
            ("https://", FORM),
            ("file:///home/ada/page.html", FORM),
            ("https://example.org/app", "write https://example.org, without"),
            ("https://example.org:8443/?a", "write https://example.org:8443, without"),
            ("https://ada@example.org", "write https://example.org, without"),
            ("https://*", "name each site"),
            ("https://*.example.org", "name each site"),
            ("app://*", "name each site"),
            ("moz-extension://a*", "write moz-extension://* for all"),
        ] {
            let error = written.parse::<AllowedOrigin>().unwrap_err().to_string();
            assert!(error.contains(cure) && error.contains(&format!("{written:?}")), "{written}: {error}");
        }
    }
}
