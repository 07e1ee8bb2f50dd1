//! A stretch of the timeline with one activity, as JSON and as a line of a table.

use dayline_domain::Domain;
use dayline_domain::timeline::Piece;
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::ToSchema;

use super::csv::Csv;

/// One device's unbroken use of one activity.
#[derive(Serialize, ToSchema)]
pub(crate) struct IntervalItem<'a> {
    /// The app, by the name that its tracker gave it.
    #[schema(example = "Firefox")]
    app_name: &'a str,
    /// The page's host, if it was a web page.
    #[schema(required, example = "github.com")]
    domain: Option<&'a str>,
    /// The device that it was observed on.
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
        Self {
            app_name: source.activity.app.as_str(),
            domain: source.activity.domain.as_ref().map(Domain::as_str),
            device_id: source.device.as_str(),
            start_time: instant::utc(interval.start()),
            end_time: instant::utc(interval.end()),
        }
    }
}

/// The names of a timeline's CSV columns. The last one tells counted intervals from outranked ones.
pub(crate) const COLUMNS: &str = "app_name,domain,device_id,start_time,end_time,counted";

/// Writes an interval.
pub(crate) fn row(csv: &mut Csv, piece: &Piece, counted: bool) {
    let item = IntervalItem::from(piece);
    csv.text(item.app_name).optional(item.domain).text(item.device_id);
    csv.plain(&item.start_time).plain(&item.end_time).plain(if counted { "true" } else { "false" }).end_row();
}
