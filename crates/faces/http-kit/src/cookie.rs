//! Cookies with secrets, for browsers: how they are set, and from which pages they are taken.

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue, header};

use crate::origin::AllowedOrigin;
use crate::state::KitConfig;

/// A cookie that scripts can't read and that other sites' pages don't send with what they ask for.
#[derive(Debug, Clone, Copy)]
pub struct SecretCookie<'a> {
    /// Unlike that of any other cookie on the paths below.
    pub name: &'a str,
    /// The paths it is sent with begin with this one.
    pub path: &'a str,
    /// Whether a link on another site's page leads here with it.
    pub same_site: SameSite,
}

/// From where a cookie is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// From this site's pages alone.
    Strict,
    /// Also by links of others, which only read.
    Lax,
}

impl SecretCookie<'_> {
    /// The header that sets the cookie for `max_age_s` seconds; 0 deletes it. `None` if the text
    /// can't be a cookie.
    pub fn set(&self, text: &str, max_age_s: i64, secure: bool) -> Option<HeaderValue> {
        let Self { name, path, same_site } = self;
        let secure = if secure { "; Secure" } else { "" };
        let cookie = format!(
            "{name}={text}; Path={path}; HttpOnly; SameSite={same_site:?}; Max-Age={max_age_s}{secure}"
        );
        let mut value = HeaderValue::from_str(&cookie).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Whether a request comes from a page of this site or of one that is allowed by its own name: a browser
/// says with each `POST` which page it comes from. To be asked before a cookie is taken for a credential.
pub fn is_own_page(headers: &HeaderMap, allowed_origins: &[AllowedOrigin]) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return false };
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    allowed_origins.iter().any(|allowed| allowed.is(origin))
        || authority.is_some_and(|authority| text(header::HOST) == Some(authority))
}

/// Whether the browser says that a page of this very site asks, which no page can forge.
pub fn is_asked_by_own_page(headers: &HeaderMap) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter();
    sites.next().is_some_and(|site| site == "same-origin") && sites.next().is_none()
}

/// Whether the cookie must be kept off plain connections: always, except for somebody who tries
/// Dayline on their own machine, where there is no TLS and nobody in between. Where people reach the
/// server by https there is TLS, whatever a proxy on the same machine passes on.
pub fn must_be_secure(config: &KitConfig, headers: &HeaderMap, client: Option<IpAddr>) -> bool {
    let is_https = |url: &String| url.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"));
    if config.public_url.as_ref().is_some_and(is_https) {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let port = host.rfind(':').filter(|&at| host[at + 1..].bytes().all(|b| b.is_ascii_digit()));
    let name = &host[..port.unwrap_or(host.len())];
    let at_home = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    !(at_home && client.is_some_and(|client| client.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn own_and_allowed_pages_are_told_from_others() {
        let allowed = ["https://app.example.org", "moz-extension://*"].map(|origin| origin.parse().unwrap());
        let host = ("host", "dayline.example.org");
        let from = |origin| is_own_page(&headers(&[host, ("origin", origin)]), &allowed);
        assert!(from("https://dayline.example.org"));
        assert!(from("https://app.example.org"));
        for other in [
            "https://evil.example.org",
            "moz-extension://a",
            "null",
            "https://dayline.example.org.evil.example",
            "",
        ] {
            assert!(!from(other), "{other}");
        }
        assert!(!is_own_page(&headers(&[host]), &allowed));
    }

    #[test]
    fn a_secret_cookie_is_out_of_reach_of_scripts_other_sites_and_plain_connections() {
        let cookie = SecretCookie { name: "renew", path: "/auth", same_site: SameSite::Strict };
        assert_eq!(
            cookie.set("secret", 60, true).unwrap(),
            "renew=secret; Path=/auth; HttpOnly; SameSite=Strict; Max-Age=60; Secure"
        );
        let followed = SecretCookie { same_site: SameSite::Lax, ..cookie };
        let set = followed.set("secret", 60, false).unwrap();
        assert_eq!(set, "renew=secret; Path=/auth; HttpOnly; SameSite=Lax; Max-Age=60");
    }

    #[test]
    fn the_cookie_goes_over_plain_connections_on_loopback_only() {
        let secure = |host, client: &str| {
            must_be_secure(&KitConfig::default(), &headers(&[("host", host)]), client.parse().ok())
        };
        assert!(!secure("localhost:8080", "127.0.0.1"));
        assert!(!secure("[::1]:8080", "::1"));
        assert!(!secure("127.0.0.1", "127.0.0.1"));
        assert!(secure("dayline.example.org", "127.0.0.1"));
        assert!(secure("localhost:8080", "192.0.2.1"));
        assert!(secure("localhost:8080", ""));
    }
    #[test]
    fn the_cookie_never_goes_over_plain_connections_where_people_use_https() {
        let client = "127.0.0.1".parse().ok();
        let secure = |url: &str| {
            let config = KitConfig { public_url: Some(url.to_owned()), ..KitConfig::default() };
            must_be_secure(&config, &headers(&[("host", "localhost:8080")]), client)
        };
        assert!(secure("https://dayline.example.org"));
        assert!(secure("HTTPS://dayline.example.org"));
        assert!(!secure("http://localhost:8080"));
    }
}
