//! What a tracker saw, as it would be sent: by its kind.

use dayline_domain::{Domain, Language, Observation, Project, Seen};
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::ToSchema;

/// What one tracker saw on one device.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = Seen)]
pub(crate) enum ObservationItem<'a> {
    /// An app was in front.
    Use {
        /// The app.
        app_name: &'a str,
        /// The page's host, if it was a web page.
        #[schema(required)]
        domain: Option<&'a str>,
        /// The project it had open, if that is known.
        #[schema(required)]
        project: Option<&'a str>,
        #[serde(flatten)]
        place: Stretch<'a>,
    },
    /// A browser's front tab.
    Page {
        /// The browser.
        app_name: &'a str,
        /// The page's host, if it has one.
        #[schema(required)]
        domain: Option<&'a str>,
        /// Whether it could be heard.
        audible: bool,
        #[serde(flatten)]
        place: Stretch<'a>,
    },
    /// An editor was worked in.
    Beat {
        /// The editor.
        app_name: &'a str,
        /// The project, if that is known.
        #[schema(required)]
        project: Option<&'a str>,
        /// The language, if that is known.
        #[schema(required)]
        language: Option<&'a str>,
        /// The device.
        device_id: &'a str,
        /// When.
        #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
        start_time: String,
    },
    /// Nobody was there.
    Away(Stretch<'a>),
    /// Somebody was there.
    Here(Stretch<'a>),
}

/// Where and when.
#[derive(Serialize, ToSchema)]
#[schema(as = SeenStretch)]
pub(crate) struct Stretch<'a> {
    /// The device.
    #[schema(example = "laptop")]
    device_id: &'a str,
    /// From when.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    start_time: String,
    /// To when.
    #[schema(format = DateTime, example = "2026-11-20T10:00:05.000Z")]
    end_time: String,
}

impl<'a> From<&'a Observation> for ObservationItem<'a> {
    fn from(observation: &'a Observation) -> Self {
        let (subject, interval) = (observation.subject(), observation.interval());
        let device_id = subject.device.as_str();
        let start_time = instant::utc(interval.start());
        let place = || {
            let (start_time, end_time) = (instant::utc(interval.start()), instant::utc(interval.end()));
            Stretch { device_id, start_time, end_time }
        };
        let domain = |domain: &'a Option<Domain>| domain.as_ref().map(Domain::as_str);
        let project = |project: &'a Option<Project>| project.as_ref().map(Project::as_str);
        match &subject.seen {
            Seen::Use { app, domain: page, project: open } => Self::Use {
                app_name: app.as_str(),
                domain: domain(page),
                project: project(open),
                place: place(),
            },
            Seen::Page { browser, domain: page, audible } => Self::Page {
                app_name: browser.as_str(),
                domain: domain(page),
                audible: *audible,
                place: place(),
            },
            Seen::Beat { app, project: open, language } => Self::Beat {
                app_name: app.as_str(),
                project: project(open),
                language: language.as_ref().map(Language::as_str),
                device_id,
                start_time,
            },
            Seen::Away => Self::Away(place()),
            Seen::Here => Self::Here(place()),
        }
    }
}
