//! `/sign-in`, `/sign-out` and `/session/renew`: the session of this browser.

use askama::Template;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use dayline_app::identity::accounts;
use dayline_app::identity::login::{self, Login};
use dayline_app::identity::sessions;
use dayline_app::{AppError, Kind};
use dayline_domain::Email;
use dayline_http_kit::Problem;
use dayline_http_kit::address::ClientAddress;
use dayline_http_kit::query::{FromParams, Params, Query};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::forms::{Back, Form};
use crate::page::Page;
use crate::refusal::Refusal;
use crate::session::{Jar, Visitor, browser_name, new_browser, renewed};
use crate::shell::Shell;
use crate::show::sentence;
use crate::state::{Web, WebState};

/// Where the page leads afterwards.
pub(crate) struct Asked {
    next: String,
}

impl FromParams for Asked {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { next: params.optional("next", str::parse).unwrap_or_default() }
    }
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    shell: Shell,
    email: String,
    next: Back,
    problem: Option<String>,
    /// Whether this browser will not keep the session, since it seems to be here over plain HTTP.
    over_plain_http: bool,
    /// Whether there is a page to register on.
    may_register: bool,
}

/// The form.
pub(crate) async fn page(
    State(web): State<Web>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let page = SignInPage {
        shell: Shell::new(&web, &headers),
        email: String::new(),
        next: Back::from_text(&asked.next),
        problem: None,
        over_plain_http: is_over_plain_http(&Jar::of(&web, &headers, address), &headers),
        may_register: may_register(&web),
    };
    Ok(Page::of(&page)?.answer(&headers))
}

fn may_register(web: &WebState) -> bool {
    !web.only_device && accounts::check_open(&web.app).is_ok()
}

/// Browsers say from where they ask over TLS and on their own machine alone, and keep our cookies there
/// alone too.
fn is_over_plain_http(jar: &Jar, headers: &HeaderMap) -> bool {
    jar.is_secure() && !headers.contains_key("sec-fetch-site")
}

/// Signs this browser in.
pub(crate) async fn sign_in(
    State(web): State<Web>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Refusal> {
    let next = Back::from_text(form.text("next"));
    let jar = Jar::of(&web, &headers, address);
    let signed_in = match Email::new(form.text("email")) {
        Ok(email) => {
            sign_browser_in(&web, &jar, &headers, (email, form.text("password")), &next, address).await
        }
        // What is no address has no account.
        Err(_) => Err(AppError::InvalidCredentials),
    };
    let error = match signed_in {
        Ok(response) => return Ok(response),
        Err(error) if is_told_here(error.kind()) => error,
        Err(error) => return Err(error.into()),
    };
    let page = SignInPage {
        shell: Shell::new(&web, &headers),
        email: form.text("email").to_owned(),
        next,
        problem: Some(told(&error)),
        over_plain_http: is_over_plain_http(&jar, &headers),
        may_register: may_register(&web),
    };
    let problem = Problem::from(error);
    let mut response = Page::of(&page)?.with_status(problem.status()).answer(&headers);
    if let Some(seconds) = problem.retry_after_s() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

/// Whether the form is shown again with what is wrong.
fn is_told_here(kind: Kind) -> bool {
    matches!(kind, Kind::Unauthenticated | Kind::Forbidden | Kind::TooMany)
}

fn told(error: &AppError) -> String {
    match error.retry_after_s() {
        Some(seconds) => format!("Too many tries. Wait {seconds} seconds, then try again."),
        None => sentence(error.detail()),
    }
}

/// Signs in as the device that this browser is, and leads to a page. What it has of a session before
/// proves that it is no stranger.
///
/// # Errors
/// As [`login::login`].
pub(crate) async fn sign_browser_in(
    web: &WebState,
    jar: &Jar,
    headers: &HeaderMap,
    (email, password): (Email, &str),
    next: &Back,
    address: Option<std::net::IpAddr>,
) -> Result<Response, AppError> {
    let device = jar.browser(headers).or_else(|| new_browser(&web.app));
    let device = device.ok_or_else(|| AppError::Internal("a browser's name is none".into()))?;
    let login = Login {
        email,
        password: password.to_owned(),
        device: device.clone(),
        device_name: browser_name(headers),
        refresh_token: jar.renew(headers),
        address,
    };
    let tokens = login::login(&web.app, login).await?;
    let mut response = Redirect::to(&format!("{}{}", web.base, next.as_str())).into_response();
    jar.keep(&tokens, &mut response);
    jar.keep_browser(&device, &mut response);
    Ok(response)
}

/// Ends this session.
pub(crate) async fn sign_out(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    sessions::logout(&web.app, &caller).await?;
    let mut response = Redirect::to(&format!("{}/sign-in", web.base)).into_response();
    Jar::of(&web, &headers, address).forget(&mut response);
    // What the browser has kept of the pages.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}

/// Renews the session for a page that is open; its scripts ask for it.
pub(crate) async fn renew(State(web): State<Web>, request: Request) -> Result<Response, Refusal> {
    let (parts, _) = request.into_parts();
    let jar = Jar::of(&web, &parts.headers, ClientAddress::of(&parts, &web.kit).0);
    match renewed(&web, &jar, &parts).await {
        Ok((_, tokens)) => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            jar.keep(&tokens, &mut response);
            Ok(response)
        }
        Err(error) if error.kind() == Kind::Unauthenticated => {
            let mut response = Refusal::from(error).into_response();
            jar.forget(&mut response);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}
