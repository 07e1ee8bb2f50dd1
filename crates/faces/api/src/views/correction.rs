//! What I said about a stretch of my timeline.

use dayline_domain::{Correction, Domain, Interval, Project, Says};
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::ToSchema;

/// One correction, in its last version.
#[derive(Serialize, ToSchema)]
#[schema(as = Correction)]
pub(crate) struct CorrectionItem<'a> {
    /// Which.
    #[schema(format = Uuid, example = "0192f0c1-2a00-7abc-8def-0123456789ab")]
    id: String,
    /// Which version of it. Of all my corrections that cover an instant, the one with the greatest version decides.
    #[schema(example = 1_795_168_800_000_u64)]
    version: u64,
    /// What it says.
    #[serde(flatten)]
    says: SaysItem<'a>,
}

/// What a correction says.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = CorrectionSays)]
pub(crate) enum SaysItem<'a> {
    /// This is what I did.
    Entry {
        /// From when.
        #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
        start_time: String,
        /// To when.
        #[schema(format = DateTime, example = "2026-11-20T10:30:00.000Z")]
        end_time: String,
        /// The app.
        #[schema(example = "Meeting")]
        app_name: &'a str,
        /// The domain, if there is one.
        #[schema(required, example = json!(null))]
        domain: Option<&'a str>,
        /// The project, if there is one.
        #[schema(required, example = "dayline")]
        project: Option<&'a str>,
        /// The device.
        #[schema(example = "laptop")]
        device_id: &'a str,
    },
    /// Forget this, for good.
    Erasure {
        /// From when.
        #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
        start_time: String,
        /// To when.
        #[schema(format = DateTime, example = "2026-11-20T10:30:00.000Z")]
        end_time: String,
        /// Always true.
        #[schema(example = true)]
        erase: bool,
    },
    /// Nothing any more.
    Deletion {
        /// Always true.
        #[schema(example = true)]
        deleted: bool,
    },
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
