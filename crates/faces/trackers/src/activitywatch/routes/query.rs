//! `/query`: what clients make of the events that somebody keeps.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use dayline_app::{AppError, FieldError};
use dayline_domain::Scope;
use dayline_domain::raw_event::EventRange;
use dayline_http_kit::Problem;
use dayline_http_kit::body::{self, Coding};
use serde::Deserialize;

use super::{Sender, private_json};
use crate::activitywatch::event::at;
use crate::activitywatch::query::{Query, Stopped, Wrong};
use crate::activitywatch::refusal::Refusal;
use crate::activitywatch::state::ActivityWatch;

/// Most bytes of a query: categories and names of apps may be many.
const MAX_BODY: usize = 256 << 10;
/// Most periods of a query: each day of a year.
const MAX_PERIODS: usize = 366;
/// Most bytes of an answer.
const MAX_ANSWER: usize = 16 << 20;

#[derive(Deserialize)]
struct Asked {
    timeperiods: Vec<String>,
    query: Vec<String>,
}

/// Answers a query, once for each period.
pub(in crate::activitywatch) async fn answer(
    State(aw): State<Arc<ActivityWatch>>,
    Sender(caller): Sender,
    request: Request,
) -> Result<Response, Refusal> {
    caller.require(Scope::Read)?;
    let _slot = aw.queries.claim(caller.user).map_err(Problem::from)?;
    let (parts, body) = request.into_parts();
    let body = body::receive(&aw.kit, &parts, body, MAX_BODY, Coding::Gzip(caller.user)).await?;
    let asked: Asked = serde_json::from_str(body.text()?).map_err(|_| unreadable())?;
    drop(body);
    if asked.timeperiods.len() > MAX_PERIODS {
        return Err(AppError::field("timeperiods", format!("must be at most {MAX_PERIODS}")).into());
    }
    let mut query = Query::read(&asked.query.join("\n")).map_err(wrong)?;
    let mut answer = vec![b'['];
    for (n, period) in asked.timeperiods.iter().enumerate() {
        let result = query.run(&aw, &caller, range(period)?).await.map_err(stopped)?;
        if n > 0 {
            answer.push(b',');
        }
        // Texts and numbers always serialise, and memory takes all bytes.
        let _ = serde_json::to_writer(&mut answer, &result);
        if answer.len() > MAX_ANSWER {
            return Err(wrong(Wrong("the answer is too long; ask for less at a time".into())).into());
        }
    }
    answer.push(b']');
    Ok(private_json(answer.into()))
}

/// A period: two moments with a slash between them.
fn range(period: &str) -> Result<EventRange, AppError> {
    let moments = period.split_once('/').and_then(|(from, to)| Some((at(from).ok()?, at(to).ok()?)));
    let (from, to) =
        moments.ok_or_else(|| AppError::field("timeperiods", "must be two moments with a slash between"))?;
    Ok(EventRange { from, to })
}

fn stopped(stopped: Stopped) -> Problem {
    match stopped {
        Stopped::Wrong(why) => wrong(why),
        Stopped::Failed(error) => error.into(),
    }
}

fn wrong(Wrong(why): Wrong) -> Problem {
    AppError::Invalid(vec![FieldError::new("query", format!("can't be answered: {why}"))]).into()
}

fn unreadable() -> Problem {
    Problem::malformed("invalid_query", "a query needs the lists of texts timeperiods and query")
}
