//! What every answer of this face has around it: the headers that keep its pages to themselves, and a
//! page where it is a refusal.

use askama::Template;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::page::Page;
use crate::refusal::Refused;
use crate::shell::Shell;
use crate::state::{Web, WebState};

/// Everything from here, nothing inline, no frame around it, forms sent nowhere else. Text becomes markup in
/// one place of the scripts alone (`parts.js`), where pages of ours are read.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types dayline";

const HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    // Not `no-referrer`: with it browsers send `Origin: null` with forms, and could not say that a form is ours.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    // For browsers that don't know frame-ancestors.
    (header::X_FRAME_OPTIONS, "DENY"),
];

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage {
    shell: Shell,
    title: &'static str,
    refused: Refused,
}

/// Answers a request with all of that.
pub(crate) async fn dress(State(web): State<Web>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let mut response = next.run(request).await;
    if let Some(refused) = response.extensions_mut().remove::<Refused>() {
        response = as_page(&web, &headers, refused, response);
    }
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The refusal as a page; what the log is to know stays with it.
fn as_page(web: &WebState, request: &HeaderMap, refused: Refused, response: Response) -> Response {
    let page = RefusedPage { shell: Shell::new(web, request), title: title(refused.status), refused };
    let Ok(rendered) = Page::of(&page) else { return response };
    let (mut parts, _) = response.into_parts();
    let (page, body) = rendered.secret_answer().into_parts();
    parts.headers.remove(header::WWW_AUTHENTICATE);
    parts.headers.extend(page.headers);
    Response::from_parts(parts, body).into_response()
}

/// What a person is told first.
fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "You are signed out",
        StatusCode::FORBIDDEN => "This was not accepted",
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::CONFLICT => "This does not go together",
        StatusCode::TOO_MANY_REQUESTS => "One moment, please",
        status if status.is_client_error() => "This can't be shown",
        StatusCode::SERVICE_UNAVAILABLE => "Not available just now",
        _ => "Something went wrong",
    }
}
