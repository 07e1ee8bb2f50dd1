//! The cookies of a session: what is read from them, and how they are set.

use std::net::IpAddr;

use axum::response::Response;
use dayline_app::identity::tokens::Tokens;
use dayline_domain::DeviceId;
use dayline_http_kit::cookie::{SameSite, SecretCookie};
use dayline_http_kit::credential::{Credential, Forms};
use dayline_http_kit::page_cookies::PageCookies;
use http::{HeaderMap, header};

use crate::shell::{THEME_COOKIE, Theme};
use crate::state::WebState;

/// How long a browser keeps its name, in seconds: a year.
const BROWSER_LIFE_S: i64 = 365 * 86_400;

/// The cookies as a request has them and as its answer sets them.
pub(crate) struct Jar {
    cookies: PageCookies,
    /// How long a session may rest, in seconds.
    idle_s: i64,
}

impl Jar {
    /// The cookies of a request.
    pub(crate) fn of(web: &WebState, headers: &HeaderMap, client: Option<IpAddr>) -> Self {
        let cookies = PageCookies::of(&web.kit.config, headers, client);
        Self { cookies, idle_s: web.app.rules.sessions.idle_ms / 1_000 }
    }

    /// Whether browsers keep the cookies only if they come over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.cookies.secure
    }

    /// The access token.
    pub(crate) fn access(&self, headers: &HeaderMap) -> Option<String> {
        text(headers, self.cookies.access)
    }

    /// The refresh token.
    pub(crate) fn renew(&self, headers: &HeaderMap) -> Option<String> {
        text(headers, self.cookies.renew)
    }

    /// The device that the browser is.
    pub(crate) fn browser(&self, headers: &HeaderMap) -> Option<DeviceId> {
        text(headers, self.cookies.browser).and_then(|name| DeviceId::new(&name).ok())
    }

    /// Puts a session into the answer.
    pub(crate) fn keep(&self, tokens: &Tokens, response: &mut Response) {
        self.set(self.cookies.access, &tokens.access_token, tokens.expires_in_s, response);
        self.set(self.cookies.renew, &tokens.refresh_token, self.idle_s, response);
    }

    /// Puts the browser's name into the answer.
    pub(crate) fn keep_browser(&self, device: &DeviceId, response: &mut Response) {
        self.set(self.cookies.browser, device.as_str(), BROWSER_LIFE_S, response);
    }

    /// Takes the session out of the browser; its name stays.
    pub(crate) fn forget(&self, response: &mut Response) {
        self.set(self.cookies.access, "", 0, response);
        self.set(self.cookies.renew, "", 0, response);
    }

    /// Whether an answer sets the session, or takes it out.
    pub(crate) fn is_set_by(&self, response: &Response) -> bool {
        let access = self.cookies.access;
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
        let cookie = SecretCookie { name, path: &self.cookies.path, same_site: SameSite::Lax };
        if let Some(value) = cookie.set(text, max_age_s, self.is_secure()) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

fn text(headers: &HeaderMap, name: &'static str) -> Option<String> {
    let forms = Forms { cookie: Some(name), ..Forms::default() };
    Credential::of(headers, None, forms).map(|credential| credential.secret().to_owned())
}
