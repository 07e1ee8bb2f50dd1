//! `/usage/corrections`: my own word about my timeline. Not here: what it means (the rule).

use axum::extract::State;
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::tracking::corrections::{self, ActivityChange, Change, Draft, EntryDraft};
use dayline_domain::correction::CorrectionKind;
use dayline_domain::{AppName, DeviceId, Domain, Interval, Language, Project, UtcMs};
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::fields::{Fields, FromFields, Json};
use dayline_http_kit::instant;
use dayline_http_kit::json::private_json;
use dayline_http_kit::packing::packed;
use dayline_http_kit::path::PathId;
use dayline_http_kit::problem::{Problem, ProblemBody};
use dayline_http_kit::query::{FromParams, Params, Query};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::openapi::{BodyProblems, SignedInProblems};
use crate::state::Api;
use crate::views::correction::CorrectionItem;
use crate::views::seconds::Seconds;

/// What I did, or with `erase` what is to be forgotten; at most 31 days long.
#[derive(ToSchema)]
pub(crate) struct NewCorrection {
    /// From when (RFC 3339 with an offset), at most 7,320 days in the past.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T10:00:00Z")]
    start_time: UtcMs,
    /// To when, after `start_time`. What I did lies at most 5 minutes in the future, what is to be forgotten at
    /// most 31 days.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T10:30:00Z")]
    end_time: UtcMs,
    /// Forget this, for good: whatever was seen then, on any device and also if it is sent again. Not together with
    /// what I did.
    #[schema(required = false)]
    erase: bool,
    /// The app, or whatever else I did; needed unless `erase`.
    #[schema(value_type = Option<String>, nullable, required = false, min_length = 1, max_length = 255,
        example = "Meeting")]
    app_name: Option<AppName>,
    /// The domain.
    #[schema(value_type = Option<String>, nullable, required = false, example = json!(null))]
    domain: Option<String>,
    /// The project.
    #[schema(value_type = Option<String>, nullable, required = false, min_length = 1, max_length = 255,
        example = "dayline")]
    project: Option<Project>,
    /// The device; the session's own if left out.
    #[schema(value_type = Option<String>, nullable, required = false, min_length = 1, max_length = 128,
        example = "laptop")]
    device_id: Option<DeviceId>,
}

impl FromFields for NewCorrection {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let start_time = fields.required("start_time", instant::parse);
        let end_time = fields.required("end_time", instant::parse);
        let erase = fields.flag("erase").unwrap_or(false);
        let app_name = if erase {
            fields.optional("app_name", AppName::new)
        } else {
            fields.required("app_name", AppName::new)
        };
        let domain = fields.optional("domain", str::parse);
        let project = fields.optional("project", Project::new);
        let device_id = fields.optional("device_id", DeviceId::new);
        let (start_time, end_time) = (start_time?, end_time?);
        Some(Self { start_time, end_time, erase, app_name, domain, project, device_id })
    }
}

impl NewCorrection {
    /// # Errors
    ///
    /// If it erases and says what was done, which may be meant to erase no more than that.
    fn draft(self) -> Result<Draft, AppError> {
        let Self { start_time: start, end_time: end, erase, app_name, domain, project, device_id } = self;
        let given = [
            ("app_name", app_name.is_some()),
            ("domain", domain.is_some()),
            ("project", project.is_some()),
            ("device_id", device_id.is_some()),
        ];
        let entry = app_name.map(|app| EntryDraft { app, domain, project, device: device_id });
        if !erase {
            return Ok(Draft { start, end, entry });
        }
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((field, _)) => Err(AppError::field(field, "must be left out: all that was seen is erased")),
            None => Ok(Draft { start, end, entry: None }),
        }
    }
}

/// Whether to try it out.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DryRun {
    /// Whether only to say what would change.
    #[param(required = false)]
    dry_run: bool,
}

impl FromParams for DryRun {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { dry_run: params.flag("dry_run") }
    }
}

/// Of which time. All if nothing is given.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Within {
    /// From this instant (RFC 3339 with an offset), together with `to`.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<UtcMs>,
    /// To this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<UtcMs>,
}

impl FromParams for Within {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { from: params.moment("from", instant::parse), to: params.moment("to", instant::parse) }
    }
}

impl Within {
    fn interval(&self) -> Result<Option<Interval>, AppError> {
        match (self.from, self.to) {
            (None, None) => Ok(None),
            (Some(from), Some(to)) => match Interval::new(from, to) {
                Some(interval) => Ok(Some(interval)),
                None => Err(AppError::field("to", "must be after from")),
            },
            (None, Some(_)) => Err(AppError::field("from", "is missing: give from and to together")),
            (Some(_), None) => Err(AppError::field("to", "is missing: give from and to together")),
        }
    }
}

/// My corrections.
#[derive(Serialize, ToSchema)]
pub(crate) struct CorrectionList<'a> {
    /// Each in its last version; the latest comes first.
    corrections: Vec<CorrectionItem<'a>>,
}

/// A correction that is on its way.
#[derive(Serialize, ToSchema)]
pub(crate) struct AcceptedCorrection {
    /// Which.
    #[schema(format = Uuid)]
    id: String,
    /// Which version of it.
    #[schema(example = 1_795_168_800_000_u64)]
    version: u64,
}

