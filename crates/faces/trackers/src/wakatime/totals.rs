//! Totals of days: what status bars show of today, and sums of longer stretches.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::coding::coding;
use dayline_app::reporting::devices::DeviceNames;
use dayline_app::reporting::reports::{DaysAsked, device_names, resolve_days};
use dayline_app::{App, AppError};
use dayline_domain::report::{Grouping, LocalDays};
use dayline_http_kit::Problem;
use dayline_http_kit::instant;
use dayline_http_kit::json::private_json;
use dayline_http_kit::query::Query;
use serde_json::{Value, json};

use super::amount::{Amount, seconds};
use super::asked::{Asked, named};
use super::mine::Mine;
use super::refusal::Refusal;
use super::state::Wakatime;
use super::summary::{Parts, Summary, ends};

/// Most days that are summed up one by one.
const MAX_SUMMARIES: i32 = 31;
/// The stretch of which statistics are if nobody says.
const USUAL_STATS: &str = "last_7_days";

/// Today, for status bars. They take no other status than 200, and no numbers but integers.
pub(super) async fn status_bar(
    State(state): State<Arc<Wakatime>>,
    Mine(caller): Mine,
) -> Result<Response, Refusal> {
    let app = &state.app;
    let today = resolve_days(app, &caller, DaysAsked::default()).await?;
    let summary = Summary::new(&coding(app, &caller, &today).await?, &names(app, &caller).await?, &today);
    let cached_at = instant::utc(app.clock.now());
    Ok(private_json(&json!({"cached_at": cached_at, "data": summary, "has_team_features": false})))
}

/// Days one by one.
pub(super) async fn summaries(
    State(state): State<Arc<Wakatime>>,
    Mine(caller): Mine,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let app = &state.app;
    let days = asked.days(app, &caller).await?;
    let count = days.to.0 - days.from.0 + 1;
    if count > MAX_SUMMARIES {
        let detail = format!("must be less than {MAX_SUMMARIES} days after start; ask for stats of more");
        return Err(AppError::field("end", detail).into());
    }
    let _slot = state.long_answers.claim(caller.user).map_err(Problem::from)?;
    let names = names(app, &caller).await?;
    let (mut data, mut total_ms) = (Vec::new(), 0);
    for day in days.stretches(1) {
        let coding = coding(app, &caller, &day).await?;
        total_ms += coding.total_ms;
        data.push(Summary::new(&coding, &names, &day));
    }
    let (start, end) = ends(&days);
    let average = average(total_ms, &days);
    Ok(private_json(&json!({
        "data": data, "start": start, "end": end,
        "cumulative_total": amount(total_ms), "daily_average": average,
    })))
}

/// All there is, in one number.
pub(super) async fn all_time(
    State(state): State<Arc<Wakatime>>,
    Mine(caller): Mine,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let _slot = state.long_answers.claim(caller.user).map_err(Problem::from)?;
    let days = asked.all_days(&state.app, &caller).await?;
    let total = Amount::of(coding(&state.app, &caller, &days).await?.total_ms);
    let (start, end) = ends(&days);
    let range = json!({"start": start, "end": end, "start_date": days.from.to_string(),
        "end_date": days.to.to_string(), "timezone": days.zone.name()});
    let data = json!({"total_seconds": total.total_seconds, "text": total.text, "is_up_to_date": true, "range": range});
    Ok(private_json(&json!({"data": data})))
}

/// A usual stretch of days as a whole.
pub(super) async fn usual_stats(
    state: State<Arc<Wakatime>>,
    mine: Mine,
    asked: Query<Asked>,
) -> Result<Response, Refusal> {
    stats_of(USUAL_STATS, state, mine, asked).await
}

/// A stretch of days as a whole.
pub(super) async fn stats(
    state: State<Arc<Wakatime>>,
    mine: Mine,
    Path(path): Path<Vec<(String, String)>>,
    asked: Query<Asked>,
) -> Result<Response, Refusal> {
    let range = path.iter().find(|(name, _)| name == "range").map_or("", |(_, range)| range);
    stats_of(range, state, mine, asked).await
}

async fn stats_of(
    range: &str,
    State(state): State<Arc<Wakatime>>,
    Mine(caller): Mine,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let app = &state.app;
    let all = asked.all_days(app, &caller).await?;
    let days = named(range, all).ok_or(AppError::NotFound)?;
    let _slot = state.long_answers.claim(caller.user).map_err(Problem::from)?;
    let coding = coding(app, &caller, &days).await?;
    let total = Amount::of(coding.total_ms);
    let (start, end) = ends(&days);
    let mut data = json!(Parts::new(&coding, &names(app, &caller).await?));
    let average = average(coding.total_ms, &days);
    let told = json!({
        "range": range, "start": start, "end": end, "timezone": days.zone.name(),
        "total_seconds": total.total_seconds, "human_readable_total": total.text,
        "daily_average": average["seconds"], "human_readable_daily_average": average["text"],
        "days_including_holidays": average["days_including_holidays"],
        "status": "ok", "is_up_to_date": true, "percent_calculated": 100, "user_id": caller.user.to_string(),
    });
    if let (Value::Object(data), Value::Object(told)) = (&mut data, told) {
        data.extend(told);
    }
    Ok(private_json(&json!({"data": data})))
}

async fn names(app: &App, caller: &Caller) -> Result<DeviceNames, AppError> {
    device_names(app, caller, Grouping::Devices).await
}

fn amount(ms: i64) -> Value {
    let amount = Amount::of(ms);
    let mut told = json!(amount);
    told["seconds"] = json!(seconds(ms));
    told
}

/// What was coded on a day of some days, on average.
fn average(total_ms: i64, days: &LocalDays) -> Value {
    let count = i64::from(days.to.0 - days.from.0 + 1);
    let mut average = amount(total_ms / count);
    average["days_including_holidays"] = json!(count);
    average
}
