//! What a tracker saw, as it would be sent: by its kind.

use std::borrow::Cow;

use dayline_domain::{Domain, Language, Observation, Project, Seen};
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// What one tracker saw on one device, as it is written.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ObservationItem<'a> {
    Use {
        app_name: &'a str,
        domain: Option<&'a str>,
        project: Option<&'a str>,
        #[serde(flatten)]
        place: Stretch<'a>,
    },
    Page {
        app_name: &'a str,
        domain: Option<&'a str>,
        audible: bool,
        #[serde(flatten)]
        place: Stretch<'a>,
    },
    Beat {
        app_name: &'a str,
        project: Option<&'a str>,
        language: Option<&'a str>,
        device_id: &'a str,
        start_time: String,
    },
    Away(Stretch<'a>),
    Here(Stretch<'a>),
}

/// What one tracker saw on one device. One object for all kinds, since generated clients have
/// difficulties with unions.
#[derive(ToSchema)]
#[schema(as = Seen)]
#[expect(dead_code, reason = "describes what is written otherwise")]
struct SeenFields {
    /// `use`: an app was in front; `page`: a browser's front tab; `beat`: an editor was worked in; `away`: nobody was
    /// there; `here`: somebody was.
    kind: SeenKind,
    /// The device.
    #[schema(example = "laptop")]
    device_id: String,
    /// From when; of a beat, when.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    start_time: String,
    /// To when; of all but a beat.
    #[schema(required = false, nullable = false, format = DateTime, example = "2026-11-20T10:00:05.000Z")]
    end_time: Option<String>,
    /// The app, browser or editor; of a use, page or beat.
    #[schema(required = false, nullable = false, example = "Firefox")]
    app_name: Option<String>,
    /// The page's host, null if there is none; of a use or page.
    #[schema(required = false, example = "github.com")]
    domain: Option<String>,
    /// The project, null if it is not known; of a use or beat.
    #[schema(required = false, example = "dayline")]
    project: Option<String>,
    /// The language, null if it is not known; of a beat.
    #[schema(required = false, example = json!(null))]
    language: Option<String>,
    /// Whether it could be heard; of a page.
    #[schema(required = false, nullable = false, example = false)]
    audible: Option<bool>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what is written otherwise")]
enum SeenKind {
    Use,
    Page,
    Beat,
    Away,
    Here,
}

impl PartialSchema for ObservationItem<'_> {
    fn schema() -> RefOr<Schema> {
        SeenFields::schema()
    }
}

impl ToSchema for ObservationItem<'_> {
    fn name() -> Cow<'static, str> {
        SeenFields::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        SeenFields::schemas(schemas);
    }
}

/// Where and when.
#[derive(Serialize)]
pub(crate) struct Stretch<'a> {
    device_id: &'a str,
    start_time: String,
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
