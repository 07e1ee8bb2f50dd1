//! The end of an account: nothing is left of it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::identity::accounts;
use http::HeaderValue;

use super::{Asking, again};
use crate::forms::Form;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::session::{Jar, Visitor};
use crate::shell::Shell;
use crate::state::Web;

#[derive(Template)]
#[template(path = "data_deleted.html")]
struct DeletedPage {
    shell: Shell,
}

/// Deletes the account of who types its address and its password.
pub(crate) async fn delete(
    State(web): State<Web>,
    asking: Asking,
    mut form: Form,
) -> Result<Response, Refusal> {
    let (Visitor(caller), address, headers) = &asking;
    let email = accounts::profile(&web.app, caller).await?.email;
    let is_theirs = |text: &str| {
        let is_same = text.trim().to_lowercase() == email.as_str().to_lowercase();
        if is_same { Ok(()) } else { Err("is not the address of this account") }
    };
    if form.read_field("email", is_theirs).is_none() {
        return again(&web, &asking, form, AppError::Invalid(Vec::new())).await;
    }
    let password = form.text("password").to_owned();
    if let Err(error) = accounts::delete(&web.app, caller, password).await {
        return again(&web, &asking, form, error).await;
    }
    let mut response = Page::of(&DeletedPage { shell: Shell::new(&web, headers) })?.secret_answer();
    Jar::of(&web, headers, address.0).forget(&mut response);
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}
