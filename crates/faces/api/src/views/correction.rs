//! What I said about a stretch of my timeline.

use std::borrow::Cow;

use dayline_domain::{Correction, Domain, Interval, Project, Says};
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// One correction, in its last version, as it is written.
#[derive(Serialize)]
pub(crate) struct CorrectionItem<'a> {
    id: String,
    version: u64,
    #[serde(flatten)]
    says: SaysItem<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum SaysItem<'a> {
    Entry {
        start_time: String,
        end_time: String,
        app_name: &'a str,
        domain: Option<&'a str>,
        project: Option<&'a str>,
        device_id: &'a str,
    },
    Erasure {
        start_time: String,
        end_time: String,
        erase: bool,
    },
    Deletion {
        deleted: bool,
    },
}

/// One correction, in its last version: this is what I did, or forget this (`erase`), or nothing any more (`deleted`).
/// One object for all three, since generated clients have difficulties with unions.
#[derive(ToSchema)]
#[schema(as = Correction)]
#[expect(dead_code, reason = "describes what is written otherwise")]
struct CorrectionFields {
    /// Which.
    #[schema(format = Uuid, example = "0192f0c1-2a00-7abc-8def-0123456789ab")]
    id: String,
    /// Which version of it. Of all my corrections that cover an instant, the one with the greatest version decides.
    #[schema(example = 1_795_168_800_000_u64)]
    version: u64,
    /// From when; left out of what is deleted.
    #[schema(required = false, nullable = false, format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    start_time: Option<String>,
    /// To when; left out of what is deleted.
    #[schema(required = false, nullable = false, format = DateTime, example = "2026-11-20T10:30:00.000Z")]
    end_time: Option<String>,
    /// The app; of what I did, as the other three.
    #[schema(required = false, nullable = false, example = "Meeting")]
    app_name: Option<String>,
    /// The domain, null if there is none.
    #[schema(required = false, example = json!(null))]
    domain: Option<String>,
    /// The project, null if there is none.
    #[schema(required = false, example = "dayline")]
    project: Option<String>,
    /// The device.
    #[schema(required = false, nullable = false, example = "laptop")]
    device_id: Option<String>,
    /// True for what is to be forgotten, for good; else left out.
    #[schema(required = false, nullable = false, example = true)]
    erase: Option<bool>,
    /// True for what says nothing any more; else left out.
    #[schema(required = false, nullable = false, example = true)]
    deleted: Option<bool>,
}

impl PartialSchema for CorrectionItem<'_> {
    fn schema() -> RefOr<Schema> {
        CorrectionFields::schema()
    }
}

impl ToSchema for CorrectionItem<'_> {
    fn name() -> Cow<'static, str> {
        CorrectionFields::name()
    }
}

impl<'a> From<&'a Correction> for CorrectionItem<'a> {
    fn from(Correction { id, version, says }: &'a Correction) -> Self {
        let ends = |interval: &Interval| (instant::utc(interval.start()), instant::utc(interval.end()));
        let says = match says {
            Says::Nothing => SaysItem::Deletion { deleted: true },
            Says::Erasure { interval } => {
                let (start_time, end_time) = ends(interval);
                SaysItem::Erasure { start_time, end_time, erase: true }
            }
            Says::Entry { interval, source } => {
                let (start_time, end_time) = ends(interval);
                let activity = &*source.activity;
                SaysItem::Entry {
                    start_time,
                    end_time,
                    app_name: activity.app.as_str(),
                    domain: activity.domain.as_ref().map(Domain::as_str),
                    project: activity.project.as_ref().map(Project::as_str),
                    device_id: source.device.as_str(),
                }
            }
        };
        Self { id: id.to_string(), version: *version, says }
    }
}
