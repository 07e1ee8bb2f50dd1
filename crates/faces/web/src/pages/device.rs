//! `/device`: a person approves a device that shows a code, so that it never sees a password. Nothing is
//! approved without a click.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::identity::{accounts, device_login};
use dayline_domain::identity::device_login::DeviceLogin;
use dayline_http_kit::Problem;
use dayline_http_kit::query::{FromParams, Params, Query};
use http::HeaderMap;

use crate::forms::Form;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::shell::{Place, Shell};
use crate::show::sentence;
use crate::state::{Web, WebState};

/// The code that the device shows, in any case, with or without the hyphen.
pub(crate) struct Asked {
    user_code: String,
}

impl FromParams for Asked {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { user_code: params.optional("user_code", str::parse).unwrap_or_default() }
    }
}

#[derive(Template)]
#[template(path = "device.html")]
struct DevicePage {
    shell: Shell,
    /// Whose device it is to be.
    who: String,
    code: String,
    problem: Option<String>,
    step: Step,
}

enum Step {
    /// Which code?
    Enter,
    /// Is this the device?
    Decide(Waiting),
    /// It is done.
    Approved,
    Denied,
}

/// A device that waits.
struct Waiting {
    code: String,
    device: String,
    name: Option<String>,
    network: Option<String>,
    minutes_ago: i64,
}

impl Waiting {
    fn of(web: &WebState, login: DeviceLogin) -> Self {
        Self {
            code: login.user_code.to_string(),
            device: login.device.as_str().to_owned(),
            name: login.device_name.map(|name| name.as_str().to_owned()),
            network: login.address.map(String::from),
            minutes_ago: web.app.clock.now().since(login.created_at) / 60_000,
        }
    }
}

/// Asks for the code, or shows the device that waits behind it.
pub(crate) async fn page(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let who = accounts::profile(&web.app, &caller).await?.email.as_str().to_owned();
    let code = asked.user_code.trim().to_owned();
    if code.is_empty() {
        return show(&web, &headers, who, code, Ok(Step::Enter));
    }
    let found = device_login::look_up(&web.app, &caller, &code).await;
    let step = found.map(|login| Step::Decide(Waiting::of(&web, login)));
    show(&web, &headers, who, code, step)
}

/// What the person has decided.
pub(crate) async fn decide(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Refusal> {
    let who = accounts::profile(&web.app, &caller).await?.email.as_str().to_owned();
    let code = form.text("user_code").to_owned();
    let (approve, step) = match form.text("decision") {
        "approve" => (true, Step::Approved),
        "deny" => (false, Step::Denied),
        _ => return show(&web, &headers, who, code, Ok(Step::Enter)),
    };
    let decided = device_login::decide(&web.app, &caller, &code, approve).await;
    show(&web, &headers, who, code, decided.map(|_| step))
}

/// The page at this step; at the first one, with what is wrong, after an error that a person can mend.
fn show(
    web: &WebState,
    headers: &HeaderMap,
    who: String,
    code: String,
    step: Result<Step, AppError>,
) -> Result<Response, Refusal> {
    let shell = Shell::at(web, headers, Place::Devices);
    let (step, problem, status) = match step {
        Ok(step) => (step, None, http::StatusCode::OK),
        Err(AppError::Invalid(errors)) => {
            let problem = errors.first().map(|error| sentence(&format!("this {}", error.detail)));
            (Step::Enter, problem, Problem::from(AppError::Invalid(errors)).status())
        }
        Err(error) => return Err(error.into()),
    };
    let page = DevicePage { shell, who, code, problem, step };
    Ok(Page::of(&page)?.with_status(status).secret_answer())
}
