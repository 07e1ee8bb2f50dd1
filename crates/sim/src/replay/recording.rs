//! A recorded file: one observation per line, with times as milliseconds since midnight UTC of the
//! day it is played on. [`FORMAT`] says it all.

use std::io::BufRead;

use dayline_domain::{LocalDate, UtcDay};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::client::wire::{Ping, Seen};

/// The format, for people who ask for help.
pub(super) const FORMAT: &str = "\
The file has one JSON object per line:
  device_id  on which device
  start_ms   from when, in milliseconds since midnight UTC of the day on which the recording begins
  end_ms     to when; a beat has none
  kind       use (if not given), page, beat, away or here
and by kind what an observation of POST /api/v1/usage/track has:
  use        app_name, url or domain (optional), project (optional)
  page       app_name (the browser), url or domain (optional), audible (false if not given)
  beat       app_name (the editor), project (optional), language (optional)
  away, here nothing more
Unknown fields are ignored, and so are empty lines. For example:
  {\"device_id\":\"laptop\",\"app_name\":\"Firefox\",\"start_ms\":28800000,\"end_ms\":28805000}
  {\"device_id\":\"laptop\",\"kind\":\"page\",\"app_name\":\"Firefox\",\"url\":\"https://example.org/\",\"start_ms\":28800000,\"end_ms\":28805000}
  {\"device_id\":\"laptop\",\"kind\":\"beat\",\"app_name\":\"Code\",\"project\":\"dayline\",\"language\":\"Rust\",\"start_ms\":28806000}
  {\"device_id\":\"laptop\",\"kind\":\"away\",\"start_ms\":28900000,\"end_ms\":29500000}";

/// One line of a recorded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RecordedPing {
    /// On which device.
    pub(super) device_id: String,
    /// What was seen.
    pub(super) seen: Seen,
    /// From when, in milliseconds since the first day's midnight.
    pub(super) start_ms: i64,
    /// To when; of a beat, when.
    pub(super) end_ms: i64,
}

/// What all kinds have.
#[derive(Deserialize)]
struct When {
    device_id: String,
    start_ms: i64,
    end_ms: Option<i64>,
}

impl RecordedPing {
    /// The ping as it is sent when the recording's first day is `day`.
    pub(super) fn on(&self, day: UtcDay) -> Ping {
        let at = |ms: i64| day.start().plus(ms);
        let ping = Ping::new(self.seen.clone(), at(self.start_ms), at(self.end_ms));
        Ping { device_id: Some(self.device_id.clone()), ..ping }
    }

    fn parse(line: &str) -> Result<Self, String> {
        let mut fields: Map<String, Value> = serde_json::from_str(line).map_err(|error| error.to_string())?;
        fields.entry("kind").or_insert_with(|| "use".into());
        let fields = Value::Object(fields);
        let When { device_id, start_ms, end_ms } =
            When::deserialize(&fields).map_err(|error| error.to_string())?;
        let seen = Seen::deserialize(&fields).map_err(|error| error.to_string())?;
        let end_ms = match seen {
            Seen::Beat { .. } => start_ms,
            _ => end_ms.ok_or("missing field `end_ms`")?,
        };
        Ok(Self { device_id, seen, start_ms, end_ms })
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
        let ping = RecordedPing::parse(&line).map_err(|error| format!("line {}: {error}", number + 1))?;
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
        assert_eq!(ping.end_time.as_deref(), Some("2026-11-21T00:00:00Z"));
        assert_eq!((ping.device_id.as_deref(), ping.seen), (Some("laptop"), Seen::of_use("Code")));
    }

    #[test]
    fn the_examples_of_the_format_are_read() {
        let examples: String =
            FORMAT.lines().filter(|line| line.starts_with("  {")).collect::<Vec<_>>().join("\n");
        let page = Seen::Page {
            app_name: "Firefox".into(),
            url: Some("https://example.org/".into()),
            domain: None,
            audible: false,
        };
        let (project, language) = (Some("dayline".into()), Some("Rust".into()));
        let beat = Seen::Beat { app_name: "Code".into(), project, language };
        let pings = read(examples.as_bytes()).unwrap();
        let seen: Vec<Seen> = pings.iter().map(|ping| ping.seen.clone()).collect();
        assert_eq!(seen, [Seen::of_use("Firefox"), page, beat, Seen::Away]);
        assert_eq!((pings[2].start_ms, pings[2].end_ms), (28_806_000, 28_806_000));
        assert_eq!(pings[2].on(UtcDay(0)).end_time, None);
    }

    #[test]
    fn what_a_kind_must_have_is_asked_for() {
        let why = |line: &str| read(line.as_bytes()).unwrap_err();
        let times = r#""device_id":"pc","start_ms":0,"end_ms":1"#;
        assert!(why(&format!("{{{times}}}")).contains("app_name"));
        assert!(why(&format!(r#"{{"kind":"page",{times}}}"#)).contains("app_name"));
        assert!(why(&format!(r#"{{"kind":"stare",{times}}}"#)).contains("stare"));
        assert!(why(r#"{"kind":"away","device_id":"pc","start_ms":0}"#).contains("end_ms"));
        assert!(why(r#"{"kind":"away","start_ms":0,"end_ms":1}"#).contains("device_id"));
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
        let pings = read(file.as_slice()).unwrap();
        assert_eq!(pings.len(), 12_212);
        assert!(pings.iter().all(|ping| matches!(ping.seen, Seen::Use { .. })));
    }
}
