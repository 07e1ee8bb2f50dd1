//! The JSON of the contract, as far as the commands speak it.

mod correction;
mod export;
mod ping;
mod time;
mod timeline;

use secrecy::SecretString;
use serde::Deserialize;

pub use correction::{CorrectionReceipt, Entry, NewCorrection};
pub use export::Export;
pub use ping::{Ping, Seen};
pub use timeline::{Piece, Timeline};

/// A session's tokens.
#[derive(Debug, Clone, Deserialize)]
pub struct Tokens {
    /// Goes with each request.
    pub access_token: SecretString,
    /// Buys the next tokens.
    pub refresh_token: SecretString,
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

#[cfg(test)]
mod tests {
    use dayline_domain::UtcMs;

    use super::*;

    fn ping(app: &str) -> Ping {
        Ping::new(Seen::of_use(app), UtcMs(1_795_000_000_123), UtcMs(1_795_000_005_000))
    }

    fn text(pings: &[Ping], format: Format) -> String {
        String::from_utf8(Body::new(pings, format).unwrap().text.to_vec()).unwrap()
    }

    #[test]
    fn one_ping_alone_is_an_object() {
        assert!(text(&[ping("Code")], Format::Object).starts_with('{'));
        assert!(text(&[ping("Code")], Format::Array).starts_with('['));
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
