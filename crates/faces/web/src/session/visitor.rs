//! Who asks for a page: whoever the access token in the cookie says. Where that has ended and the browser
//! asks for a page to show, the session is renewed on the way, so that the first answer has the data.

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use dayline_app::identity::caller::Caller;
use dayline_app::identity::refresh;
use dayline_app::identity::tokens::Tokens;
use dayline_app::{AppError, Kind};
use dayline_http_kit::address::ClientAddress;
use dayline_http_kit::caller::caller_by;
use http::{HeaderMap, Method, request};

use crate::forms::sign_in_and_back;
use crate::refusal::Refusal;
use crate::session::cookies::Jar;
use crate::state::{Web, WebState};

/// The person who is signed in.
pub(crate) struct Visitor(pub(crate) Caller);

impl FromRequestParts<Web> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut request::Parts, _: &Web) -> Result<Self, Refusal> {
        let found = parts.extensions.get::<Caller>().cloned();
        found.map(Self).ok_or_else(|| AppError::NotSignedIn.into())
    }
}

/// Lets those in who are signed in, for [`Visitor`] to name; all others are led to the sign-in.
pub(crate) async fn let_in(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let jar = Jar::of(&web, &parts.headers, ClientAddress::of(&parts, &web.kit).0);
    let (caller, fresh) = match visitor(&web, &jar, &parts).await {
        Ok(found) => found,
        Err(error) if error.kind() == Kind::Unauthenticated => {
            return sign_in_first(&web, &jar, &parts, error);
        }
        Err(error) => return Refusal::from(error).into_response(),
    };
    parts.extensions.insert(caller);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    // An answer that sets the session itself has ended it, or begun another.
    if let Some(tokens) = fresh.filter(|_| !jar.is_set_by(&response)) {
        jar.keep(&tokens, &mut response);
    }
    response
}

/// Who asks, and the tokens of their session if it was renewed for it.
async fn visitor(
    web: &WebState,
    jar: &Jar,
    parts: &request::Parts,
) -> Result<(Caller, Option<Tokens>), AppError> {
    let refused = match jar.access(&parts.headers) {
        Some(token) => match session_by(web, parts, &token).await {
            Ok(caller) => return Ok((caller, None)),
            Err(error) if error.kind() != Kind::Unauthenticated => return Err(error),
            Err(error) => error,
        },
        None => AppError::NotSignedIn,
    };
    if !shows_a_page(&parts.headers) {
        return Err(refused);
    }
    let (caller, tokens) = renewed(web, jar, parts).await?;
    Ok((caller, Some(tokens)))
}

/// The session of the refresh token in the cookie, renewed.
///
/// # Errors
/// [`AppError::NotSignedIn`] without one; as [`refresh::refresh`].
pub(crate) async fn renewed(
    web: &WebState,
    jar: &Jar,
    parts: &request::Parts,
) -> Result<(Caller, Tokens), AppError> {
    let token = jar.renew(&parts.headers).ok_or(AppError::NotSignedIn)?;
    let tokens = refresh::refresh(&web.app, &token, ClientAddress::of(parts, &web.kit).0).await?;
    let caller = session_by(web, parts, &tokens.access_token).await?;
    Ok((caller, tokens))
}

/// Who the token says. Keys are for trackers: one in a cookie is nobody's session.
async fn session_by(web: &WebState, parts: &request::Parts, token: &str) -> Result<Caller, AppError> {
    let caller = caller_by(&web.kit, parts, token).await?;
    if caller.session().is_some() { Ok(caller) } else { Err(AppError::NotSignedIn) }
}

/// Leads a page that a person looks at to the sign-in and back; what a script asks for is refused.
fn sign_in_first(web: &WebState, jar: &Jar, parts: &request::Parts, error: AppError) -> Response {
    let is_for_a_script = parts.headers.contains_key(DEST) && !shows_a_page(&parts.headers);
    if is_for_a_script {
        return Refusal::from(error).into_response();
    }
    let back = (parts.method == Method::GET).then_some(&parts.uri);
    let mut response = Redirect::to(&sign_in_and_back(&web.base, back)).into_response();
    // Only here the refresh token was asked for too, and is good no more.
    if shows_a_page(&parts.headers) {
        jar.forget(&mut response);
    }
    response
}

/// What a browser is going to do with the answer.
const DEST: &str = "sec-fetch-dest";

fn shows_a_page(headers: &HeaderMap) -> bool {
    headers.get(DEST).is_some_and(|dest| dest == "document")
}
