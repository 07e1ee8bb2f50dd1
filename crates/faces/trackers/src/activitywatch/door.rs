//! The door for trackers of the server's own computer, which can send no credential at all: whoever can call it is
//! taken for one person. So it is for this computer alone, and for no page of a browser.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use dayline_app::identity::caller::Caller;
use dayline_app::ports::CredentialId;
use dayline_app::{App, AppError};
use dayline_domain::{DeviceId, Scope, Scopes, SessionId, UserId};
use dayline_http_kit::{Kit, KitState, Problem};
use http::uri::Authority;
use http::{HeaderMap, header};

use super::refusal::Refusal;

/// By what names this computer calls itself.
const OWN_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Who is behind the door.
#[derive(Debug, Clone)]
pub struct Door {
    /// Whose trackers they are.
    pub user: UserId,
    /// The computer.
    pub device: DeviceId,
    /// Whether who calls may also read.
    pub may_read: bool,
    /// Whether they are told that this is a server for tests.
    pub testing: bool,
}

impl Door {
    /// Who sent a request, as long as there is such a person.
    ///
    /// # Errors
    /// [`AppError::NotSignedIn`] if there is not; when the store is away.
    pub(super) async fn caller(&self, app: &App) -> Result<Caller, AppError> {
        app.accounts.find(self.user).await?.ok_or(AppError::NotSignedIn)?;
        let scopes = Scopes::NONE.with(Scope::Track);
        Ok(Caller {
            user: self.user,
            device: Arc::new(self.device.clone()),
            // No session has this identity, so that none can be ended or told apart by it.
            credential: CredentialId::Session(SessionId::from_bits(0)),
            scopes: if self.may_read { scopes.with(Scope::Read) } else { scopes },
            address: None,
        })
    }
}

/// Lets only programs of this computer pass, and extensions that the kit's settings allow.
pub(super) fn guarded(routes: Router, kit: &Kit) -> Router {
    routes.layer(from_fn_with_state(Arc::clone(kit), guard))
}

async fn guard(State(kit): State<Kit>, request: Request, next: Next) -> Response {
    match check(&kit, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => Refusal::from(problem).into_response(),
    }
}

/// A page of some site can make its browser call this computer, by a name of its own that leads here, too.
fn check(kit: &KitState, headers: &HeaderMap) -> Result<(), Problem> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    if !host.is_some_and(|host| OWN_NAMES.iter().any(|name| host.host().eq_ignore_ascii_case(name))) {
        return Err(Problem::malformed("invalid_host", "Host header is invalid"));
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let allowed = &kit.config.allowed_origins;
    let is_allowed = origin.to_str().is_ok_and(|origin| allowed.iter().any(|allowed| allowed.admits(origin)));
    if is_allowed { Ok(()) } else { Err(Problem::foreign_origin()) }
}
