//! The refresh token as a cookie, for browsers: where it comes from, how it is set, and from which pages it is
//! taken. Deliberately absent: access tokens; those are never in a cookie.

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue, header};

use crate::problem::Problem;

const NAME: &str = "dayline_refresh";

/// The refresh token in the request's cookies. It is only taken from pages of this site or of an allowed one:
/// a browser says with each `POST` which page it comes from.
pub(crate) fn refresh_token<'a>(
    headers: &'a HeaderMap,
    allowed_origins: &[String],
) -> Result<Option<&'a str>, Problem> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let Some((_, token)) = pairs.find(|(name, _)| *name == NAME) else { return Ok(None) };
    if !is_own_page(headers, allowed_origins) {
        return Err(Problem::foreign_origin());
    }
    Ok(Some(token))
}

fn is_own_page(headers: &HeaderMap, allowed_origins: &[String]) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return false };
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    allowed_origins.iter().any(|allowed| allowed == origin)
        || authority.is_some_and(|authority| text(header::HOST) == Some(authority))
}

/// The header that sets the cookie for `max_age_s` seconds; 0 deletes it.
pub(crate) fn set(token: &str, max_age_s: i64, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let cookie =
        format!("{NAME}={token}; Path=/api/v1/auth; HttpOnly; SameSite=Strict; Max-Age={max_age_s}{secure}");
    let mut value = HeaderValue::from_str(&cookie).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Whether the cookie must be kept off plain connections: always, except for somebody who tries Dayline on
/// their own machine, where there is no TLS and nobody in between.
pub(crate) fn must_be_secure(headers: &HeaderMap, client: Option<IpAddr>) -> bool {
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

    fn token(pairs: &[(&'static str, &str)]) -> Result<Option<String>, ()> {
        let allowed = ["https://app.example.org".to_owned()];
        refresh_token(&headers(pairs), &allowed).map(|token| token.map(str::to_owned)).map_err(|_| ())
    }

    #[test]
    fn the_cookie_is_taken_from_own_and_allowed_pages_only() {
        let cookie = ("cookie", "a=b; dayline_refresh=secret; c=d");
        let host = ("host", "dayline.example.org");
        assert_eq!(token(&[host]), Ok(None));
        let from = |origin| token(&[cookie, host, ("origin", origin)]);
        assert_eq!(from("https://dayline.example.org"), Ok(Some("secret".into())));
        assert_eq!(from("https://app.example.org"), Ok(Some("secret".into())));
        for other in ["https://evil.example.org", "null", "https://dayline.example.org.evil.example", ""] {
            assert_eq!(from(other), Err(()), "{other}");
        }
        assert_eq!(token(&[cookie, host]), Err(()));
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_other_sites_and_plain_connections() {
        assert_eq!(
            set("secret", 60, true).unwrap(),
            "dayline_refresh=secret; Path=/api/v1/auth; HttpOnly; SameSite=Strict; Max-Age=60; Secure"
        );
    }

    #[test]
    fn the_cookie_goes_over_plain_connections_on_loopback_only() {
        let secure = |host, client: &str| must_be_secure(&headers(&[("host", host)]), client.parse().ok());
        assert!(!secure("localhost:8080", "127.0.0.1"));
        assert!(!secure("[::1]:8080", "::1"));
        assert!(!secure("127.0.0.1", "127.0.0.1"));
        assert!(secure("dayline.example.org", "127.0.0.1"));
        assert!(secure("localhost:8080", "192.0.2.1"));
        assert!(secure("localhost:8080", ""));
    }
}
