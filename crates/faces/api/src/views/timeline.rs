//! A stretch of the timeline, written interval by interval as JSON or as a table.

use dayline_domain::UtcMs;
use dayline_domain::timeline::Piece;
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::ToSchema;

use super::accept::Format;
use super::csv::Csv;
use super::interval::{COLUMNS, IntervalItem, row};
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
}

/// A timeline being written: counted intervals, then outranked ones if there are to be any.
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
            Format::Json => begin_list(&TimelineBody { from, to, intervals: Vec::new(), outranked: None }),
            Format::Csv => Csv::new(COLUMNS).finish().into_bytes(),
        };
        Self { format, before, counted: true }
    }

    /// Writes the next interval.
    pub(crate) fn interval(&mut self, piece: &Piece, out: &mut Vec<u8>) {
        out.append(&mut self.before);
        match self.format {
            Format::Json => {
                write_json(&IntervalItem::from(piece), out);
                self.before.push(b',');
            }
            Format::Csv => {
                let mut csv = Csv::more();
                row(&mut csv, piece, self.counted);
                out.extend_from_slice(csv.finish().as_bytes());
            }
        }
    }

    /// What follows was outranked.
    pub(crate) fn begin_outranked(&mut self, out: &mut Vec<u8>) {
        self.end_list(out);
        self.counted = false;
        if self.format == Format::Json {
            self.before.extend_from_slice(br#"],"outranked":["#);
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
