//! Lists: when there was coding, on what, with what, and whose key it is.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::reporting::coding::{all_days, coding, runs};
use dayline_app::reporting::reports::{DaysAsked, device_names, resolve_days};
use dayline_domain::report::Grouping;
use dayline_domain::{DeviceName, Language, Piece, Project};
use dayline_http_kit::Problem;
use dayline_http_kit::json::private_json;
use dayline_http_kit::query::{FromParams, Params, Query};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::amount::{name_or_none, seconds};
use super::asked::Asked;
use super::mine::Mine;
use super::refusal::Refusal;
use super::state::Wakatime;
use super::summary::ends;

/// Which projects are asked for.
pub(super) struct Search {
    /// A part of the name, in any case.
    part: Option<String>,
}

impl FromParams for Search {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { part: params.optional("q", str::parse) }
    }
}

/// When there was coding on a day: the runs of one activity.
pub(super) async fn durations(
    State(state): State<Arc<Wakatime>>,
    Mine(caller): Mine,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let app = &state.app;
    let days = asked.days(app, &caller).await?;
    if days.from != days.to {
        return Err(AppError::field("date", "must be given: durations are of one day").into());
    }
    let names = device_names(app, &caller, Grouping::Devices).await?;
    let told = |piece: &Piece| {
        let (activity, device) = (&piece.source.activity, &piece.source.device);
        json!({
            "time": seconds(piece.interval.start().0), "duration": seconds(piece.interval.ms()),
            "project": name_or_none(activity.project.as_ref().map(Project::as_str)),
            "language": name_or_none(activity.language.as_ref().map(Language::as_str)),
            "editor": activity.app.as_str(),
            "machine": names.get(device).map_or(device.as_str(), DeviceName::as_str),
        })
    };
    let data: Vec<Value> = runs(app, &caller, &days).await?.iter().map(told).collect();
    let (start, end) = ends(&days);
    Ok(private_json(&json!({"data": data, "start": start, "end": end, "timezone": days.zone.name()})))
}

/// All projects there ever were, most first.
pub(super) async fn projects(
    State(state): State<Arc<Wakatime>>,
    Mine(caller): Mine,
    Query(Search { part }): Query<Search>,
) -> Result<Response, Refusal> {
    let _slot = state.long_answers.claim(caller.user).map_err(Problem::from)?;
    let days = all_days(&state.app, &caller, None).await?;
    let coding = coding(&state.app, &caller, &days).await?;
    let part = part.unwrap_or_default().to_lowercase();
    let projects = coding.projects.iter().filter_map(|(project, _)| project.as_ref().map(Project::as_str));
    let wanted = projects.filter(|name| name.to_lowercase().contains(&part));
    let told = wanted.map(|name| {
        let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
        json!({"id": name, "name": name, "urlencoded_name": encoded})
    });
    Ok(private_json(&json!({"data": told.collect::<Vec<_>>()})))
}

/// The programs that ever sent coding. User agents are not kept, only whose they were.
pub(super) async fn user_agents(
    State(state): State<Arc<Wakatime>>,
    Mine(caller): Mine,
) -> Result<Response, Refusal> {
    let _slot = state.long_answers.claim(caller.user).map_err(Problem::from)?;
    let days = all_days(&state.app, &caller, None).await?;
    let coding = coding(&state.app, &caller, &days).await?;
    let told = coding.editors.iter().map(|(app, _)| {
        let editor = app.as_str();
        json!({"id": editor, "value": editor, "editor": editor, "version": null, "os": null})
    });
    Ok(private_json(&json!({"data": told.collect::<Vec<_>>()})))
}

/// Whose key it is; by this clients see whether it is one. It has nothing of the account but its identity and
/// its time zone, since a key that reads does not read more of it elsewhere either.
pub(super) async fn user(
    State(state): State<Arc<Wakatime>>,
    Mine(caller): Mine,
) -> Result<Response, Refusal> {
    let today = resolve_days(&state.app, &caller, DaysAsked::default()).await?;
    let id = caller.user.to_string();
    let user = json!({"id": id, "username": id, "display_name": id, "full_name": null, "email": null, "photo": null,
        "timezone": today.zone.name(), "is_email_public": false, "plan": null});
    Ok(private_json(&json!({"data": user})))
}
