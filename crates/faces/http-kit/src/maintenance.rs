//! What is refused while an operator works on the store: every request that is to change something, but for the few that the
//! face names. So a route that is made one day is refused, too. Not here: what use cases do by themselves then.

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use dayline_app::AppError;

use crate::problem::Problem;
use crate::state::Face;

/// The routes, whose changes are refused in maintenance in the face's own way; but for those with one of these patterns.
pub fn refuse_changes<F: Face + Clone>(
    routes: Router<F>,
    face: &F,
    but: &'static [&'static str],
) -> Router<F> {
    if !face.kit().app.rules.maintenance {
        return routes;
    }
    routes.route_layer(from_fn(move |route: MatchedPath, request: Request, next: Next| async move {
        if request.method().is_safe() || but.contains(&route.as_str()) {
            return next.run(request).await;
        }
        F::Refusal::from(Problem::from(AppError::Maintenance)).into_response()
    }))
}
