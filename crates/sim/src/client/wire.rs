//! The JSON of the contract, as far as the commands speak it.

use dayline_domain::timeline::{self, Settled};
use dayline_domain::{Interval, Source, UtcMs};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// A session's tokens.
#[derive(Debug, Clone, Deserialize)]
pub struct Tokens {
    /// Goes with each request.
    pub access_token: SecretString,
    /// Buys the next tokens.
    pub refresh_token: SecretString,
}

/// A ping to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ping {
    /// The app.
    pub app_name: String,
    /// The page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// RFC 3339.
    pub start_time: String,
    /// RFC 3339.
    pub end_time: String,
    /// On which device; the session's own if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
}

/// The three ways to write pings into a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One object; for one ping only.
    Object,
    /// A JSON array.
    Array,
    /// One object per line.
    Lines,
}

/// The body of a request with pings.
#[derive(Debug, Clone)]
pub struct Body {
    /// The content type.
    pub content_type: &'static str,
    /// The text; bytes are shared when cloned for another try.
    pub text: bytes::Bytes,
}

impl Body {
    /// Writes pings into a body. One ping or more; several are never written as an object.
    pub fn new(pings: &[Ping], format: Format) -> Result<Self, serde_json::Error> {
        let (content_type, text) = match (format, pings) {
            (Format::Object, [ping]) => ("application/json", serde_json::to_vec(ping)?),
            (Format::Object | Format::Array, _) => ("application/json", serde_json::to_vec(pings)?),
            (Format::Lines, _) => ("application/x-ndjson", lines(pings)?),
        };
        Ok(Self { content_type, text: text.into() })
    }
}

fn lines(pings: &[Ping]) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = Vec::new();
    for ping in pings {
        serde_json::to_writer(&mut text, ping)?;
        text.push(b'\n');
    }
    Ok(text)
}

/// What became of a request's pings.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Receipt {
    /// How many are durable now.
    pub accepted: usize,
    /// Which were refused, and why.
    #[serde(default)]
    pub rejected: Vec<Rejected>,
}

/// A refused ping.
#[derive(Debug, Clone, Deserialize)]
pub struct Rejected {
    /// Its place in the request.
    pub index: usize,
    /// Why, as a stable name.
    pub code: String,
}

/// A stretch of a timeline.
#[derive(Debug, Clone, Deserialize)]
pub struct Timeline {
    /// What counted.
    pub intervals: Vec<Piece>,
    /// What did not.
    #[serde(default)]
    pub outranked: Vec<Piece>,
}

/// A piece of a timeline.
#[derive(Debug, Clone, Deserialize)]
pub struct Piece {
    /// The app.
    pub app_name: String,
    /// The site.
    pub domain: Option<String>,
    /// The device.
    pub device_id: String,
    /// RFC 3339.
    pub start_time: Timestamp,
    /// RFC 3339.
    pub end_time: Timestamp,
}

impl Timeline {
    /// The timeline as the rule gives it.
    ///
    /// # Errors
    /// Says what in it no server may send.
    pub fn parsed(&self) -> Result<Settled, String> {
        let pieces = |pieces: &[Piece]| pieces.iter().map(Piece::parsed).collect::<Result<_, _>>();
        Ok(Settled { counted: pieces(&self.intervals)?, outranked: pieces(&self.outranked)? })
    }
}

impl Piece {
    fn parsed(&self) -> Result<timeline::Piece, String> {
        let wrong = |what: String| format!("a piece of a timeline {what}");
        let source = Source::new(&self.device_id, &self.app_name, self.domain.as_deref())
            .map_err(|error| wrong(format!("has a name that {error}")))?;
        let interval = Interval::new(utc_ms(self.start_time), utc_ms(self.end_time))
            .ok_or_else(|| wrong("is empty".to_owned()))?;
        Ok(timeline::Piece { source, interval })
    }
}

/// A report per app or domain.
#[derive(Debug, Clone, Deserialize)]
pub struct Report {
    /// All items together.
    pub total_seconds: f64,
    /// One per name.
    pub items: Vec<ReportItem>,
}

/// One line of a report.
#[derive(Debug, Clone, Deserialize)]
pub struct ReportItem {
    /// The app, in a report per app.
    #[serde(default)]
    pub app_name: Option<String>,
    /// The domain, in a report per domain; none is what was no web page.
    #[serde(default)]
    pub domain: Option<String>,
    /// With millisecond precision.
    pub seconds: f64,
}

/// The instant of a time of the API, cut to milliseconds.
fn utc_ms(at: Timestamp) -> UtcMs {
    UtcMs(at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use dayline_cli_kit::units::rfc3339;

    use super::*;

    fn ping(app: &str) -> Ping {
        Ping {
            app_name: app.into(),
            url: None,
            start_time: rfc3339(UtcMs(1_795_000_000_123)),
            end_time: rfc3339(UtcMs(1_795_000_005_000)),
            device_id: None,
        }
    }

    fn text(pings: &[Ping], format: Format) -> String {
        String::from_utf8(Body::new(pings, format).unwrap().text.to_vec()).unwrap()
    }

    #[test]
    fn a_ping_is_written_as_the_contract_says() {
        assert_eq!(
            text(&[ping("Code")], Format::Object),
            r#"{"app_name":"Code","start_time":"2026-11-18T11:06:40.123Z","end_time":"2026-11-18T11:06:45Z"}"#
        );
    }

    #[test]
    fn several_pings_are_an_array_or_lines() {
        let pings = [ping("a"), ping("b")];
        assert!(text(&pings, Format::Object).starts_with('['));
        assert!(text(&pings, Format::Array).starts_with('['));
        assert_eq!(text(&pings, Format::Lines).lines().count(), 2);
    }

    #[test]
    fn tokens_are_not_shown() {
        let tokens: Tokens =
            serde_json::from_str(r#"{"access_token":"SECRET-a","refresh_token":"SECRET-r"}"#).unwrap();
        assert!(!format!("{tokens:?}").contains("SECRET"));
    }
}
