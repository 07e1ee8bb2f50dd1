//! `/aliases`: what my apps are called.

use axum::extract::State;
use axum::response::Response;
use dayline_app::FieldError;
use dayline_app::reporting::labels;
use dayline_domain::AppName;
use dayline_domain::labels::{Alias, Aliases};
use dayline_http_kit::Problem;
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::fields::{Fields, FromFields, Json};
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::{BodyProblems, SignedInProblems};
use crate::state::Api;
use crate::views::category::AliasItem;
use dayline_http_kit::json::private_json;

/// What my apps are called.
#[derive(ToSchema)]
#[schema(as = AliasesBody)]
pub(crate) struct AliasesBody {
    /// At most 200; of two that are about one app the last holds.
    #[schema(value_type = Vec<AliasBody>, max_items = 200)]
    aliases: Vec<Alias>,
}

/// What an app is called.
#[derive(ToSchema)]
#[schema(as = AliasBody)]
#[expect(dead_code, reason = "describes what is read as an alias")]
struct AliasBody {
    /// One of its own names; upper and lower case, and `.exe` behind it, make no difference.
    #[schema(min_length = 1, max_length = 255, example = "firefox.exe")]
    app_name: String,
    /// What it is to be called in reports and on pages.
    #[schema(min_length = 1, max_length = 255, example = "Firefox")]
    shown_as: String,
}

impl FromFields for AliasesBody {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        if !fields.is_given("aliases") {
            fields.refuse(vec![FieldError::new("aliases", "is missing")]);
        }
        let aliases = fields.objects("aliases", |fields| {
            let (app, shown) =
                (fields.required("app_name", AppName::new), fields.required("shown_as", AppName::new));
            Some(Alias { app: app?, shown: shown? })
        });
        Some(Self { aliases: aliases? })
    }
}

/// What my apps are called.
#[derive(Serialize, ToSchema)]
pub(crate) struct AliasList<'a> {
    /// What I said, by the name of the app. All others are called as most people call them, or by their own
    /// name without `.exe`.
    aliases: Vec<AliasItem<'a>>,
}

impl<'a> From<&'a Aliases> for AliasList<'a> {
    fn from(aliases: &'a Aliases) -> Self {
        Self { aliases: aliases.said().map(AliasItem::from).collect() }
    }
}

/// What I call my apps.
#[utoipa::path(
    get, path = "/api/v1/aliases", tag = "categories", operation_id = "get_aliases",
    responses((status = 200, body = AliasList<'_>, description = "All that I said"), SignedInProblems),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn show(State(api): State<Api>, SignedIn(caller): SignedIn) -> Result<Response, Problem> {
    let labels = labels::labels(&api.app, &caller).await?;
    Ok(private_json(&AliasList::from(&labels.aliases)))
}

/// Say what my apps are called, in place of all that I said before.
///
/// Reports know an app by the name that it is shown by, also where they are asked for one app alone.
#[utoipa::path(
    put, path = "/api/v1/aliases", tag = "categories", operation_id = "set_aliases", request_body = AliasesBody,
    responses(
        (status = 200, body = AliasList<'_>, description = "All of the past follows from now on"),
        SignedInProblems, BodyProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn set(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(body): Json<AliasesBody>,
) -> Result<Response, Problem> {
    let aliases = labels::set_aliases(&api.app, &caller, body.aliases).await?;
    Ok(private_json(&AliasList::from(&aliases)))
}
