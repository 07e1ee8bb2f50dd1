//! `/users/me/audit`: what happened to my account.

use axum::extract::State;
use axum::response::Response;
use dayline_app::identity::audit::{self, MAX_ENTRIES};
use dayline_app::ports::StoredAuditEvent;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::private_json;
use crate::openapi::{QueryProblems, SignedInProblems};
use crate::problem::Problem;
use crate::request::Api;
use crate::request::caller::SignedIn;
use crate::request::query::{FromParams, Params, Query};
use crate::wire::instant;

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

/// Something that happened to my account.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEntry<'a> {
    /// Grows with time.
    #[schema(example = 42)]
    id: u64,
    /// When.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    at: String,
    /// What: `registered`, `signed_in`, `device_signed_in`, `sign_in_failed`, `device_approved`, `device_denied`,
    /// `token_reused`, `session_ended`, `sessions_ended`, `password_changed`, `password_reset`, `key_created`,
    /// `key_deleted`, and more in later releases.
    #[schema(example = "signed_in")]
    kind: &'static str,
    /// The device or key it was about.
    #[schema(example = "laptop")]
    subject: Option<&'a str>,
    /// The network it came from (IPv4 /24, IPv6 /48).
    #[schema(example = "192.0.2.0/24")]
    address: Option<&'a str>,
}

impl<'a> From<&'a StoredAuditEvent> for AuditEntry<'a> {
    fn from(StoredAuditEvent { id, event }: &'a StoredAuditEvent) -> Self {
        Self {
            id: *id,
            at: instant::utc(event.at),
            kind: event.kind.name(),
            subject: event.subject.as_deref(),
            address: event.address.as_deref(),
        }
    }
}

/// What happened to my account: sign-ins, failures, revocations, changes of password and keys.
#[utoipa::path(
    get, path = "/api/v1/users/me/audit", tag = "users", operation_id = "audit_entries", params(EntriesAsked),
    responses(
        (status = 200, body = AuditPage<'_>, description = "Entries, the newest first"),
        SignedInProblems, QueryProblems,
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
