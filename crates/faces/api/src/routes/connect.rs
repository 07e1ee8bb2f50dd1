//! `/connect/{client}`: what connects a tracker that somebody has already.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::identity::connect::{self, Client, Recipe};
use dayline_app::identity::key_text::KeyFormat;
use dayline_domain::Scope;
use dayline_domain::identity::account::Label;
use dayline_http_kit::address::{ClientAddress, own_url};
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::fields::{Fields, FromFields, Json};
use dayline_http_kit::json::private_json;
use dayline_http_kit::problem::{Problem, ProblemBody};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::{BodyProblems, SignedInProblems};
use crate::routes::api_keys::{KeyLooks, MadeKey};
use crate::state::Api;
use crate::views::api_key::{ApiKeyScope, KeyItem, scope_names};

/// A tracker to be connected.
#[derive(ToSchema)]
#[schema(as = ConnectBody)]
pub(crate) struct ToConnect {
    /// What its key is called, 1–100 characters; also its device, unless it names one itself.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "workstation")]
    name: Label,
}

impl FromFields for ToConnect {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { name: fields.required("name", Label::new)? })
    }
}

/// What connects a tracker.
#[derive(Serialize, ToSchema)]
#[schema(as = Connection)]
pub(crate) struct ConnectionItem {
    /// How the tracker is called in addresses.
    #[schema(example = "wakatime")]
    client: &'static str,
    /// How it is called by people.
    #[schema(example = "Editors")]
    title: &'static str,
    /// What it is, in a sentence.
    about: &'static str,
    /// Where this server is, as people reach it.
    #[schema(example = "https://dayline.example.org")]
    url: String,
    /// The key it needs, as `POST /api/v1/api-keys` takes it; null if it signs in by itself.
    needs_key: Option<NeededKeyItem>,
    /// What is to be done, in this order.
    steps: Vec<StepItem>,
    /// What one should know before; null if there is nothing.
    warning: Option<&'static str>,
}

/// A key that a tracker needs.
#[derive(Serialize, ToSchema)]
#[schema(as = NeededKey)]
struct NeededKeyItem {
    /// What it must allow.
    #[schema(value_type = Vec<ApiKeyScope>)]
    scopes: Vec<&'static str>,
    /// How it must look.
    #[schema(value_type = KeyLooks)]
    format: &'static str,
}

/// Something to be done.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectionStep)]
struct StepItem {
    /// Where something is to be pasted, or what is to be done instead.
    #[schema(example = "In ~/.wakatime.cfg")]
    what: &'static str,
    /// What is to be pasted, with `KEY` in the place of a key that is not made; null if nothing.
    #[schema(example = "[settings]\napi_url = https://dayline.example.org/api/v1\napi_key = KEY")]
    paste: Option<String>,
}

impl ConnectionItem {
    fn new(client: &Client, url: String, Recipe { key, steps, warning }: Recipe) -> Self {
        let needs_key = key.map(|key| NeededKeyItem {
            scopes: scope_names(key.scopes),
            format: match key.format {
                KeyFormat::Prefixed => "prefixed",
                KeyFormat::Uuid => "uuid",
            },
        });
        let steps = steps.into_iter().map(|step| StepItem { what: step.what, paste: step.paste }).collect();
        let Client { id, title, about, .. } = *client;
        Self { client: id, title, about, url, needs_key, steps, warning }
    }
}

/// A tracker that has what it needs.
#[derive(Serialize, ToSchema)]
pub(crate) struct Connected {
    #[serde(flatten)]
    connection: ConnectionItem,
    /// The key that was made for it and stands in its steps; null if it needs none.
    api_key: Option<MadeKey>,
}

/// The one kind of tracker in a path. What can't be read names none.
fn find(client: Result<Path<String>, PathRejection>) -> Result<&'static Client, AppError> {
    client.ok().and_then(|Path(client)| Client::of(&client)).ok_or(AppError::NotFound)
}

/// What connects a tracker. Kinds are `dayline-tracker`, `activitywatch`, `awatcher`, `aw-watcher-web`, `wakatime` and
/// `curl`. No key is made.
#[utoipa::path(
    get, path = "/api/v1/connect/{client}", tag = "api-keys", operation_id = "get_connection",
    params(("client" = String, Path, example = "wakatime", description = "The kind of tracker")),
    responses(
        (status = 200, body = ConnectionItem, description = "What to do"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json",
            description = "There is no such kind of tracker"),
        SignedInProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    client: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    caller.require(Scope::Account)?;
    let client = find(client)?;
    let url = own_url(&api.kit.config, &headers, address);
    let recipe = client.recipe(&url, None);
    Ok(private_json(&ConnectionItem::new(client, url, recipe)))
}

/// Make what connects a tracker: the key it needs, which is in this answer only, and what to do with it.
#[utoipa::path(
    post, path = "/api/v1/connect/{client}", tag = "api-keys", operation_id = "connect", request_body = ToConnect,
    params(("client" = String, Path, example = "wakatime", description = "The kind of tracker")),
    responses(
        (status = 200, body = Connected, description = "It needs no key, and none was made"),
        (status = 201, body = Connected, description = "The key exists now"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json",
            description = "There is no such kind of tracker"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json",
            description = "`too_many_keys`: one person may have 50"),
        SignedInProblems, BodyProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn connect(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    client: Result<Path<String>, PathRejection>,
    Json(ToConnect { name }): Json<ToConnect>,
) -> Result<Response, Problem> {
    caller.require(Scope::Account)?;
    let client = find(client)?;
    let url = own_url(&api.kit.config, &headers, address);
    let (recipe, made) = connect::connect(&api.app, &caller, client, name, &url).await?;
    let status = if made.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    let api_key = made.map(|(key, text)| MadeKey { item: KeyItem::from(&key), key: text });
    let mut response =
        private_json(&Connected { connection: ConnectionItem::new(client, url, recipe), api_key });
    *response.status_mut() = status;
    Ok(response)
}
