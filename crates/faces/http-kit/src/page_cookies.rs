//! What the cookies of the pages' sessions are called, and where they are sent. The pages set them; the API
//! takes the access token's from a page that follows changes.

use std::net::IpAddr;

use http::HeaderMap;

use crate::cookie::must_be_secure;
use crate::state::KitConfig;

/// The cookies as a request has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageCookies {
    /// The access token.
    pub access: &'static str,
    /// The refresh token.
    pub renew: &'static str,
    /// The browser's name among a person's devices.
    pub browser: &'static str,
    /// The paths they are sent with begin with this one.
    pub path: String,
    /// Whether browsers keep them only if they come over TLS.
    pub secure: bool,
}

impl PageCookies {
    /// The cookies of a request. Over TLS their names promise browsers as much as the address can hold: that
    /// this host alone has set them, for all of it; less where the pages lie under a path.
    pub fn of(config: &KitConfig, headers: &HeaderMap, client: Option<IpAddr>) -> Self {
        let secure = must_be_secure(config, headers, client);
        let base = config.base_path();
        let [access, renew, browser] = match (secure, base.is_empty()) {
            (false, _) => ["dayline", "dayline-renew", "dayline-browser"],
            (true, true) => ["__Host-dayline", "__Host-dayline-renew", "__Host-dayline-browser"],
            (true, false) => ["__Secure-dayline", "__Secure-dayline-renew", "__Secure-dayline-browser"],
        };
        let path = if base.is_empty() { "/".to_owned() } else { base.to_owned() };
        Self { access, renew, browser, path, secure }
    }
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    fn cookies(public_url: Option<&str>, host: &str, client: &str) -> (&'static str, String, bool) {
        let config = KitConfig { public_url: public_url.map(str::to_owned), ..KitConfig::default() };
        let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
        let found = PageCookies::of(&config, &headers, client.parse().ok());
        let prefix = found.access.strip_suffix("dayline").unwrap();
        assert_eq!(found.renew, format!("{prefix}dayline-renew"));
        assert_eq!(found.browser, format!("{prefix}dayline-browser"));
        (prefix, found.path, found.secure)
    }

    #[test]
    fn names_promise_what_the_address_can_hold() {
        let cases = [
            (None, "localhost:8080", "127.0.0.1", "", "/"),
            (Some("http://localhost:8080/time"), "localhost:8080", "127.0.0.1", "", "/time"),
            (None, "localhost:8080", "192.0.2.1", "__Host-", "/"),
            (None, "dayline.example.org", "127.0.0.1", "__Host-", "/"),
            (Some("https://dayline.example.org"), "localhost:8080", "127.0.0.1", "__Host-", "/"),
            (Some("https://example.org/time/"), "localhost:8080", "127.0.0.1", "__Secure-", "/time"),
        ];
        for (public_url, host, client, prefix, path) in cases {
            let expected = (prefix, path.to_owned(), !prefix.is_empty());
            assert_eq!(cookies(public_url, host, client), expected, "{public_url:?} {host} {client}");
        }
    }
}
