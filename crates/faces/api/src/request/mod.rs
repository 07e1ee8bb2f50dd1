//! Reading requests: body, query, path, caller, address. Every rejection is a problem of the one table.
//! Deliberately absent: what the values mean (domain) and whether the caller may (use cases).

pub(crate) mod address;
pub(crate) mod body;
pub(crate) mod budget;
pub(crate) mod caller;
pub(crate) mod cookie;
pub(crate) mod fields;
pub(crate) mod path;
pub(crate) mod places;
pub(crate) mod query;

use std::sync::Arc;

/// The state as axum hands it to extractors and handlers.
pub(crate) type Api = Arc<crate::ApiState>;
