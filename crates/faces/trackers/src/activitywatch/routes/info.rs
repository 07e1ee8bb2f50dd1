//! `/info`: asked first, by everybody. Most watchers don't start if it is refused.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use dayline_app::identity::caller::Caller;
use dayline_app::tracking::buckets;
use serde::Serialize;

use super::private;
use crate::activitywatch::state::ActivityWatch;
use dayline_foreign::activitywatch::WINDOWS;

/// What is said of a computer whose name is not known.
const UNKNOWN: &str = "unknown";

#[derive(Serialize)]
struct Info {
    hostname: String,
    version: &'static str,
    testing: bool,
    device_id: &'static str,
}

/// Who the server is. The name of the computer is the caller's own, as their window watcher knows it, so that what
/// other trackers with the same key tell meets it there; who may not be known is told none.
pub(in crate::activitywatch) async fn show(
    State(aw): State<Arc<ActivityWatch>>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let hostname = match aw.caller(&parts).await {
        Ok(caller) => host_of(&aw, &caller).await,
        Err(_) => UNKNOWN.to_owned(),
    };
    let version = concat!("dayline ", env!("CARGO_PKG_VERSION"));
    let testing = aw.door.as_ref().is_some_and(|door| door.testing);
    private(&Info { hostname, version, testing, device_id: "dayline" })
}

/// The name of the computer that the caller's key is used on.
pub(super) async fn host_of(aw: &ActivityWatch, caller: &Caller) -> String {
    if let Some(door) = &aw.door {
        return door.device.as_str().to_owned();
    }
    let newest = buckets::newest_of_key(&aw.app, caller, WINDOWS).await.ok().flatten();
    newest.map_or_else(|| UNKNOWN.to_owned(), |stored| stored.bucket.host.as_str().to_owned())
}
