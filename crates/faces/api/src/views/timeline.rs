//! A stretch of the timeline, written interval by interval as JSON or as a table.

use dayline_domain::{DeviceId, Interval, Piece, UtcMs};
use dayline_http_kit::csv::Csv;
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::ToSchema;

use super::accept::Format;
use super::interval::{AwayItem, COLUMNS, IntervalItem, away_row, row};
use super::json::{begin_list, write_json};

/// A stretch of the timeline.
#[derive(Serialize, ToSchema)]
pub(crate) struct TimelineBody<'a> {
    /// The first instant.
    #[schema(format = DateTime, example = "2026-11-20T05:00:00.000Z")]
    from: String,
    /// The first instant after.
    #[schema(format = DateTime, example = "2026-11-21T05:00:00.000Z")]
    to: String,
    /// What counted, by start; no two overlap.
    intervals: Vec<IntervalItem<'a>>,
    /// What was observed but outranked, by start; only if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    outranked: Option<Vec<IntervalItem<'a>>>,
    /// When nobody was at a device, by start; only if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    away: Option<Vec<AwayItem<'a>>>,
}

/// A timeline being written: counted intervals, then outranked ones and away time if there are to be
/// any.
pub(crate) struct TimelineText {
    format: Format,
    /// What comes before the next interval.
    before: Vec<u8>,
    counted: bool,
}

impl TimelineText {
    /// The timeline between two instants.
    pub(crate) fn new(format: Format, from: UtcMs, to: UtcMs) -> Self {
        let (from, to) = (instant::utc(from), instant::utc(to));
        let before = match format {
            Format::Json => {
                let intervals = Vec::new();
                begin_list(&TimelineBody { from, to, intervals, outranked: None, away: None })
            }
            Format::Csv => Csv::new(COLUMNS).finish().into_bytes(),
        };
        Self { format, before, counted: true }
    }

    /// Writes the next interval.
    pub(crate) fn interval(&mut self, piece: &Piece, out: &mut Vec<u8>) {
        let counted = self.counted;
        self.item(out, |out| write_json(&IntervalItem::from(piece), out), |csv| row(csv, piece, counted));
    }

    fn item(&mut self, out: &mut Vec<u8>, json: impl FnOnce(&mut Vec<u8>), row: impl FnOnce(&mut Csv)) {
        out.append(&mut self.before);
        match self.format {
            Format::Json => {
                json(out);
                self.before.push(b',');
            }
            Format::Csv => {
                let mut csv = Csv::more();
                row(&mut csv);
                out.extend_from_slice(csv.finish().as_bytes());
            }
        }
    }

    /// What follows was outranked.
    pub(crate) fn begin_outranked(&mut self, out: &mut Vec<u8>) {
        self.begin_list(br#"],"outranked":["#, out);
    }

    /// Writes when nobody was at a device.
    pub(crate) fn away(&mut self, all: &[(DeviceId, Interval)], out: &mut Vec<u8>) {
        self.begin_list(br#"],"away":["#, out);
        for (device, interval) in all {
            let item = AwayItem::new(device, *interval);
            self.item(out, |out| write_json(&item, out), |csv| away_row(csv, &item));
        }
    }

    fn begin_list(&mut self, list: &[u8], out: &mut Vec<u8>) {
        self.end_list(out);
        self.counted = false;
        if self.format == Format::Json {
            self.before.extend_from_slice(list);
        }
    }

    /// Writes what comes after the last interval.
    pub(crate) fn end(mut self, out: &mut Vec<u8>) {
        self.end_list(out);
        if self.format == Format::Json {
            out.extend_from_slice(b"]}");
        }
    }

    /// Writes what was to come before the next interval, but for the comma.
    fn end_list(&mut self, out: &mut Vec<u8>) {
        if self.before != b"," {
            out.append(&mut self.before);
        }
        self.before.clear();
    }
}
