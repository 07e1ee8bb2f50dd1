//! What trackers see. Start with [`Observation`].
//! Not here: what observations make of a day (see [`crate::timeline`]), and limits on their times.

use std::sync::Arc;

use crate::activity::{Activity, Language, Project, Source};
use crate::names::{AppName, DeviceId, Domain};
use crate::time::Interval;

/// What one tracker saw on one device in an interval; a beat in one millisecond.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Observation {
    subject: Arc<Subject>,
    interval: Interval,
}

impl Observation {
    /// An observation. Beats are points in time: of a longer interval only the first millisecond is
    /// kept.
    pub fn new(subject: Arc<Subject>, interval: Interval) -> Self {
        let point = Interval::new(interval.start(), interval.start().plus(1));
        let interval = match (&subject.seen, point) {
            (Seen::Beat { .. }, Some(point)) => point,
            _ => interval,
        };
        Self { subject, interval }
    }

    /// The device, and what was seen on it.
    pub fn subject(&self) -> &Arc<Subject> {
        &self.subject
    }

    /// When.
    pub fn interval(&self) -> Interval {
        self.interval
    }

    /// The part of it that lies in `window`, if any.
    pub fn clip(&self, window: Interval) -> Option<Self> {
        let interval = self.interval.clip(window)?;
        Some(Self { subject: Arc::clone(&self.subject), interval })
    }
}

/// A device and what was seen on it: observations of one subject are united.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// Where it was seen.
    pub device: DeviceId,
    /// What was seen: kind and value.
    pub seen: Seen,
}

/// A source in use, as pieces of the first edition say it: what comes of languages is left out.
impl From<&Source> for Subject {
    fn from(Source { device, activity }: &Source) -> Self {
        let Activity { app, domain, project, .. } = &**activity;
        let seen = Seen::Use { app: app.clone(), domain: domain.clone(), project: project.clone() };
        Self { device: device.clone(), seen }
    }
}

/// The five kinds of observations with their values.
///
/// Fields stand in the order in which the rule compares them (as bytes, none before some, not
/// audible before audible), so that the derived order of two values of one kind is the rule's "the
/// smaller".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seen {
    /// An app was in front.
    Use {
        /// The app, by the name that its window has.
        app: AppName,
        /// The domain it showed, if the tracker knows.
        domain: Option<Domain>,
        /// The project it had open, if the tracker knows.
        project: Option<Project>,
    },
    /// A browser's front tab, whether or not the browser is in front itself.
    Page {
        /// The browser, by the name that its tracker gives it.
        browser: AppName,
        /// The page's domain; none is a value too (a new tab, a local file).
        domain: Option<Domain>,
        /// Whether it could be heard.
        audible: bool,
    },
    /// An editor was worked in: a point in time.
    Beat {
        /// The editor, by the name that its tracker gives it.
        app: AppName,
        /// The project it had open, if the tracker knows.
        project: Option<Project>,
        /// The language of the file, if the tracker knows.
        language: Option<Language>,
    },
    /// Nobody was there.
    Away,
    /// Somebody was there, whatever else says otherwise: a call, a presentation.
    Here,
}

impl Seen {
    /// The app, browser or editor; `None` for away and here.
    pub fn app(&self) -> Option<&AppName> {
        match self {
            Self::Use { app, .. } | Self::Page { browser: app, .. } | Self::Beat { app, .. } => Some(app),
            Self::Away | Self::Here => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UtcMs;

    fn subject(seen: Seen) -> Arc<Subject> {
        Arc::new(Subject { device: DeviceId::new("pc").unwrap(), seen })
    }

    fn interval(start: i64, end: i64) -> Interval {
        Interval::new(UtcMs(start), UtcMs(end)).unwrap()
    }

    #[test]
    fn a_beat_is_a_point_and_everything_else_keeps_its_length() {
        let app = AppName::new("vim").unwrap();
        let beat = subject(Seen::Beat { app, project: None, language: None });
        assert_eq!(Observation::new(beat, interval(5, 900)).interval(), interval(5, 6));
        assert_eq!(Observation::new(subject(Seen::Away), interval(5, 900)).interval(), interval(5, 900));
    }

    #[test]
    fn an_observation_is_cut_to_a_window() {
        let away = Observation::new(subject(Seen::Away), interval(5, 9));
        assert_eq!(away.clip(interval(7, 20)).map(|part| part.interval()), Some(interval(7, 9)));
        assert_eq!(away.clip(interval(9, 20)), None);
    }

    #[test]
    fn values_of_one_kind_compare_as_the_rule_says() {
        let page = |browser: &str, domain: Option<&str>, audible| Seen::Page {
            browser: AppName::new(browser).unwrap(),
            domain: domain.map(|name| Domain::new(name).unwrap()),
            audible,
        };
        let pages = [
            page("Firefox", None, false),
            page("Firefox", None, true),
            page("Firefox", Some("a.org"), false),
            page("Firefox", Some("a.org"), true),
            page("firefox", None, false),
        ];
        assert!(pages.is_sorted());
    }
}
