//! A stretch of the timeline with one activity, as JSON and as a line of a table.

use dayline_domain::{DeviceId, Domain, Interval, Language, Piece, Project};
use dayline_http_kit::csv::Csv;
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::ToSchema;

/// One device's unbroken use of one activity.
#[derive(Serialize, ToSchema)]
pub(crate) struct IntervalItem<'a> {
    /// The app, by the name that its tracker gave it.
    #[schema(example = "Firefox")]
    app_name: &'a str,
    /// The page's host, if it was a web page.
    #[schema(required, example = "github.com")]
    domain: Option<&'a str>,
    /// The project that was worked on, if that is known.
    #[schema(required, example = json!(null))]
    project: Option<&'a str>,
    /// The language that it was worked in, if that is known.
    #[schema(required, example = json!(null))]
    language: Option<&'a str>,
    /// The device.
    #[schema(example = "laptop")]
    device_id: &'a str,
    /// Its first instant, in UTC.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    start_time: String,
    /// The instant after its last, in UTC.
    #[schema(format = DateTime, example = "2026-11-20T10:00:05.000Z")]
    end_time: String,
}

impl<'a> From<&'a Piece> for IntervalItem<'a> {
    fn from(Piece { source, interval }: &'a Piece) -> Self {
        let activity = &*source.activity;
        Self {
            app_name: activity.app.as_str(),
            domain: activity.domain.as_ref().map(Domain::as_str),
            project: activity.project.as_ref().map(Project::as_str),
            language: activity.language.as_ref().map(Language::as_str),
            device_id: source.device.as_str(),
            start_time: instant::utc(interval.start()),
            end_time: instant::utc(interval.end()),
        }
    }
}

/// Nobody was at a device.
#[derive(Serialize, ToSchema)]
pub(crate) struct AwayItem<'a> {
    /// The device.
    #[schema(example = "laptop")]
    device_id: &'a str,
    /// From when.
    #[schema(format = DateTime, example = "2026-11-20T10:00:05.000Z")]
    start_time: String,
    /// To when.
    #[schema(format = DateTime, example = "2026-11-20T10:30:00.000Z")]
    end_time: String,
}

impl<'a> AwayItem<'a> {
    pub(crate) fn new(device: &'a DeviceId, interval: Interval) -> Self {
        let (start_time, end_time) = (instant::utc(interval.start()), instant::utc(interval.end()));
        Self { device_id: device.as_str(), start_time, end_time }
    }
}

/// The names of a timeline's CSV columns. The last one tells counted intervals from outranked ones
/// and from away time, which has no app.
pub(crate) const COLUMNS: &str = "app_name,domain,project,language,device_id,start_time,end_time,counted";

/// Writes an interval.
pub(crate) fn row(csv: &mut Csv, piece: &Piece, counted: bool) {
    let item = IntervalItem::from(piece);
    csv.text(item.app_name).optional(item.domain).optional(item.project).optional(item.language);
    csv.text(item.device_id).plain(&item.start_time).plain(&item.end_time);
    csv.plain(if counted { "true" } else { "false" }).end_row();
}

/// Writes away time.
pub(crate) fn away_row(csv: &mut Csv, item: &AwayItem<'_>) {
    csv.optional(None).optional(None).optional(None).optional(None);
    csv.text(item.device_id).plain(&item.start_time).plain(&item.end_time).plain("false").end_row();
}
