//! An event as watchers write it. What is not kept of it, titles above all, is dropped while it is read.
//! Not here: what an event means; that is the same in a file (`dayline_foreign`).

use std::borrow::Cow;
use std::fmt;

use dayline_app::AppError;
use dayline_domain::UtcMs;
use dayline_foreign::activitywatch::Event;
use dayline_http_kit::Problem;
use dayline_http_kit::fields::malformed_detail;
use dayline_http_kit::instant::{self, InvalidInstant};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(serde::Deserialize)]
pub(super) struct WireEvent<'a> {
    /// The number of an event that it is to replace; what is no such number is none.
    #[serde(default, deserialize_with = "number")]
    pub(super) id: Option<u64>,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    /// In seconds; the helper of macOS never says it.
    duration: Option<f64>,
    #[serde(borrow)]
    pub(super) data: &'a RawValue,
}

impl WireEvent<'_> {
    /// From when to when.
    pub(super) fn times(&self) -> Result<(UtcMs, UtcMs), Problem> {
        let start = at(&self.timestamp).map_err(|why| invalid("timestamp", why.to_string()))?;
        let length_ms = length_ms(self.duration.unwrap_or_default());
        let length_ms = length_ms.ok_or_else(|| invalid("duration", "must not be negative"))?;
        Ok((start, start.plus(length_ms)))
    }
}

fn number<'de, D: Deserializer<'de>>(json: D) -> Result<Option<u64>, D::Error> {
    Ok(Value::deserialize(json)?.as_u64())
}

/// Reads one event.
///
/// # Errors
/// What is wrong with it.
pub(super) fn one(json: &str) -> Result<Event, Problem> {
    let wire: WireEvent<'_> = serde_json::from_str(json).map_err(|error| unreadable(&error))?;
    let (start, end) = wire.times()?;
    let data = wire.data.get();
    if !data.starts_with('{') {
        return Err(invalid("data", "must be an object"));
    }
    let data = serde_json::from_str(data).map_err(|error| unreadable(&error))?;
    Ok(Event { start, end, data })
}

/// A list of events, of which those that can't be read are left out. They take no memory, however many they are.
#[derive(Debug, Default)]
pub(super) struct EventList {
    pub(super) events: Vec<Event>,
    /// What is wrong with the first that can't be read.
    wrong: Option<Problem>,
}

impl<'de> Deserialize<'de> for EventList {
    fn deserialize<D: Deserializer<'de>>(list: D) -> Result<Self, D::Error> {
        list.deserialize_seq(Self::default())
    }
}

impl<'de> Visitor<'de> for EventList {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self, A::Error> {
        while let Some(item) = list.next_element::<&RawValue>()? {
            match one(item.get()) {
                Ok(event) => self.events.push(event),
                Err(problem) => self.wrong = self.wrong.or(Some(problem)),
            }
        }
        Ok(self)
    }
}

/// Reads a list of events, or a single one. Those that can't be read don't cost the others.
///
/// # Errors
/// What is wrong with the first, if none can be read; or with the list.
pub(super) fn many(json: &str) -> Result<Vec<Event>, Problem> {
    if !json.trim_start().starts_with('[') {
        return one(json).map(|event| vec![event]);
    }
    let EventList { events, wrong } = serde_json::from_str(json).map_err(|error| unreadable(&error))?;
    match wrong {
        Some(problem) if events.is_empty() => Err(problem),
        _ => Ok(events),
    }
}

/// A moment; one without an offset is in UTC on this wire.
pub(super) fn at(text: &str) -> Result<UtcMs, InvalidInstant> {
    match instant::parse(text) {
        Err(InvalidInstant::NoOffset) => instant::parse(&format!("{text}Z")),
        read => read,
    }
}

/// The milliseconds of some seconds, to the nearest; too many are as many as there can be.
fn length_ms(seconds: f64) -> Option<i64> {
    (seconds >= 0.0).then(|| (seconds * 1_000.0).round() as i64)
}

fn unreadable(error: &serde_json::Error) -> Problem {
    if error.is_data() {
        // The parser's own words may quote what the client sent.
        let detail = "the event needs a timestamp, data and perhaps a duration, each of its type";
        return Problem::malformed("invalid_event", detail);
    }
    Problem::malformed("malformed_json", malformed_detail(error))
}

fn invalid(field: &'static str, detail: impl Into<Cow<'static, str>>) -> Problem {
    AppError::field(field, detail).into()
}

