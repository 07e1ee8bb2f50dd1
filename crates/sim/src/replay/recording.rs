//! A recorded file: one ping per line, with times as milliseconds since midnight UTC of the day it is played on.

use std::io::BufRead;

use dayline_domain::{LocalDate, UtcDay};
use serde::Deserialize;

use crate::client::wire::Ping;
use dayline_cli_kit::units::rfc3339;

/// One line of a recorded file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct RecordedPing {
    /// On which device.
    pub(super) device_id: String,
    /// The app.
    pub(super) app_name: String,
    /// The page.
    #[serde(default)]
    pub(super) url: Option<String>,
    /// From when, in milliseconds since the first day's midnight.
    pub(super) start_ms: i64,
    /// To when.
    pub(super) end_ms: i64,
}

impl RecordedPing {
    /// The ping as it is sent when the recording's first day is `day`.
    pub(super) fn on(&self, day: UtcDay) -> Ping {
        Ping {
            app_name: self.app_name.clone(),
            url: self.url.clone(),
            start_time: rfc3339(day.start().plus(self.start_ms)),
            end_time: rfc3339(day.start().plus(self.end_ms)),
            device_id: Some(self.device_id.clone()),
        }
    }
}

/// Reads a recorded file; empty lines are skipped. An error names the line.
pub(super) fn read(file: impl BufRead) -> Result<Vec<RecordedPing>, String> {
    let mut pings = Vec::new();
    for (number, line) in file.lines().enumerate() {
        let line = line.map_err(|error| format!("line {}: {error}", number + 1))?;
        if line.trim().is_empty() {
            continue;
        }
        let ping = serde_json::from_str(&line).map_err(|error| format!("line {}: {error}", number + 1))?;
        pings.push(ping);
    }
    Ok(pings)
}

/// Parses the day a recording is played on, `YYYY-MM-DD`.
pub(super) fn day(text: &str) -> Result<UtcDay, String> {
    let date: LocalDate = text.parse().map_err(|_| format!("{text:?} is not a date such as 2026-11-20"))?;
    Ok(UtcDay(date.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_count_from_midnight_of_the_day() {
        let file = r#"{"device_id":"laptop","app_name":"Code","start_ms":1500,"end_ms":86400000}"#;
        let pings = read(file.as_bytes()).unwrap();
        let ping = pings[0].on(day("2026-11-20").unwrap());
        assert_eq!(ping.start_time, "2026-11-20T00:00:01.5Z");
        assert_eq!(ping.end_time, "2026-11-21T00:00:00Z");
        assert_eq!((ping.device_id.as_deref(), ping.url), (Some("laptop"), None));
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = read("\n{\"device_id\":1}\n".as_bytes()).unwrap_err();
        assert!(error.starts_with("line 2: "), "{error}");
    }

    #[test]
    fn the_recorded_day_is_read_whole() {
        let file =
            std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../dayline/tests/data/recorded-day.ndjson"))
                .unwrap();
        assert_eq!(read(file.as_slice()).unwrap().len(), 12_212);
    }
}
