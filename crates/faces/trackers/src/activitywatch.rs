//! The wire of ActivityWatch, `/api/0`: buckets, heartbeats and events of unchanged watchers.
//! Not here: joining heartbeats. `pulsetime` is not used for the timeline: its rule joins what belongs together, in whichever
//! order it comes. Beside it, events are kept as they came for people who chose that.

mod bucket_form;
mod door;
mod event;
mod event_item;
mod form_file;
mod hold;
mod query;
mod raw;
mod refusal;
mod routes;
mod state;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get, post};
use dayline_http_kit::Kit;
use dayline_http_kit::router::with_state;

pub use door::Door;
use routes::{buckets, events, export, heartbeat, import, info, query as queries, settings, stored_events};
pub use state::ActivityWatch;

type Route = (&'static str, MethodRouter<Arc<ActivityWatch>>);

fn routes() -> [Route; 13] {
    [
        ("/api/0/info", get(info::show)),
        ("/api/0/buckets", get(buckets::list)),
        ("/api/0/buckets/{id}", get(buckets::show).post(buckets::open).delete(buckets::delete)),
        ("/api/0/buckets/{id}/heartbeat", post(heartbeat::take)),
        ("/api/0/buckets/{id}/events", get(stored_events::list).post(events::take)),
        ("/api/0/buckets/{id}/events/count", get(stored_events::count)),
        ("/api/0/buckets/{id}/events/{event}", get(stored_events::show).delete(stored_events::delete)),
        ("/api/0/buckets/{id}/export", get(export::one)),
        ("/api/0/export", get(export::all)),
        ("/api/0/import", post(import::take)),
        ("/api/0/query", post(queries::answer)),
        ("/api/0/settings", get(settings::list)),
        ("/api/0/settings/{key}", get(settings::show).post(settings::set).delete(settings::delete)),
    ]
}

/// All routes.
pub fn router(state: ActivityWatch) -> Router {
    let routes = routes().into_iter().fold(Router::new(), |router, (path, route)| router.route(path, route));
    with_state(routes, Arc::new(state))
}

/// The same for trackers of the server's own computer that send no credential, and for nobody else.
pub fn door(kit: &Kit, door: Door) -> Router {
    door::guarded(router(ActivityWatch::behind(Arc::clone(kit), door)), kit)
}

/// The patterns of all routes, to be counted one by one.
pub fn route_patterns() -> Vec<String> {
    routes().iter().map(|(path, _)| (*path).to_owned()).collect()
}
