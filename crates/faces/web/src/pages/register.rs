//! `/register`: an account of one's own.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::identity::accounts::{self, Registration};
use dayline_domain::{Email, FullName, NewPassword};
use dayline_http_kit::Problem;
use dayline_http_kit::address::ClientAddress;
use dayline_http_kit::registration::RegistrationOpen;
use http::{HeaderMap, header};

use crate::forms::{Back, Form};
use crate::page::Page;
use crate::refusal::Refusal;
use crate::session::Jar;
use crate::shell::Shell;
use crate::show::sentence;
use crate::state::{Web, WebState};

/// Where a person begins who has just registered.
const FIRST_PAGE: &str = "/connect";

#[derive(Template)]
#[template(path = "register.html")]
struct RegisterPage {
    shell: Shell,
    form: Form,
    problem: Option<String>,
}

/// The form.
pub(crate) async fn page(
    State(web): State<Web>,
    _: RegistrationOpen,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let page = RegisterPage { shell: Shell::new(&web, &headers), form: Form::default(), problem: None };
    Ok(Page::of(&page)?.answer(&headers))
}

/// Makes the account and signs this browser in.
pub(crate) async fn register(
    State(web): State<Web>,
    _: RegistrationOpen,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    mut form: Form,
) -> Result<Response, Refusal> {
    let Some(registration) = read(&web, &mut form, address) else {
        return again(&web, &headers, form, &AppError::Invalid(Vec::new()));
    };
    let email = registration.email.clone();
    match accounts::register(&web.app, registration).await {
        Ok(_) => {}
        Err(AppError::Invalid(errors)) => {
            form.refuse(errors);
            return again(&web, &headers, form, &AppError::Invalid(Vec::new()));
        }
        Err(error @ (AppError::EmailTaken | AppError::TooMany(_))) => {
            return again(&web, &headers, form, &error);
        }
        Err(error) => return Err(error.into()),
    }
    let jar = Jar::of(&web, &headers, address);
    let (first, password) = (Back::from_text(FIRST_PAGE), form.text("password"));
    let signed_in = super::sign_in::sign_browser_in(&web, &jar, &headers, (email, password), &first, address);
    Ok(signed_in.await?)
}

fn read(web: &WebState, form: &mut Form, address: Option<std::net::IpAddr>) -> Option<Registration> {
    let full_name = form.read_field("full_name", FullName::new);
    let email = form.read_field("email", Email::new);
    let password = form.read_field("password", NewPassword::new);
    let zone = |text: &str| match text.trim() {
        "" => Ok(None),
        name => accounts::find_zone(&web.app, name).map(Some),
    };
    let timezone = form.read_field("timezone", zone);
    let (full_name, email, password) = (full_name?, email?, password?);
    Some(Registration { full_name, email, password, timezone: timezone?, address })
}

/// The form again, with what is wrong.
fn again(web: &WebState, headers: &HeaderMap, form: Form, error: &AppError) -> Result<Response, Refusal> {
    let problem = match error {
        AppError::Invalid(_) => None,
        AppError::TooMany(limit) => {
            Some(format!("Too many accounts from here. Try again in {} seconds.", limit.retry_after_s))
        }
        other => Some(sentence(other.detail())),
    };
    let page = RegisterPage { shell: Shell::new(web, headers), form, problem };
    let told = Problem::from(error.clone());
    let mut response = Page::of(&page)?.with_status(told.status()).answer(headers);
    if let Some(seconds) = told.retry_after_s() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(response)
}
