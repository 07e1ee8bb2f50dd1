//! A report job as its person sees it.

use std::borrow::Cow;

use dayline_domain::{JobPolicy, JobState, ReportFormat, ReportJob, ReportKind};
use dayline_http_kit::instant;
use serde::{Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// The name of what a job makes. Like the other names here it is whatever the domain calls it, in
/// the document, too.
pub(crate) struct KindName(ReportKind);

/// The name of a result's form.
pub(crate) struct FormatName(ReportFormat);

/// The name of a job's state.
pub(crate) struct StatusName(JobState);

impl KindName {
    /// All of them, as a choice.
    pub(crate) fn choice() -> String {
        let names: Vec<&str> = ReportKind::all().map(ReportKind::name).collect();
        let (last, others) = names.split_last().unwrap_or((&"", &[]));
        format!("{} or {last}", others.join(", "))
    }
}

impl Serialize for KindName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl Serialize for FormatName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl Serialize for StatusName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

fn one_of(description: &str, names: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    let texts = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    texts.description(Some(description)).into()
}

impl PartialSchema for KindName {
    fn schema() -> RefOr<Schema> {
        one_of("What a job makes.", ReportKind::all().map(ReportKind::name))
    }
}

impl PartialSchema for FormatName {
    fn schema() -> RefOr<Schema> {
        one_of("The form of a result.", ReportFormat::ALL.into_iter().map(ReportFormat::name))
    }
}

impl PartialSchema for StatusName {
    fn schema() -> RefOr<Schema> {
        one_of("Where a job stands.", JobState::NAMES.into_iter())
    }
}

impl ToSchema for KindName {
    fn name() -> Cow<'static, str> {
        "ReportJobKind".into()
    }
}

impl ToSchema for FormatName {
    fn name() -> Cow<'static, str> {
        "ReportJobFormat".into()
    }
}

impl ToSchema for StatusName {
    fn name() -> Cow<'static, str> {
        "ReportJobStatus".into()
    }
}

/// A job.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportJob)]
pub(crate) struct JobItem {
    /// Identity, for asking about it, cancelling or deleting it.
    #[schema(format = Uuid)]
    id: String,
    /// What it makes; as asked for.
    kind: KindName,
    /// In which form its result is.
    format: FormatName,
    /// The first local day; null for an export.
    #[schema(required, format = Date, example = "2026-10-22")]
    from: Option<String>,
    /// The last local day, included; null for an export.
    #[schema(required, format = Date, example = "2026-11-20")]
    to: Option<String>,
    /// The time zone of the days; null for an export.
    #[schema(required, example = "America/New_York")]
    tz: Option<String>,
    /// Of which app alone; null for all.
    #[schema(required, example = "Firefox")]
    app: Option<String>,
    /// Of which domain alone; empty for what was no web page, null for all.
    #[schema(required)]
    domain: Option<String>,
    /// Of which project alone; empty for what had none, null for all.
    #[schema(required)]
    project: Option<String>,
    /// Of which device alone; null for all.
    #[schema(required)]
    device: Option<String>,
    /// Where it stands.
    status: StatusName,
    /// Why it failed (`too_large`, `too_many_attempts`, `broken`); null if it did not.
    #[schema(required)]
    failure: Option<&'static str>,
    /// How far it has come.
    progress: JobProgress,
    /// When it was asked for.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    created_at: String,
    /// When it ended; null before.
    #[schema(required, format = DateTime)]
    finished_at: Option<String>,
    /// When it is forgotten together with its result; null before it has ended.
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
    /// Where its result is; null unless it is done.
    #[schema(required)]
    result: Option<String>,
    /// How many bytes the result has; null unless it is done.
    #[schema(required)]
    bytes: Option<u64>,
}

/// How far a job has come.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportJobProgress)]
pub(crate) struct JobProgress {
    /// Days that its result covers so far; starts again with each attempt.
    days_done: u32,
    /// Days in all; 0 as long as that is not known.
    days_all: u32,
}

impl JobItem {
    /// The job as its person sees it, who reaches this server under the path `base`.
    pub(crate) fn new(job: &ReportJob, policy: &JobPolicy, base: &str) -> Self {
        let days = job.days.as_ref();
        let is_done = matches!(job.state, JobState::Done { .. });
        let failure = match job.state {
            JobState::Failed { why, .. } => Some(why.name()),
            _ => None,
        };
        let [app, domain, project, device] = job.filter.texts().map(|text| text.map(str::to_owned));
        Self {
            id: job.id.to_string(),
            kind: KindName(job.kind),
            format: FormatName(job.format),
            from: days.map(|days| days.from.to_string()),
            to: days.map(|days| days.to.to_string()),
            tz: days.map(|days| days.tz.clone()),
            app,
            domain,
            project,
            device,
            status: StatusName(job.state),
            failure,
            progress: JobProgress { days_done: job.days_done, days_all: job.days_all },
            created_at: instant::utc(job.created_at),
            finished_at: job.state.ended_at().map(instant::utc),
            expires_at: job.expires_at(policy).map(instant::utc),
            result: is_done.then(|| format!("{base}{}", path_of_result(job))),
            bytes: is_done.then_some(job.bytes),
        }
    }
}

/// Where a job is.
pub(crate) fn path_of(job: &ReportJob) -> String {
    format!("/api/v1/report/jobs/{}", job.id)
}

/// Where the result of a job is, once it is done.
pub(crate) fn path_of_result(job: &ReportJob) -> String {
    let extension = match job.format {
        ReportFormat::Json => "",
        ReportFormat::Csv => ".csv",
        ReportFormat::Ndjson => ".ndjson",
    };
    format!("{}/result{extension}", path_of(job))
}
