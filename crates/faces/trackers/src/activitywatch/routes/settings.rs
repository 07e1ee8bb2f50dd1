//! `/settings`: what trackers' own pages remember at their server.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::tracking::tracker_settings;
use dayline_domain::Scope;
use dayline_domain::tracker_setting::{MAX_VALUE, SettingName, SettingValue};
use dayline_http_kit::Problem;
use dayline_http_kit::body::{self, Coding};
use http::request;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Sender, private};
use crate::activitywatch::refusal::Refusal;
use crate::activitywatch::state::ActivityWatch;

/// Most bytes of a value as it is sent, white space and all.
const MAX_BODY: usize = 2 * MAX_VALUE;

/// The setting in a path.
pub(in crate::activitywatch) struct PathSetting(SettingName);

impl FromRequestParts<Arc<ActivityWatch>> for PathSetting {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut request::Parts,
        state: &Arc<ActivityWatch>,
    ) -> Result<Self, Refusal> {
        let path: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, state).await;
        let text = path.map(|Path(text)| text).unwrap_or_default();
        let name = SettingName::new(&text).map_err(|error| AppError::field("key", error.to_string()))?;
        Ok(Self(name))
    }
}

/// All settings of the caller.
pub(in crate::activitywatch) async fn list(
    State(aw): State<Arc<ActivityWatch>>,
    Sender(caller): Sender,
) -> Result<Response, Refusal> {
    let stored = tracker_settings::list(&aw.app, &caller).await?;
    let all: BTreeMap<&str, &RawValue> =
        stored.iter().map(|(name, value)| (name.as_str(), json(value))).collect();
    Ok(private(&all))
}

/// One of them; null if it was never set.
pub(in crate::activitywatch) async fn show(
    State(aw): State<Arc<ActivityWatch>>,
    Sender(caller): Sender,
    PathSetting(name): PathSetting,
) -> Result<Response, Refusal> {
    let stored = tracker_settings::show(&aw.app, &caller, name).await?;
    Ok(private(&stored.as_ref().map(json)))
}

/// Sets one.
pub(in crate::activitywatch) async fn set(
    State(aw): State<Arc<ActivityWatch>>,
    Sender(caller): Sender,
    PathSetting(name): PathSetting,
    request: Request,
) -> Result<Response, Refusal> {
    caller.require(Scope::Track)?;
    let (parts, body) = request.into_parts();
    let body = body::receive(&aw.kit, &parts, body, MAX_BODY, Coding::Gzip(caller.user)).await?;
    let value: Value = serde_json::from_str(body.text()?).map_err(|_| unreadable())?;
    drop(body);
    let stored = SettingValue::new(value.to_string()).ok_or_else(too_long)?;
    tracker_settings::set(&aw.app, &caller, name, stored).await?;
    Ok(private(&value))
}

/// Forgets one, if it was set.
pub(in crate::activitywatch) async fn delete(
    State(aw): State<Arc<ActivityWatch>>,
    Sender(caller): Sender,
    PathSetting(name): PathSetting,
) -> Result<Response, Refusal> {
    tracker_settings::delete(&aw.app, &caller, name).await?;
    Ok(private(&None::<()>))
}

/// A stored value. No door lets in what is none.
fn json(value: &SettingValue) -> &RawValue {
    serde_json::from_str(value.as_str()).unwrap_or(RawValue::NULL)
}

fn unreadable() -> Problem {
    Problem::malformed("invalid_setting", "a setting is one json value")
}

fn too_long() -> Problem {
    Problem::too_large("setting_too_long", format!("a setting must have at most {MAX_VALUE} bytes"))
}
