//! What is told to the server, in the words of its API.

use jiff::Timestamp;
use serde::Serialize;

use crate::device::Device;

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Seen {
    /// An app was in front.
    Use {
        /// The app.
        app_name: String,
        /// The domain of its page, if the window told one.
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
        /// The project that it is for.
        #[serde(skip_serializing_if = "Option::is_none")]
        project: Option<String>,
    },
    /// The front tab of a browser.
    Page {
        /// The browser.
        app_name: String,
        /// The page's domain.
        domain: Option<String>,
        /// Whether it could be heard.
        audible: bool,
    },
    /// Nobody was there.
    Away,
    /// Somebody was there, whatever the keyboard says.
    Here,
}

/// What was seen on one device, from a start up to an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Observation {
    /// What.
    #[serde(flatten)]
    pub seen: Seen,
    /// From when.
    pub start_time: Timestamp,
    /// Until when; not before the start.
    pub end_time: Timestamp,
    /// Where.
    pub device_id: Device,
}

impl Observation {
    /// The observation as one line of JSON.
    pub fn to_line(&self) -> String {
        // Texts, flags and times always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seen: Seen) -> String {
        let at = |text: &str| text.parse().unwrap();
        let (start_time, end_time) = (at("2026-11-20T10:00:00Z"), at("2026-11-20T10:00:05.125Z"));
        Observation { seen, start_time, end_time, device_id: crate::device::chosen("laptop").unwrap() }
            .to_line()
    }

    #[test]
    fn observations_are_written_as_the_api_reads_them() {
        let times = r#""start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:00:05.125Z","device_id":"laptop"}"#;
        let code =
            Seen::Use { app_name: "Code".to_owned(), domain: None, project: Some("Dayline".to_owned()) };
        assert_eq!(line(code), format!(r#"{{"kind":"use","app_name":"Code","project":"Dayline",{times}"#));
        let page = Seen::Page { app_name: "firefox".to_owned(), domain: None, audible: true };
        assert_eq!(
            line(page),
            format!(r#"{{"kind":"page","app_name":"firefox","domain":null,"audible":true,{times}"#)
        );
        assert_eq!(line(Seen::Away), format!(r#"{{"kind":"away",{times}"#));
        assert_eq!(line(Seen::Here), format!(r#"{{"kind":"here",{times}"#));
    }
}
