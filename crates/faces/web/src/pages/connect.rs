//! `/connect`: connects a tracker of some kind, by a key or by a code, and waits until it is heard.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use dayline_app::AppError;
use dayline_app::identity::api_keys::{self, NewKey};
use dayline_app::identity::caller::Caller;
use dayline_app::identity::connect::{Client, Recipe, Step};
use dayline_app::identity::key_text::KeyFormat;
use dayline_app::ports::ApiKey;
use dayline_domain::identity::account::Label;
use dayline_domain::{ApiKeyId, Scope, Scopes};
use dayline_http_kit::Problem;
use dayline_http_kit::address::{ClientAddress, own_url};
use dayline_http_kit::query::{FromParams, Params, Query};
use http::{HeaderMap, HeaderValue, header};

use crate::forms::Form;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::shell::{Place, Shell};
use crate::show::{ago, sentence};
use crate::state::{Web, WebState};

/// What most people who make a key by hand want it for.
const USUAL: &str = "curl";

/// Which kind of tracker is to be connected.
pub(crate) struct Chosen {
    client: Option<&'static Client>,
}

impl FromParams for Chosen {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { client: params.optional("client", tracker) }
    }
}

fn tracker(id: &str) -> Result<&'static Client, &'static str> {
    Client::of(id).ok_or("must be a tracker that the page offers")
}

#[derive(Template)]
#[template(path = "connect.html")]
struct ConnectPage {
    shell: Shell,
    /// The tracker that was chosen, and what connects it if it needs no key.
    chosen: Option<&'static Client>,
    steps: Vec<Step>,
    warning: Option<&'static str>,
    form: Form,
    problem: Option<String>,
}

/// The first step: which tracker, and how it is called.
pub(crate) async fn page(
    State(web): State<Web>,
    Visitor(_): Visitor,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Query(Chosen { client }): Query<Chosen>,
) -> Result<Response, Refusal> {
    let url = own_url(&web.kit.config, &headers, address);
    let recipe = client.map(|client| client.recipe(&url, None));
    let form = match (client, &recipe) {
        (Some(client), Some(recipe)) => form_for(client, recipe),
        _ => usual_form(),
    };
    let steps = recipe.as_ref().filter(|recipe| recipe.key.is_none()).map(|recipe| recipe.steps.clone());
    let page = ConnectPage {
        shell: Shell::at(&web, &headers, Place::Devices),
        chosen: client,
        steps: steps.unwrap_or_default(),
        warning: recipe.and_then(|recipe| recipe.warning),
        form,
        problem: None,
    };
    Ok(Page::of(&page)?.answer(&headers))
}

/// What most people need.
pub(super) fn usual_form() -> Form {
    Form::with(&[("client", USUAL), ("name", "workstation"), ("track", "on")])
}

/// The key that a tracker needs, to be made.
fn form_for(client: &Client, recipe: &Recipe) -> Form {
    let tick = |scope| if recipe.key.is_some_and(|key| key.scopes.allows(scope)) { "on" } else { "" };
    let [track, read] = [Scope::Track, Scope::Read].map(tick);
    Form::with(&[("client", client.id), ("name", "workstation"), ("track", track), ("read", read)])
}

#[derive(Template)]
#[template(path = "connect_key.html")]
struct KeyPage {
    shell: Shell,
    id: String,
    name: String,
    key: String,
    /// Where the API is.
    api: String,
    /// What to do with the key, if it allows what its tracker needs.
    steps: Vec<Step>,
    warning: Option<&'static str>,
}

/// Makes a key and shows it, this once.
pub(crate) async fn make_key(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    mut form: Form,
) -> Result<Response, Refusal> {
    let name = form.read_field("name", Label::new);
    let client = if form.ticked("client") { form.read_field("client", tracker) } else { tracker(USUAL).ok() };
    let chosen = [("track", Scope::Track), ("read", Scope::Read)].into_iter();
    let chosen = chosen.filter(|(field, _)| form.ticked(field));
    let scopes = chosen.fold(Scopes::NONE, |scopes, (_, scope)| scopes.with(scope));
    let wrong = api_keys::wrong_with(&web.app, scopes, None);
    let (Some(name), Some(client), true) = (name, client, wrong.is_empty()) else {
        form.refuse(wrong);
        return again(&web, &headers, form, AppError::Invalid(Vec::new()));
    };
    let url = own_url(&web.kit.config, &headers, address);
    let needed = client.recipe(&url, None).key;
    let format = needed.map_or(KeyFormat::Prefixed, |needed| needed.format);
    let made = api_keys::create(&web.app, &caller, NewKey { name, scopes, expires_at: None, format }).await;
    let (key, text) = match made {
        Ok(made) => made,
        Err(AppError::Invalid(errors)) => {
            form.refuse(errors);
            return again(&web, &headers, form, AppError::Invalid(Vec::new()));
        }
        Err(AppError::TooManyKeys) => return again(&web, &headers, form, AppError::TooManyKeys),
        Err(error) => return Err(error.into()),
    };
    let does = needed.is_some_and(|needed| {
        [Scope::Track, Scope::Read].iter().all(|scope| scopes.allows(*scope) || !needed.scopes.allows(*scope))
    });
    let Recipe { steps, warning, .. } = client.recipe(&url, Some(&text));
    let page = KeyPage {
        shell: Shell::at(&web, &headers, Place::Devices),
        id: key.id.to_string(),
        name: key.name.as_str().to_owned(),
        api: format!("{url}/api/v1"),
        steps: if does { steps } else { Vec::new() },
        warning: warning.filter(|_| does),
        key: text,
    };
    Ok(Page::of(&page)?.secret_answer())
}

fn again(web: &WebState, headers: &HeaderMap, form: Form, error: AppError) -> Result<Response, Refusal> {
    let problem = (!matches!(error, AppError::Invalid(_))).then(|| sentence(error.detail()));
    let page = ConnectPage {
        shell: Shell::at(web, headers, Place::Devices),
        chosen: Client::of(form.text("client")),
        steps: Vec::new(),
        warning: None,
        form,
        problem,
    };
    Ok(Page::of(&page)?.with_status(Problem::from(error).status()).answer(headers))
}

/// Which key is waited for.
pub(crate) struct Asked {
    key: Option<ApiKeyId>,
}

impl FromParams for Asked {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { key: params.optional("key", str::parse) }
    }
}

#[derive(Template)]
#[template(path = "connect_wait.html")]
struct WaitPage {
    shell: Shell,
    name: String,
    /// When the tracker was heard, if it was.
    heard: Option<String>,
}

/// Whether the tracker was heard; the page asks again by itself until it was.
pub(crate) async fn wait(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let key = find(&web, &caller, asked.key).await?;
    let now = web.app.clock.now();
    let page = WaitPage {
        shell: Shell::at(&web, &headers, Place::Devices),
        name: key.name.as_str().to_owned(),
        heard: key.last_used_at.map(|at| ago(now, at)),
    };
    Ok(Page::of(&page)?.answer(&headers))
}

/// The same for the script of the page that shows the key.
pub(crate) async fn heard(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let key = find(&web, &caller, asked.key).await?;
    let mut response = format!("{{\"heard\":{}}}", key.last_used_at.is_some()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The caller's key with this identity; somebody else's is not found.
async fn find(web: &WebState, caller: &Caller, id: Option<ApiKeyId>) -> Result<ApiKey, AppError> {
    let keys = api_keys::list(&web.app, caller).await?;
    keys.into_iter().find(|key| Some(key.id) == id).ok_or(AppError::NotFound)
}
