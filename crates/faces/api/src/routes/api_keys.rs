//! `/api-keys`: long-lived keys for trackers. A key's text is in the answer that makes it and
//! nowhere else.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use dayline_app::identity::api_keys::{self, NewKey};
use dayline_app::identity::key_text::KeyFormat;
use dayline_domain::id::ApiKeyKind;
use dayline_domain::identity::account::Label;
use dayline_domain::{Scope, Scopes, UtcMs};
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::fields::{Fields, FromFields, Json};
use dayline_http_kit::instant;
use dayline_http_kit::json::private_json;
use dayline_http_kit::path::PathId;
use dayline_http_kit::problem::{Problem, ProblemBody};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::{BodyProblems, SignedInProblems};
use crate::state::Api;
use crate::views::api_key::{ApiKeyScope, KeyItem, scope};
use crate::views::location::set_location;

/// A key to be made.
#[derive(ToSchema)]
pub(crate) struct NewApiKey {
    /// What the person calls it, 1–100 characters; also the device of pings sent with it.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "Tracker on the workstation")]
    name: Label,
    /// `track` to send pings, `read` to read the timeline and reports.
    #[schema(value_type = Vec<ApiKeyScope>, min_items = 1)]
    scopes: Scopes,
    /// When it ends (RFC 3339 with an offset); never if left out.
    #[schema(value_type = Option<String>, format = DateTime, nullable, required = false)]
    expires_at: Option<UtcMs>,
    /// How the key looks. `uuid`, without a prefix, is for clients that take no other text, as those of WakaTime.
    #[schema(value_type = Option<KeyLooks>, nullable, required = false)]
    format: KeyFormat,
}

/// How a key looks.
#[derive(ToSchema)]
#[schema(as = ApiKeyFormat, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the names that `format` takes")]
pub(crate) enum KeyLooks {
    /// `dlk_` and 43 letters, digits, `-` and `_`: 256 random bits. As if left out.
    Prefixed,
    /// A UUID of version 4: 122 random bits.
    Uuid,
}

fn format(name: &str) -> Result<KeyFormat, &'static str> {
    match name {
        "prefixed" => Ok(KeyFormat::Prefixed),
        "uuid" => Ok(KeyFormat::Uuid),
        _ => Err("must be prefixed or uuid"),
    }
}

impl FromFields for NewApiKey {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", Label::new);
        let scopes = fields.list("scopes", scope);
        let expires_at = fields.optional("expires_at", instant::parse);
        let format = fields.optional("format", format).unwrap_or_default();
        let scopes = scopes.map(|scopes| scopes.into_iter().fold(Scopes::NONE, Scopes::with));
        // What could not be read was told already.
        let some = Scopes::NONE.with(Scope::Track);
        fields.refuse(api_keys::wrong_with(fields.app(), scopes.unwrap_or(some), expires_at));
        Some(Self { name: name?, scopes: scopes?, expires_at, format })
    }
}

/// My keys.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyList {
    /// The newest comes first. Expired keys are shown until they are deleted.
    api_keys: Vec<KeyItem>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeKey {
    #[serde(flatten)]
    pub(crate) item: KeyItem,
    /// The key itself, to be used like an access token. It is never shown again.
    #[schema(example = "dlk_…")]
    pub(crate) key: String,
}

/// My keys, without their texts.
#[utoipa::path(
    get, path = "/api/v1/api-keys", tag = "api-keys", operation_id = "list_api_keys",
    responses((status = 200, body = KeyList, description = "All that were not deleted"), SignedInProblems),
    security(("session" = [])),
)]
pub(crate) async fn list(State(api): State<Api>, SignedIn(caller): SignedIn) -> Result<Response, Problem> {
    let keys = api_keys::list(&api.app, &caller).await?;
    Ok(private_json(&KeyList { api_keys: keys.iter().map(KeyItem::from).collect() }))
}

/// Make a key. Its text is in this answer only.
#[utoipa::path(
    post, path = "/api/v1/api-keys", tag = "api-keys", operation_id = "create_api_key", request_body = NewApiKey,
    responses(
        (status = 201, body = MadeKey, description = "The key exists now"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json",
            description = "`too_many_keys`: one person may have 50"),
        SignedInProblems, BodyProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(NewApiKey { name, scopes, expires_at, format }): Json<NewApiKey>,
) -> Result<Response, Problem> {
    let new = NewKey { name, scopes, expires_at, format };
    let (key, text) = api_keys::create(&api.app, &caller, new).await?;
    let item = KeyItem::from(&key);
    let path = format!("/api/v1/api-keys/{}", item.id);
    let mut response = private_json(&MadeKey { item, key: text });
    *response.status_mut() = StatusCode::CREATED;
    set_location(&mut response, &api.kit.config, &path);
    Ok(response)
}

/// Delete a key. It is refused from now on.
#[utoipa::path(
    delete, path = "/api/v1/api-keys/{id}", tag = "api-keys", operation_id = "delete_api_key",
    params(("id" = String, Path, format = Uuid, description = "The key's identity")),
    responses(
        (status = 204, description = "The key is gone"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json",
            description = "I have no such key"),
        SignedInProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<ApiKeyKind>,
) -> Result<Response, Problem> {
    api_keys::delete(&api.app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
