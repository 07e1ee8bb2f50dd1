//! What takes pings of strangers apart, for the fuzz targets and `bench/workloads` to reach;
//! nothing else uses it.

use dayline_app::tracking::ingest::{PingDraft, Refusal};

use crate::routes::ping_body;

/// The pings of a JSON body, each read or refused; `None` if the body is refused as a whole.
pub fn pings_of_json(text: &str) -> Option<Vec<Result<PingDraft<'_>, Refusal>>> {
    ping_body::json(text).ok()
}

/// The pings of an NDJSON body, each read or refused; `None` if the body is refused as a whole.
pub fn pings_of_lines(text: &str) -> Option<Vec<Result<PingDraft<'_>, Refusal>>> {
    ping_body::ndjson(text).ok()
}
