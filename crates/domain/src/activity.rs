//! What counts: an activity, and whose device it was on; with the names of projects and languages.
//! Start with [`Activity`]. Apps, domains and devices are in [`crate::names`].

use std::sync::Arc;

use crate::names::{AppName, DeviceId, Domain, NameError, check};
use crate::time::Interval;

/// Largest number of characters in the name of a project or language.
const MAX: usize = 255;

/// The part of `text` that is stored, borrowed.
fn trimmed(text: &str) -> Result<&str, NameError> {
    let trimmed = text.trim();
    check(trimmed, MAX).map(|()| trimmed)
}

/// What an editor had open: 1–255 characters after trimming, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Project(Box<str>);

impl Project {
    /// Checks without copying: the part of `text` that is stored.
    ///
    /// # Errors
    /// As [`Project::new`].
    pub fn check(text: &str) -> Result<&str, NameError> {
        trimmed(text)
    }

    /// Parses a name, trimming white space around it.
    ///
    /// # Errors
    /// If nothing is left, or more than 255 characters, or one of them is a control character.
    pub fn new(text: &str) -> Result<Self, NameError> {
        trimmed(text).map(|text| Self(text.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The programming language that was written: 1–255 characters after trimming, no control
/// characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(Box<str>);

impl Language {
    /// Checks without copying: the part of `text` that is stored.
    ///
    /// # Errors
    /// As [`Language::new`].
    pub fn check(text: &str) -> Result<&str, NameError> {
        trimmed(text)
    }

    /// Parses a name, trimming white space around it.
    ///
    /// # Errors
    /// If nothing is left, or more than 255 characters, or one of them is a control character.
    pub fn new(text: &str) -> Result<Self, NameError> {
        trimmed(text).map(|text| Self(text.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a person did. Its order is that of its names as bytes, none before some.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Activity {
    /// The app, by the name that its window had.
    pub app: AppName,
    /// The domain of the page, if it was a web page.
    pub domain: Option<Domain>,
    /// The project that was worked on, if that is known.
    pub project: Option<Project>,
    /// The language that it was worked in, if that is known.
    pub language: Option<Language>,
}

impl Activity {
    /// An app alone.
    pub fn of(app: AppName) -> Self {
        Self { app, domain: None, project: None, language: None }
    }
}

/// One device's activity: what a piece of the timeline is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Whose line the activity is on.
    pub device: DeviceId,
    /// What it was used for; shared with everything else that names it.
    pub activity: Arc<Activity>,
}

impl Source {
    /// Parses the names of an app in use, which has no project.
    ///
    /// # Errors
    /// If one of them is not such a name.
    pub fn new(device: &str, app: &str, domain: Option<&str>) -> Result<Arc<Self>, NameError> {
        let domain = domain.map(Domain::new).transpose()?;
        let activity = Activity { domain, ..Activity::of(AppName::new(app)?) };
        Ok(Arc::new(Self { device: DeviceId::new(device)?, activity: Arc::new(activity) }))
    }

    /// Its names: device, app, domain, project, language.
    pub fn names(&self) -> [Option<&str>; 5] {
        let Activity { app, domain, project, language } = &*self.activity;
        [
            Some(self.device.as_str()),
            Some(app.as_str()),
            domain.as_ref().map(Domain::as_str),
            project.as_ref().map(Project::as_str),
            language.as_ref().map(Language::as_str),
        ]
    }
}

/// A maximal run of one source in the timeline, within one UTC day.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Piece {
    /// Device and activity.
    pub source: Arc<Source>,
    /// Half-open and within one UTC day, in whole milliseconds.
    pub interval: Interval,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projects_and_languages_are_trimmed_and_bounded_in_characters() {
        assert_eq!(Project::new("  day line \n").unwrap().as_str(), "day line");
        assert_eq!(Project::check(" p "), Ok("p"));
        assert_eq!(Language::new("\tC++ ").unwrap().as_str(), "C++");
        assert_eq!(Language::check("Rust"), Ok("Rust"));
        assert_eq!(Project::new(&"ü".repeat(255)).unwrap().as_str().len(), 510);
        assert_eq!(Project::new(&"ü".repeat(256)), Err(NameError::TooLong { max: 255 }));
        assert_eq!(Language::new(" \t "), Err(NameError::Empty));
        assert_eq!(Project::new("a\0b"), Err(NameError::ControlCharacter));
    }

    #[test]
    fn activities_sort_by_app_domain_project_and_language_with_none_first() {
        let activity =
            |app: &str, domain: Option<&str>, project: Option<&str>, language: Option<&str>| Activity {
                app: AppName::new(app).unwrap(),
                domain: domain.map(|name| Domain::new(name).unwrap()),
                project: project.map(|name| Project::new(name).unwrap()),
                language: language.map(|name| Language::new(name).unwrap()),
            };
        let sorted = [
            activity("A", None, None, None),
            activity("A", None, None, Some("c")),
            activity("A", None, Some("p"), None),
            activity("A", Some("a.org"), None, None),
            activity("B", None, None, None),
            activity("a", None, None, None),
            activity("é", None, None, None),
        ];
        assert!(sorted.is_sorted());
        assert_eq!(Activity::of(AppName::new("A").unwrap()), sorted[0]);
    }

    #[test]
    fn sources_sort_by_device_then_activity() {
        let sorted = [
            Source::new("a", "z", Some("z")),
            Source::new("b", "a", None),
            Source::new("b", "a", Some("a")),
            Source::new("b", "é", None),
        ]
        .map(Result::unwrap);
        assert!(sorted.is_sorted());
    }
}
