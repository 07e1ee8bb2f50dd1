//! `/users/me/audit`: what happened to my account.

use axum::extract::State;
use axum::response::Response;
use dayline_app::identity::audit::{self, MAX_ENTRIES};
use dayline_http_kit::Problem;
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::json::private_json;
use dayline_http_kit::query::{FromParams, Params, Query};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::openapi::SignedInProblems;
use crate::state::Api;
use crate::views::audit_entry::AuditEntry;

/// Entries in one answer if nothing else is asked for.
const ENTRIES: usize = 50;

/// Which entries.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EntriesAsked {
    /// Only entries with ids below this one: the `next_before` of the answer before.
    #[param(nullable = false)]
    before: Option<u64>,
    /// Most entries in the answer.
    #[param(value_type = Option<u64>, nullable = false, minimum = 1, maximum = 200, default = 50)]
    limit: usize,
}

impl FromParams for EntriesAsked {
    fn from_params(params: &mut Params<'_>) -> Self {
        let before = |text: &str| text.parse().map_err(|_| "must be the id of an entry");
        let limit = |text: &str| match text.parse() {
            Ok(limit @ 1..=MAX_ENTRIES) => Ok(limit),
            _ => Err("must be a number from 1 to 200"),
        };
        Self {
            before: params.optional("before", before),
            limit: params.optional("limit", limit).unwrap_or(ENTRIES),
        }
    }
}

/// Part of my audit log.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditPage<'a> {
    /// The newest comes first.
    entries: Vec<AuditEntry<'a>>,
    /// For `before`, to get the entries after these; null if there are none.
    #[schema(example = 17)]
    next_before: Option<u64>,
}

/// What happened to my account: sign-ins, failures, revocations, changes of password and keys.
#[utoipa::path(
    get, path = "/api/v1/users/me/audit", tag = "users", operation_id = "audit_entries", params(EntriesAsked),
    responses(
        (status = 200, body = AuditPage<'_>, description = "Entries, the newest first"),
        SignedInProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn entries(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Query(EntriesAsked { before, limit }): Query<EntriesAsked>,
) -> Result<Response, Problem> {
    let entries = audit::entries(&api.app, &caller, before, limit).await?;
    let is_full = entries.len() == limit;
    let next_before = entries.last().filter(|_| is_full).map(|entry| entry.id);
    let entries = entries.iter().map(AuditEntry::from).collect();
    Ok(private_json(&AuditPage { entries, next_before }))
}
