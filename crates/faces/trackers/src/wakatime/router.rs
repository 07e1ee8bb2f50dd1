//! The list of this wire's routes. Not here: what a route does; that is at its handler.

use std::sync::Arc;

use axum::routing::{MethodRouter, get, post};
use dayline_http_kit::Router;
use dayline_http_kit::router::with_state;

use super::receive::receive;
use super::state::Wakatime;
use super::{lists, nothing, totals};

/// What clients are given as the address of a server ends with one of these.
const PREFIXES: [&str; 3] = ["/api", "/api/v1", "/api/compat/wakatime/v1"];

/// The routes under each prefix.
fn table() -> Vec<(&'static str, MethodRouter<Arc<Wakatime>>)> {
    vec![
        ("/users/{user}/heartbeats.bulk", post(receive)),
        ("/users/{user}/heartbeats", post(receive)),
        ("/heartbeats", post(receive)),
        ("/heartbeat", post(receive)),
        ("/users/{user}", get(lists::user)),
        ("/users/{user}/statusbar/today", get(totals::status_bar)),
        ("/users/{user}/summaries", get(totals::summaries)),
        ("/users/{user}/all_time_since_today", get(totals::all_time)),
        ("/users/{user}/stats", get(totals::usual_stats)),
        ("/users/{user}/stats/{range}", get(totals::stats)),
        ("/users/{user}/durations", get(lists::durations)),
        ("/users/{user}/projects", get(lists::projects)),
        ("/users/{user}/user_agents", get(lists::user_agents)),
        ("/users/{user}/file_experts", post(nothing::file_experts)),
        ("/users/{user}/goals/{id}", get(nothing::goal)),
        ("/plugins/errors", post(nothing::plug_in_error)),
    ]
}

fn routes() -> impl Iterator<Item = (String, MethodRouter<Arc<Wakatime>>)> {
    PREFIXES.into_iter().flat_map(|prefix| {
        table().into_iter().map(move |(path, methods)| (format!("{prefix}{path}"), methods))
    })
}

/// The patterns of all routes, to be counted one by one.
pub fn route_patterns() -> Vec<String> {
    routes().map(|(pattern, _)| pattern).collect()
}

/// All routes.
pub fn router(state: Wakatime) -> Router {
    let table = routes().fold(Router::new(), |all, (pattern, methods)| all.route(&pattern, methods));
    with_state(table, Arc::new(state))
}
