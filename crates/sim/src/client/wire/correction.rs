//! Corrections, as they are sent and as an export has them.

use std::sync::Arc;

use dayline_cli_kit::units::rfc3339;
use dayline_domain::{Activity, AppName, Correction, DeviceId, Domain, Interval, Project, Says, Source};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::time::interval;

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

/// A correction that the server knows, in its greatest version.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct KnownCorrection {
    #[serde(flatten)]
    receipt: CorrectionReceipt,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    #[serde(default)]
    erase: bool,
    #[serde(default)]
    deleted: bool,
    app_name: Option<String>,
    domain: Option<String>,
    project: Option<String>,
    device_id: Option<String>,
}

impl KnownCorrection {
    /// Which version it is.
    pub(crate) fn version(&self) -> u64 {
        self.receipt.version
    }

    /// As it is sent, if it is an entry.
    pub(crate) fn as_entry(&self) -> Option<NewCorrection> {
        let within = interval(self.start_time?, self.end_time?)?;
        let entry = Entry {
            app_name: self.app_name.clone().filter(|_| !self.erase && !self.deleted)?,
            domain: self.domain.clone(),
            project: self.project.clone(),
            device_id: self.device_id.clone(),
        };
        Some(NewCorrection::entry(within, entry))
    }

    /// As the rule takes it.
    pub(super) fn parsed(&self) -> Result<Correction, String> {
        let says = match self.start_time.zip(self.end_time) {
            None if self.deleted => Says::Nothing,
            None => return Err("a correction has no times".to_owned()),
            Some((start, end)) => self.says(interval(start, end).ok_or("a correction is empty")?)?,
        };
        let id = self.receipt.id.parse().map_err(|_| format!("{:?} is no id", self.receipt.id))?;
        Ok(Correction { id, version: self.receipt.version, says })
    }

    fn says(&self, interval: Interval) -> Result<Says, String> {
        if self.erase {
            return Ok(Says::Erasure { interval });
        }
        Ok(Says::Entry { interval, source: self.source()? })
    }

    fn source(&self) -> Result<Arc<Source>, String> {
        let (Some(app), Some(device)) = (&self.app_name, &self.device_id) else {
            return Err("an entry has no app_name or no device_id".to_owned());
        };
        let names = || {
            let activity = Activity {
                domain: self.domain.as_deref().map(Domain::new).transpose()?,
                project: self.project.as_deref().map(Project::new).transpose()?,
                ..Activity::of(AppName::new(app)?)
            };
            Ok(Source { device: DeviceId::new(device)?, activity: Arc::new(activity) })
        };
        let wrong = |error: dayline_domain::NameError| format!("an entry has a name that {error}");
        names().map(Arc::new).map_err(wrong)
    }
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