/// What would change.
#[derive(Serialize, ToSchema)]
pub(crate) struct Changes<'a> {
    /// By activity, most first; those that stay as they are are left out.
    items: Vec<ChangeItem<'a>>,
}

/// How an activity's counted time would change.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeItem<'a> {
    /// The app.
    #[schema(example = "Code")]
    app_name: &'a str,
    /// The domain.
    #[schema(required, example = json!(null))]
    domain: Option<&'a str>,
    /// The project.
    #[schema(required, example = "dayline")]
    project: Option<&'a str>,
    /// The language.
    #[schema(required, example = json!(null))]
    language: Option<&'a str>,
    /// What counts now, in the days (UTC) that it would touch.
    seconds_before: Seconds,
    /// What would count in them.
    seconds_after: Seconds,
}

impl<'a> From<&'a ActivityChange> for ChangeItem<'a> {
    fn from(ActivityChange { activity, before_ms, after_ms }: &'a ActivityChange) -> Self {
        Self {
            app_name: activity.app.as_str(),
            domain: activity.domain.as_ref().map(Domain::as_str),
            project: activity.project.as_ref().map(Project::as_str),
            language: activity.language.as_ref().map(Language::as_str),
            seconds_before: Seconds(*before_ms),
            seconds_after: Seconds(*after_ms),
        }
    }
}

/// My corrections. One that was accepted within the last second or so may be missing.
#[utoipa::path(
    get, path = "/api/v1/usage/corrections", tag = "usage", operation_id = "list_corrections", params(Within),
    responses(
        (status = 200, body = CorrectionList<'_>, description = "All that were not deleted"),
        SignedInProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Query(within): Query<Within>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = corrections::list(&api.app, &caller, within.interval()?).await?;
    let list = CorrectionList { corrections: found.iter().map(CorrectionItem::from).collect() };
    packed(&headers, private_json(&list)).await
}

/// Say what I did, or with `erase` forget for good what was seen. A key may not erase.
///
/// Where several of my corrections cover an instant, the one with the greatest version decides. `dry_run` needs the
/// scope `read` as well.
#[utoipa::path(
    post, path = "/api/v1/usage/corrections", tag = "usage", operation_id = "make_correction", params(DryRun),
    request_body = NewCorrection,
    responses(
        (status = 200, body = Changes<'_>, description = "With `dry_run`: what would change"),
        (status = 202, body = AcceptedCorrection, description = "It is durable, and in the timeline within about a second"),
        SignedInProblems, BodyProblems,
    ),
    security(("session" = []), ("api_key" = ["track"])),
)]
pub(crate) async fn make(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Query(asked): Query<DryRun>,
    Json(new): Json<NewCorrection>,
) -> Result<Response, Problem> {
    answer(&api, &caller, &asked, Change::New(new.draft()?)).await
}

/// Say something else in place of one of my entries. An erasure is for good.
#[utoipa::path(
    put, path = "/api/v1/usage/corrections/{id}", tag = "usage", operation_id = "change_correction",
    params(("id" = String, Path, format = Uuid, description = "The entry"), DryRun), request_body = NewCorrection,
    responses(
        (status = 200, body = Changes<'_>, description = "With `dry_run`: what would change"),
        (status = 202, body = AcceptedCorrection, description = "It is durable, and in the timeline within about a second"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json",
            description = "I have no such entry"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json",
            description = "`erasure_is_final`"),
        SignedInProblems, BodyProblems,
    ),
    security(("session" = []), ("api_key" = ["track"])),
)]
pub(crate) async fn change(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CorrectionKind>,
    Query(asked): Query<DryRun>,
    Json(new): Json<NewCorrection>,
) -> Result<Response, Problem> {
    answer(&api, &caller, &asked, Change::Replace(id, new.draft()?)).await
}

/// Delete one of my entries: what trackers saw counts again. An erasure is for good.
#[utoipa::path(
    delete, path = "/api/v1/usage/corrections/{id}", tag = "usage", operation_id = "delete_correction",
    params(("id" = String, Path, format = Uuid, description = "The entry"), DryRun),
    responses(
        (status = 200, body = Changes<'_>, description = "With `dry_run`: what would change"),
        (status = 202, body = AcceptedCorrection, description = "It is durable, and in the timeline within about a second"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json",
            description = "I have no such entry"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json",
            description = "`erasure_is_final`"),
        SignedInProblems,
    ),
    security(("session" = []), ("api_key" = ["track"])),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CorrectionKind>,
    Query(asked): Query<DryRun>,
) -> Result<Response, Problem> {
    answer(&api, &caller, &asked, Change::Delete(id)).await
}

async fn answer(api: &Api, caller: &Caller, asked: &DryRun, change: Change) -> Result<Response, Problem> {
    if asked.dry_run {
        let changes = corrections::preview(&api.app, caller, change).await?;
        return Ok(private_json(&Changes { items: changes.iter().map(ChangeItem::from).collect() }));
    }
    let accepted = corrections::apply(&api.app, caller, change).await?;
    let body = AcceptedCorrection { id: accepted.id.to_string(), version: accepted.version };
    let mut response = private_json(&body);
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}
