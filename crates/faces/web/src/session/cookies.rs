//! The cookies of a session: their names, where they are sent, what is read from them.

use std::net::IpAddr;

use axum::response::Response;
use dayline_app::identity::tokens::Tokens;
use dayline_domain::DeviceId;
use dayline_http_kit::cookie::{SameSite, SecretCookie, must_be_secure};
use dayline_http_kit::credential::{Credential, Forms};
use http::{HeaderMap, header};

use crate::shell::{THEME_COOKIE, Theme};
use crate::state::WebState;

/// How long a browser keeps its name, in seconds: a year.
const BROWSER_LIFE_S: i64 = 365 * 86_400;

/// What the names of cookies begin with, which browsers hold to a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    /// No promise: over plain HTTP on one's own machine.
    None,
    /// Set over TLS, by this host alone, for all of it.
    Host,
    /// Set over TLS: what is left where the pages lie under a path.
    Secure,
}

/// Names of the cookies with the access token, the refresh token and the browser's name.
type Names = [&'static str; 3];

impl Prefix {
    const fn names(self) -> Names {
        match self {
            Self::None => ["dayline", "dayline-renew", "dayline-browser"],
            Self::Host => ["__Host-dayline", "__Host-dayline-renew", "__Host-dayline-browser"],
            Self::Secure => ["__Secure-dayline", "__Secure-dayline-renew", "__Secure-dayline-browser"],
        }
    }
}

/// The cookies as a request has them and as its answer sets them.
pub(crate) struct Jar {
    prefix: Prefix,
    path: String,
    /// How long a session may rest, in seconds.
    idle_s: i64,
}

impl Jar {
    /// The cookies of a request.
    pub(crate) fn of(web: &WebState, headers: &HeaderMap, client: Option<IpAddr>) -> Self {
        let secure = must_be_secure(&web.kit.config, headers, client);
        let prefix = match (secure, web.base.is_empty()) {
            (false, _) => Prefix::None,
            (true, true) => Prefix::Host,
            (true, false) => Prefix::Secure,
        };
        let path = if web.base.is_empty() { "/".to_owned() } else { web.base.clone() };
        Self { prefix, path, idle_s: web.app.rules.sessions.idle_ms / 1_000 }
    }

    /// Whether browsers keep the cookies only if they come over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.prefix != Prefix::None
    }

    /// The access token.
    pub(crate) fn access(&self, headers: &HeaderMap) -> Option<String> {
        text(headers, self.prefix.names()[0])
    }

    /// The refresh token.
    pub(crate) fn renew(&self, headers: &HeaderMap) -> Option<String> {
        text(headers, self.prefix.names()[1])
    }

    /// The device that the browser is.
    pub(crate) fn browser(&self, headers: &HeaderMap) -> Option<DeviceId> {
        text(headers, self.prefix.names()[2]).and_then(|name| DeviceId::new(&name).ok())
    }

    /// Puts a session into the answer.
    pub(crate) fn keep(&self, tokens: &Tokens, response: &mut Response) {
        let [access, renew, _] = self.prefix.names();
        self.set(access, &tokens.access_token, tokens.expires_in_s, response);
        self.set(renew, &tokens.refresh_token, self.idle_s, response);
    }

    /// Puts the browser's name into the answer.
    pub(crate) fn keep_browser(&self, device: &DeviceId, response: &mut Response) {
        self.set(self.prefix.names()[2], device.as_str(), BROWSER_LIFE_S, response);
    }

    /// Takes the session out of the browser; its name stays.
    pub(crate) fn forget(&self, response: &mut Response) {
        let [access, renew, _] = self.prefix.names();
        self.set(access, "", 0, response);
        self.set(renew, "", 0, response);
    }

    /// Whether an answer sets the session, or takes it out.
    pub(crate) fn is_set_by(&self, response: &Response) -> bool {
        let [access, ..] = self.prefix.names();
        let mut set = response.headers().get_all(header::SET_COOKIE).iter();
        set.any(|cookie| {
            cookie.as_bytes().strip_prefix(access.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
        })
    }

    /// Puts the theme into the answer. It is no secret, but no script needs it.
    pub(crate) fn keep_theme(&self, theme: Theme, response: &mut Response) {
        self.set(THEME_COOKIE, theme.name(), BROWSER_LIFE_S, response);
    }

    fn set(&self, name: &str, text: &str, max_age_s: i64, response: &mut Response) {
        let cookie = SecretCookie { name, path: &self.path, same_site: SameSite::Lax };
        if let Some(value) = cookie.set(text, max_age_s, self.is_secure()) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

fn text(headers: &HeaderMap, name: &'static str) -> Option<String> {
    let forms = Forms { cookie: Some(name), ..Forms::default() };
    Credential::of(headers, None, forms).map(|credential| credential.secret().to_owned())
}

#[cfg(test)]
mod tests {
    use dayline_contract::fakes::FakeApp;
    use dayline_http_kit::{KitConfig, KitState, Metrics};

    use super::*;

    fn names(public_url: Option<&str>, host: &str, client: &str) -> (Names, String) {
        let config = KitConfig { public_url: public_url.map(str::to_owned), ..KitConfig::default() };
        let kit = KitState::new(FakeApp::default().app, Metrics::new([]), config).unwrap();
        let web = WebState::new(kit);
        let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
        let jar = Jar::of(&web, &headers, client.parse().ok());
        (jar.prefix.names(), jar.path)
    }

    #[test]
    fn names_promise_what_the_address_can_hold() {
        let (none, host, secure) = (Prefix::None.names(), Prefix::Host.names(), Prefix::Secure.names());
        let cases = [
            (None, "localhost:8080", "127.0.0.1", none, "/"),
            (Some("http://localhost:8080/time"), "localhost:8080", "127.0.0.1", none, "/time"),
            (None, "localhost:8080", "192.0.2.1", host, "/"),
            (None, "dayline.example.org", "127.0.0.1", host, "/"),
            (Some("https://dayline.example.org"), "localhost:8080", "127.0.0.1", host, "/"),
            (Some("https://example.org/time/"), "localhost:8080", "127.0.0.1", secure, "/time"),
        ];
        for (public_url, host, client, expected, path) in cases {
            assert_eq!(
                names(public_url, host, client),
                (expected, path.to_owned()),
                "{public_url:?} {host} {client}"
            );
        }
    }
}
