//! Observations as they are sent.

use dayline_cli_kit::units::rfc3339;
use dayline_domain::{Interval, UtcMs};
use serde::{Deserialize, Serialize};

/// An observation to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ping {
    /// What was seen.
    #[serde(flatten)]
    pub seen: Seen,
    /// RFC 3339.
    pub start_time: String,
    /// RFC 3339; none for a beat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// On which device; the session's own if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
}

/// What was seen, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Seen {
    /// An app was in front.
    Use {
        /// The app.
        app_name: String,
        /// The address of the page it showed.
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// The page's domain; stands instead of an address.
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
        /// The project it had open.
        #[serde(skip_serializing_if = "Option::is_none")]
        project: Option<String>,
    },
    /// A browser's front tab.
    Page {
        /// The browser.
        app_name: String,
        /// The address of the page.
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// The page's domain; stands instead of an address.
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
        /// Whether it could be heard.
        #[serde(default)]
        audible: bool,
    },
    /// An editor was worked in.
    Beat {
        /// The editor.
        app_name: String,
        /// The project.
        #[serde(skip_serializing_if = "Option::is_none")]
        project: Option<String>,
        /// The language.
        #[serde(skip_serializing_if = "Option::is_none")]
        language: Option<String>,
    },
    /// Nobody was there.
    Away,
    /// Somebody was there.
    Here,
}

impl Seen {
    /// An app alone.
    pub fn of_use(app_name: impl Into<String>) -> Self {
        Self::Use { app_name: app_name.into(), url: None, domain: None, project: None }
    }

    /// An app with the address of the page it shows.
    pub fn of_site(app_name: impl Into<String>, url: impl Into<String>) -> Self {
        Self::Use { app_name: app_name.into(), url: Some(url.into()), domain: None, project: None }
    }
}

impl Ping {
    /// What the session's own device saw from one instant to another, of a beat only when.
    pub fn new(seen: Seen, start: UtcMs, end: UtcMs) -> Self {
        let end_time = if matches!(seen, Seen::Beat { .. }) { None } else { Some(rfc3339(end)) };
        Self { seen, start_time: rfc3339(start), end_time, device_id: None }
    }

    /// What the session's own device saw in an interval.
    pub fn in_interval(seen: Seen, interval: Interval) -> Self {
        Self::new(seen, interval.start(), interval.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(seen: Seen) -> String {
        let start = UtcMs(1_795_000_000_123);
        serde_json::to_string(&Ping::new(seen, start, start.plus(4_877))).unwrap()
    }

    #[test]
    fn each_kind_is_written_as_the_contract_says() {
        let times = r#""start_time":"2026-11-18T11:06:40.123Z","end_time":"2026-11-18T11:06:45Z"}"#;
        let at = r#""start_time":"2026-11-18T11:06:40.123Z"}"#;
        assert_eq!(
            written(Seen::of_site("Firefox", "https://a.org/b")),
            format!(r#"{{"kind":"use","app_name":"Firefox","url":"https://a.org/b",{times}"#)
        );
        let page = Seen::Page { app_name: "Firefox".into(), url: None, domain: None, audible: true };
        assert_eq!(written(page), format!(r#"{{"kind":"page","app_name":"Firefox","audible":true,{times}"#));
        let project = Some("dayline".to_owned());
        let beat = Seen::Beat { app_name: "Code".into(), project, language: Some("Rust".into()) };
        assert_eq!(
            written(beat),
            format!(r#"{{"kind":"beat","app_name":"Code","project":"dayline","language":"Rust",{at}"#)
        );
        assert_eq!(written(Seen::Away), format!(r#"{{"kind":"away",{times}"#));
        assert_eq!(written(Seen::Here), format!(r#"{{"kind":"here",{times}"#));
    }
}
