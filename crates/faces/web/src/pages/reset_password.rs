//! `/reset-password/{secret}`: a new password by a link that an operator made.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::identity::reset_link;
use dayline_domain::NewPassword;
use dayline_http_kit::address::ClientAddress;
use http::{HeaderMap, StatusCode};

use crate::forms::Form;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::shell::Shell;
use crate::state::{Web, WebState};

#[derive(Template)]
#[template(path = "reset_password.html")]
struct ResetPage {
    shell: Shell,
    secret: String,
    form: Form,
    step: Step,
}

/// How far somebody is who has a link.
enum Step {
    Choose,
    Saved,
    /// It is none, was used or has expired.
    NoLink,
}

/// The form. It uses nothing up: programs that look at what is behind links in messages ask for it too.
pub(crate) async fn page(
    State(web): State<Web>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Path(secret): Path<String>,
) -> Result<Response, Refusal> {
    let step = match reset_link::look_up(&web.app, &secret, address).await {
        Ok(()) => Step::Choose,
        Err(AppError::NotFound) => Step::NoLink,
        Err(error) => return Err(error.into()),
    };
    show(&web, &headers, secret, Form::default(), step)
}

/// Sets the password.
pub(crate) async fn reset(
    State(web): State<Web>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Path(secret): Path<String>,
    mut form: Form,
) -> Result<Response, Refusal> {
    let Some(new) = form.read_field("new_password", NewPassword::new) else {
        return show(&web, &headers, secret, form, Step::Choose);
    };
    let step = match reset_link::redeem(&web.app, &secret, new, address).await {
        Ok(()) => Step::Saved,
        Err(AppError::NotFound) => Step::NoLink,
        Err(error) => return Err(error.into()),
    };
    show(&web, &headers, secret, form, step)
}

fn show(
    web: &WebState,
    headers: &HeaderMap,
    secret: String,
    form: Form,
    step: Step,
) -> Result<Response, Refusal> {
    let status = match step {
        Step::Choose if form.is_wrong() => StatusCode::UNPROCESSABLE_ENTITY,
        Step::Choose | Step::Saved => StatusCode::OK,
        Step::NoLink => StatusCode::NOT_FOUND,
    };
    let page = ResetPage { shell: Shell::new(web, headers), secret, form, step };
    Ok(Page::of(&page)?.with_status(status).secret_answer())
}
