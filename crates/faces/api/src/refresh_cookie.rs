//! The refresh token as a cookie, for browsers.
//! Not here: access tokens; those are never in a cookie of the API.

use dayline_http_kit::Problem;
use dayline_http_kit::cookie::{SameSite, SecretCookie, is_own_page};
use dayline_http_kit::credential::{Credential, Forms};
use dayline_http_kit::origin::AllowedOrigin;
use http::{HeaderMap, HeaderValue};

const NAME: &str = "dayline_refresh";

/// The refresh token in the request's cookies. It is only taken from pages of this site or of an
/// allowed one.
pub(crate) fn token(
    headers: &HeaderMap,
    allowed_origins: &[AllowedOrigin],
) -> Result<Option<String>, Problem> {
    let forms = Forms { cookie: Some(NAME), ..Forms::default() };
    let Some(cookie) = Credential::of(headers, None, forms) else { return Ok(None) };
    if !is_own_page(headers, allowed_origins) {
        return Err(Problem::foreign_origin());
    }
    Ok(Some(cookie.secret().to_owned()))
}

/// The header that sets the cookie for `max_age_s` seconds; 0 deletes it. `base` is what the paths of
/// this server begin with.
pub(crate) fn set(token: &str, max_age_s: i64, base: &str, secure: bool) -> Option<HeaderValue> {
    let path = format!("{base}/api/v1/auth");
    SecretCookie { name: NAME, path: &path, same_site: SameSite::Strict }.set(token, max_age_s, secure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&'static str, &str)]) -> Result<Option<String>, ()> {
        let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        token(&headers.collect(), &["https://app.example.org".parse().unwrap()]).map_err(|_| ())
    }

    #[test]
    fn the_cookie_is_taken_from_own_and_allowed_pages_only() {
        let cookie = ("cookie", "a=b; dayline_refresh=secret; c=d");
        let host = ("host", "dayline.example.org");
        assert_eq!(from(&[host]), Ok(None));
        let with = |origin| from(&[cookie, host, ("origin", origin)]);
        assert_eq!(with("https://dayline.example.org"), Ok(Some("secret".into())));
        assert_eq!(with("https://app.example.org"), Ok(Some("secret".into())));
        for other in ["https://evil.example.org", "null", "https://dayline.example.org.evil.example", ""] {
            assert_eq!(with(other), Err(()), "{other}");
        }
        assert_eq!(from(&[cookie, host]), Err(()));
    }

    #[test]
    fn the_cookie_is_sent_to_the_sign_in_routes_only() {
        for (base, path) in [("", "/api/v1/auth"), ("/time", "/time/api/v1/auth")] {
            let attributes = "HttpOnly; SameSite=Strict; Max-Age=60; Secure";
            assert_eq!(
                set("secret", 60, base, true).unwrap(),
                format!("dayline_refresh=secret; Path={path}; {attributes}")
            );
        }
    }
}
