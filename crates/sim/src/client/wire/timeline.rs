//! Timelines as they are read.

use std::sync::Arc;

use dayline_domain::{Activity, AppName, DeviceId, Domain, Language, NameError, Project, Source, activity};
use jiff::Timestamp;
use serde::Deserialize;

use super::time::interval;

/// A stretch of a timeline.
#[derive(Debug, Clone, Deserialize)]
pub struct Timeline {
    /// What counted, in order.
    pub intervals: Vec<Piece>,
}

/// A piece of a timeline.
#[derive(Debug, Clone, Deserialize)]
pub struct Piece {
    /// The app.
    pub app_name: String,
    /// The site.
    pub domain: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// The language.
    pub language: Option<String>,
    /// The device.
    pub device_id: String,
    /// RFC 3339.
    pub start_time: Timestamp,
    /// RFC 3339.
    pub end_time: Timestamp,
}

impl Timeline {
    /// The pieces as the rule gives them, but that neighbours which only midnight UTC separates are
    /// one.
    ///
    /// # Errors
    /// Says what in it no server may send.
    pub fn pieces(&self) -> Result<Vec<activity::Piece>, String> {
        self.intervals.iter().map(Piece::parsed).collect()
    }
}

impl Piece {
    fn parsed(&self) -> Result<activity::Piece, String> {
        let wrong = |what: String| format!("a piece of a timeline {what}");
        let source = self.source().map_err(|error| wrong(format!("has a name that {error}")))?;
        let interval =
            interval(self.start_time, self.end_time).ok_or_else(|| wrong("is empty".to_owned()))?;
        Ok(activity::Piece { source: Arc::new(source), interval })
    }

    fn source(&self) -> Result<Source, NameError> {
        let activity = Activity {
            app: AppName::new(&self.app_name)?,
            domain: self.domain.as_deref().map(Domain::new).transpose()?,
            project: self.project.as_deref().map(Project::new).transpose()?,
            language: self.language.as_deref().map(Language::new).transpose()?,
        };
        Ok(Source { device: DeviceId::new(&self.device_id)?, activity: Arc::new(activity) })
    }
}