#[cfg(test)]
mod tests {
    use dayline_app::tracking::ingest::MAX_URL;
    use dayline_foreign::activitywatch::Data;

    use super::*;

    /// 2026-11-23T13:52:22.969Z.
    const START: UtcMs = UtcMs(1_795_441_942_969);

    fn read(json: &str) -> (UtcMs, i64, Data) {
        let event = one(json).unwrap();
        (event.start, event.end.since(event.start), event.data)
    }

    fn with_app(app: &str) -> Data {
        Data { app: Some(app.into()), ..Data::default() }
    }

    #[test]
    fn events_are_read_as_each_client_writes_them() {
        for (json, length_ms) in [
            // Python
            (
                r#"{"id": null, "timestamp": "2026-11-23T13:52:22.969000+00:00", "duration": 5.009, "data": {"app": "XTerm", "title": "doc A"}}"#,
                5_009,
            ),
            // JavaScript
            (r#"{"data":{"app":"XTerm"},"duration":0,"timestamp":"2026-11-23T13:52:22.969Z"}"#, 0),
            // Swift, which knows no duration
            (r#"{"timestamp":"2026-11-23T14:52:22.969+01:00","data":{"app":"XTerm","title":null}}"#, 0),
            // Rust, with nanoseconds
            (
                r#"{"id":7,"timestamp":"2026-11-23T13:52:22.969123456Z","duration":8.007276,"data":{"app":"XTerm"}}"#,
                8_007,
            ),
            (r#"{"timestamp":"2026-11-23T13:52:22.969","duration":null,"data":{"app":"XTerm"}}"#, 0),
        ] {
            assert_eq!(read(json), (START, length_ms, with_app("XTerm")), "{json}");
        }
    }

    #[test]
    fn what_can_be_no_event_is_refused_and_never_quoted() {
        for json in [
            "",
            "null",
            "[]",
            r#"{"timestamp": "2026-11-23T13:52:22Z", "data": {"app": "Secret"}"#,
            r#"{"data": {"app": "Secret"}}"#,
            r#"{"timestamp": "Secret", "data": {}}"#,
            r#"{"timestamp": 1795442400, "data": {"app": "Secret"}}"#,
            r#"{"timestamp": "2026-11-23T13:52:22Z"}"#,
            r#"{"timestamp": "2026-11-23T13:52:22Z", "data": ["Secret"]}"#,
            r#"{"timestamp": "2026-11-23T13:52:22Z", "duration": -0.001, "data": {"app": "Secret"}}"#,
            r#"{"timestamp": "2026-11-23T13:52:22Z", "duration": "Secret", "data": {}}"#,
        ] {
            let problem = one(json).unwrap_err();
            let said = format!("{} {:?}", problem.detail(), problem.fields());
            assert!(!said.contains("Secret"), "{json}: {said}");
        }
    }

    #[test]
    fn data_of_another_type_is_as_good_as_left_out() {
        let json = r#"{"timestamp": "2026-11-23T13:52:22.969Z", "data":
            {"app": 7, "url": null, "status": {"a": []}, "audible": "yes", "incognito": 1, "title": {}, "tabCount": 3}}"#;
        assert_eq!(read(json), (START, 0, Data::default()));
    }

    #[test]
    fn a_length_that_no_clock_has_ends_as_late_as_can_be() {
        let json = r#"{"timestamp": "2026-11-23T13:52:22.969Z", "duration": 1e300, "data": {}}"#;
        assert_eq!(one(json).unwrap().end, UtcMs(i64::MAX));
    }

    #[test]
    fn long_texts_are_cut_so_that_an_event_is_small() {
        let url = format!("https://example.org/{}", "é".repeat(1 << 19));
        let json = format!(r#"{{"timestamp": "2026-11-23T13:52:22.969Z", "data": {{"url": "{url}"}}}}"#);
        let kept = read(&json).2.url.unwrap();
        assert!(kept.len() <= MAX_URL && kept.len() > MAX_URL - 4 && url.starts_with(&kept));
    }

    #[test]
    fn a_list_costs_only_what_can_t_be_read() {
        let good = r#"{"timestamp": "2026-11-23T13:52:22.969Z", "data": {"app": "XTerm"}}"#;
        assert_eq!(many(good).unwrap().len(), 1);
        assert_eq!(many(&format!("[{good}, 7, {{}}, {good}]")).unwrap().len(), 2);
        assert_eq!(many(" []").unwrap(), []);
        assert!(many("[7]").is_err() && many("7").is_err() && many("[").is_err());
    }
}
