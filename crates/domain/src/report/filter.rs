//! Of which activities a report is, where it is not of all.

use std::borrow::Cow;

use crate::activity::{Activity, Project, Source};
use crate::families::{Kind, kind_of};
use crate::labels::Labels;
use crate::names::{AppName, DeviceId, Domain, NameError};

/// What a report is about: all that is said here has to hold. Nothing said: everything that counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Filter {
    /// This app alone.
    pub app: Option<AppName>,
    /// This domain alone; `Some(None)` is what was no web page.
    pub domain: Option<Option<Domain>>,
    /// This project alone; `Some(None)` is what had none.
    pub project: Option<Option<Project>>,
    /// This device alone.
    pub device: Option<DeviceId>,
    /// Coding alone: an editor in use, or whatever a project was worked on with.
    pub coding: bool,
}

impl Filter {
    /// Keeps everything.
    pub const ALL: Self = Self { app: None, domain: None, project: None, device: None, coding: false };
    /// Keeps coding.
    pub const CODING: Self = Self { coding: true, ..Self::ALL };

    /// Whether it keeps everything.
    pub fn keeps_all(&self) -> bool {
        let Self { app, domain, project, device, coding } = self;
        app.is_none() && domain.is_none() && project.is_none() && device.is_none() && !coding
    }

    /// Its names as texts: app, domain, project and device; a domain or project that is to be none is an
    /// empty one. Only by these a person asks for a report, so that no store keeps more of a filter.
    pub fn texts(&self) -> [Option<&str>; 4] {
        let Self { app, domain, project, device, coding: _ } = self;
        [
            app.as_ref().map(AppName::as_str),
            domain.as_ref().map(|domain| domain.as_ref().map_or("", Domain::as_str)),
            project.as_ref().map(|project| project.as_ref().map_or("", Project::as_str)),
            device.as_ref().map(DeviceId::as_str),
        ]
    }

    /// The filter of such texts.
    ///
    /// # Errors
    /// If one of them is not such a name.
    pub fn from_texts([app, domain, project, device]: [Option<&str>; 4]) -> Result<Self, NameError> {
        Ok(Self {
            app: app.map(AppName::new).transpose()?,
            domain: domain.map(|text| name_or_none(text, Domain::new)).transpose()?,
            project: project.map(|text| name_or_none(text, Project::new)).transpose()?,
            device: device.map(DeviceId::new).transpose()?,
            coding: false,
        })
    }

    /// The same filter; with labels an app is the one that is meant by its name.
    pub fn meant(&self, labels: Option<&Labels>) -> Cow<'_, Self> {
        match (labels, &self.app) {
            (Some(labels), Some(app)) => {
                Cow::Owned(Self { app: Some(labels.meant(app).into_owned()), ..self.clone() })
            }
            _ => Cow::Borrowed(self),
        }
    }

    /// Whether a report is about `source`. With labels an app goes by the name that it is shown by.
    pub fn keeps(&self, source: &Source, labels: Option<&Labels>) -> bool {
        fn fits<Name: PartialEq>(wanted: Option<&Name>, found: &Name) -> bool {
            wanted.is_none_or(|wanted| wanted == found)
        }
        let activity = &source.activity;
        let is_app = |wanted: &AppName| match labels {
            Some(labels) => *labels.shown(&activity.app) == *wanted,
            None => activity.app == *wanted,
        };
        self.app.as_ref().is_none_or(is_app)
            && fits(self.domain.as_ref(), &activity.domain)
            && fits(self.project.as_ref(), &activity.project)
            && fits(self.device.as_ref(), &source.device)
            && (!self.coding || is_coding(activity))
    }
}

fn is_coding(activity: &Activity) -> bool {
    activity.project.is_some() || kind_of(&activity.app) == Some(Kind::Editor)
}

