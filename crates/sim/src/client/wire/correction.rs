//! Corrections, as they are sent.

use dayline_cli_kit::units::rfc3339;
use dayline_domain::{Correction, Interval, Says};
use serde::{Deserialize, Serialize};

/// What a correction says: an entry, or an erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewCorrection {
    /// RFC 3339.
    pub start_time: String,
    /// RFC 3339.
    pub end_time: String,
    /// What the person did; none for an erasure.
    #[serde(flatten)]
    pub entry: Option<Entry>,
    /// Whether it is an erasure.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub erase: bool,
}

/// What a person says they did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// With which app.
    pub app_name: String,
    /// On which site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// For which project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// On which device; the session's own if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
}

impl NewCorrection {
    /// This is what I did.
    pub fn entry(interval: Interval, entry: Entry) -> Self {
        let [start_time, end_time] = [interval.start(), interval.end()].map(rfc3339);
        Self { start_time, end_time, entry: Some(entry), erase: false }
    }

    /// What a correction that is known says, if it is an entry.
    pub(crate) fn of(correction: &Correction) -> Option<Self> {
        let Says::Entry { interval, source } = &correction.says else { return None };
        let activity = &source.activity;
        let entry = Entry {
            app_name: activity.app.as_str().to_owned(),
            domain: activity.domain.as_ref().map(|domain| domain.as_str().to_owned()),
            project: activity.project.as_ref().map(|project| project.as_str().to_owned()),
            device_id: Some(source.device.as_str().to_owned()),
        };
        Some(Self::entry(*interval, entry))
    }

    /// Forget this.
    pub fn erasure(interval: Interval) -> Self {
        let [start_time, end_time] = [interval.start(), interval.end()].map(rfc3339);
        Self { start_time, end_time, entry: None, erase: true }
    }
}

/// What became of a correction.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CorrectionReceipt {
    /// Which correction it is.
    pub id: String,
    /// Which version of it: greater than all of the person's before.
    pub version: u64,
}

#[cfg(test)]
mod tests {
    use dayline_domain::UtcMs;

    use super::*;

    #[test]
    fn entries_and_erasures_are_written_as_the_contract_says() {
        let start = UtcMs(1_795_000_000_000);
        let interval = Interval::new(start, start.plus(5_000)).unwrap();
        let entry =
            Entry { app_name: "Meeting".into(), domain: None, project: Some("p".into()), device_id: None };
        let times = r#""start_time":"2026-11-18T11:06:40Z","end_time":"2026-11-18T11:06:45Z""#;
        let written = |correction| serde_json::to_string(&correction).unwrap();
        assert_eq!(
            written(NewCorrection::entry(interval, entry)),
            format!(r#"{{{times},"app_name":"Meeting","project":"p"}}"#)
        );
        assert_eq!(written(NewCorrection::erasure(interval)), format!(r#"{{{times},"erase":true}}"#));
    }
}
