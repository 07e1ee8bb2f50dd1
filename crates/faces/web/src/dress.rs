//! What every answer of this face has around it: the headers that keep its pages to themselves, and a
//! page where it is a refusal.

use std::net::IpAddr;

use askama::Template;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use dayline_http_kit::RequestId;
use dayline_http_kit::address::ClientAddress;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::page::Page;
use crate::refusal::Refused;
use crate::session::Jar;
use crate::shell::{Place, Shell};
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
    /// By what the answer is found in the log.
    request: Option<String>,
}

/// Answers a request with all of that.
pub(crate) async fn dress(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let client = ClientAddress::of(&parts, &web.kit).0;
    let request = Request::from_parts(parts, body);
    let headers = request.headers().clone();
    let mut response = next.run(request).await;
    if let Some(refused) = response.extensions_mut().remove::<Refused>() {
        // Of other refusals the log says nothing.
        let id = if refused.status.is_server_error() { web.kit.request_id(&headers) } else { None };
        response = as_page(shell(&web, &headers, client), id, refused, response);
    }
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What is around a refusal: for who seems to be signed in, also where there is to go.
fn shell(web: &WebState, headers: &HeaderMap, client: Option<IpAddr>) -> Shell {
    match Jar::of(web, headers, client).access(headers) {
        Some(_) => Shell::at(web, headers, Place::Elsewhere),
        None => Shell::new(web, headers),
    }
}

/// The refusal as a page; what the log is to know stays with it.
fn as_page(shell: Shell, id: Option<RequestId>, refused: Refused, response: Response) -> Response {
    let page = RefusedPage {
        shell,
        title: title(refused.status),
        refused,
        request: id.as_ref().and_then(|RequestId(id)| id.to_str().ok()).map(str::to_owned),
    };
    let Ok(rendered) = Page::of(&page) else { return response };
    let (mut parts, _) = response.into_parts();
    let (page, body) = rendered.secret_answer().into_parts();
    parts.headers.remove(header::WWW_AUTHENTICATE);
    parts.headers.extend(page.headers);
    if let Some(id) = id {
        parts.extensions.insert(id);
    }
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