/// A name, or none where nothing is written.
///
/// # Errors
///
/// What `parse` says.
pub fn name_or_none<T, E>(text: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<Option<T>, E> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn all_that_is_said_has_to_hold() {
        let page = Source::new("laptop", "Firefox", Some("github.com")).unwrap();
        let no_page = Source::new("laptop", "Firefox", None).unwrap();
        let (app, device) = (AppName::new("Firefox").ok(), DeviceId::new("laptop").ok());
        let github = Some(Domain::new("github.com").ok());
        let keeps = |filter: &Filter| (filter.keeps(&page, None), filter.keeps(&no_page, None));
        assert_eq!(keeps(&Filter::ALL), (true, true));
        assert_eq!(keeps(&Filter { app: app.clone(), device: device.clone(), ..Filter::ALL }), (true, true));
        assert_eq!(keeps(&Filter { app, domain: github, device, ..Filter::ALL }), (true, false));
        assert_eq!(keeps(&Filter { domain: Some(None), ..Filter::ALL }), (false, true));
        assert_eq!(keeps(&Filter { project: Some(None), ..Filter::ALL }), (true, true));
        assert_eq!(keeps(&Filter { app: AppName::new("firefox").ok(), ..Filter::ALL }), (false, false));
        assert_eq!(keeps(&Filter { device: DeviceId::new("phone").ok(), ..Filter::ALL }), (false, false));
    }

    #[test]
    fn with_labels_an_app_goes_by_the_name_it_is_shown_by() {
        let source = Source::new("laptop", "firefox.exe", None).unwrap();
        let of = |name: &str| Filter { app: AppName::new(name).ok(), ..Filter::ALL };
        let labels = Labels::default();
        assert!(of("Firefox").keeps(&source, Some(&labels)) && !of("Firefox").keeps(&source, None));
        assert!(of("firefox.exe").keeps(&source, None) && !of("firefox.exe").keeps(&source, Some(&labels)));
        assert_eq!(*of("Mozilla Firefox").meant(Some(&labels)), of("Firefox"));
        assert_eq!(*of("Mozilla Firefox").meant(None), of("Mozilla Firefox"));
    }

    #[test]
    fn a_filter_is_read_as_what_it_was_written_for() {
        let none = [Some(""), None];
        let texts = none.into_iter().chain([Some("a.org")]);
        for (domain, project) in texts.clone().flat_map(|domain| texts.clone().map(move |of| (domain, of))) {
            for (app, device) in [(None, Some("laptop ")), (Some("Code"), None), (None, None)] {
                let texts = [app, domain, project, device];
                assert_eq!(Filter::from_texts(texts).unwrap().texts(), texts);
            }
        }
        assert_eq!(Filter::from_texts([Some(""), None, None, None]), Err(NameError::Empty));
        assert_eq!(Filter::from_texts([None, None, None, Some("")]), Err(NameError::Empty));
    }

    #[test]
    fn a_filter_that_says_nothing_keeps_all_and_no_other_does() {
        assert_eq!(Filter::default(), Filter::ALL);
        assert!(Filter::ALL.keeps_all());
        assert!(!Filter { domain: Some(None), ..Filter::ALL }.keeps_all());
        assert!(!Filter { project: Some(None), ..Filter::ALL }.keeps_all());
        assert!(!Filter { app: AppName::new("Code").ok(), ..Filter::ALL }.keeps_all());
        assert!(!Filter { device: DeviceId::new("phone").ok(), ..Filter::ALL }.keeps_all());
        assert!(!Filter::CODING.keeps_all());
    }

    #[test]
    fn coding_is_an_editor_or_anything_with_a_project() {
        let is_kept = |app: &str, project: Option<&str>| {
            let project = project.map(|name| Project::new(name).unwrap());
            let activity = Activity { project, ..Activity::of(AppName::new(app).unwrap()) };
            let device = DeviceId::new("laptop").unwrap();
            Filter::CODING.keeps(&Source { device, activity: Arc::new(activity) }, None)
        };
        assert!(
            is_kept("Code", None) && is_kept("nvim", Some("dayline")) && is_kept("Figma", Some("dayline"))
        );
        assert!(!is_kept("Figma", None) && !is_kept("Firefox", None));
    }
}
