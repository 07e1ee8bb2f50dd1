//! An API key, without its text.

use dayline_app::ports::ApiKey;
use dayline_domain::{Scope, Scopes};
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::ToSchema;

/// What a key may allow, by the names that clients know.
const SCOPES: [(&str, Scope); 2] = [("track", Scope::Track), ("read", Scope::Read)];

/// The scope of a name.
pub(crate) fn scope(name: &str) -> Result<Scope, &'static str> {
    let known = SCOPES.iter().find(|(known, _)| *known == name);
    known.map(|(_, scope)| *scope).ok_or("must be a list of track, read or both")
}

/// The names of scopes.
pub(crate) fn scope_names(scopes: Scopes) -> Vec<&'static str> {
    SCOPES.iter().filter(|(_, scope)| scopes.allows(*scope)).map(|(name, _)| *name).collect()
}

/// What a key may allow.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the names in SCOPES")]
pub(crate) enum ApiKeyScope {
    /// Send pings.
    Track,
    /// Read the timeline and reports.
    Read,
}

/// A key, without its text.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct KeyItem {
    /// Identity, for deleting it.
    #[schema(format = Uuid)]
    pub(crate) id: String,
    /// What the person calls it.
    #[schema(example = "Tracker on the workstation")]
    name: String,
    /// What requests with it may do.
    #[schema(value_type = Vec<ApiKeyScope>)]
    scopes: Vec<&'static str>,
    /// When it was made.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    created_at: String,
    /// When it was used last, to about a minute; null if never.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    last_used_at: Option<String>,
    /// When it ends; null if never.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

impl From<&ApiKey> for KeyItem {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name.as_str().to_owned(),
            scopes: scope_names(key.scopes),
            created_at: instant::utc(key.created_at),
            last_used_at: key.last_used_at.map(instant::utc),
            expires_at: key.expires_at.map(instant::utc),
        }
    }
}
