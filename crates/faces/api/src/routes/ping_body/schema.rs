//! What the API document says of the bodies that are read by hand: an observation of each kind, and
//! the limits as data.
#![expect(dead_code, reason = "describes what is read by hand")]

use dayline_app::tracking::ingest::MAX_PINGS;
use utoipa::openapi::{ArrayBuilder, Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// An app was in front, and in a browser a page, from `start_time` to `end_time`.
#[derive(ToSchema)]
pub(crate) struct UseObservation {
    /// What was seen; a use if it is left out.
    #[schema(inline, required = false, nullable)]
    kind: Option<UseKind>,
    /// The app, as its window says; the length counts after trimming, no control characters.
    #[schema(min_length = 1, max_length = 255, example = "Firefox")]
    app_name: String,
    /// The page. Only its host is kept, without a leading `www.`; what is no web address has none, and is
    /// accepted.
    #[schema(nullable, required = false, max_length = 8_192, example = "https://github.com/a/b?c")]
    url: Option<String>,
    /// The page's host, instead of `url` and not beside it. What is no host has no domain, and is accepted.
    #[schema(nullable, required = false, example = "github.com")]
    domain: Option<String>,
    /// The project it had open; the length counts after trimming, no control characters. A blank one is none.
    #[schema(nullable, required = false, max_length = 255, example = "dayline")]
    project: Option<String>,
    /// From when: RFC 3339 with an offset, or another spelling that can mean one moment only, such as
    /// `20261120T100000Z`; at most 366 days in the past.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00Z")]
    start_time: String,
    /// To when: not before `start_time`, at most 24 hours after it, at most 5 minutes in the
    /// future.
    #[schema(format = DateTime, example = "2026-11-20T10:00:05Z")]
    end_time: String,
    /// The device it was seen on. The session's own device if left out; of a key, the key's name.
    #[schema(nullable, required = false, min_length = 1, max_length = 128, example = "laptop")]
    device_id: Option<String>,
}

/// A browser's front tab, whether or not the browser was in front itself.
#[derive(ToSchema)]
pub(crate) struct PageObservation {
    #[schema(inline)]
    kind: PageKind,
    /// The browser.
    #[schema(min_length = 1, max_length = 255, example = "Firefox")]
    app_name: String,
    /// The page. Null, left out or no web address: a tab without a domain.
    #[schema(nullable, required = false, max_length = 8_192, example = "https://github.com/a/b?c")]
    url: Option<String>,
    /// The page's host, as of a use.
    #[schema(nullable, required = false, example = "github.com")]
    domain: Option<String>,
    /// Whether it could be heard; false if left out.
    #[schema(nullable, required = false)]
    audible: Option<bool>,
    /// From when, as of a use.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00Z")]
    start_time: String,
    /// To when, as of a use.
    #[schema(format = DateTime, example = "2026-11-20T10:00:05Z")]
    end_time: String,
    /// The device, as of a use.
    #[schema(nullable, required = false, min_length = 1, max_length = 128, example = "laptop")]
    device_id: Option<String>,
}

/// An editor was worked in: a point in time.
#[derive(ToSchema)]
pub(crate) struct BeatObservation {
    #[schema(inline)]
    kind: BeatKind,
    /// The editor.
    #[schema(min_length = 1, max_length = 255, example = "Code")]
    app_name: String,
    /// The project; a blank one is none.
    #[schema(nullable, required = false, max_length = 255, example = "dayline")]
    project: Option<String>,
    /// The language; a blank one is none.
    #[schema(nullable, required = false, max_length = 255, example = "Rust")]
    language: Option<String>,
    /// When.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00Z")]
    start_time: String,
    /// May be left out. Not before `start_time`; else it says nothing.
    #[schema(nullable, required = false, format = DateTime, example = json!(null))]
    end_time: Option<String>,
    /// The device, as of a use.
    #[schema(nullable, required = false, min_length = 1, max_length = 128, example = "laptop")]
    device_id: Option<String>,
}

/// Nobody was at the device (`away`), or somebody was, whatever else says otherwise (`here`).
#[derive(ToSchema)]
pub(crate) struct PresenceObservation {
    #[schema(inline)]
    kind: PresenceKind,
    /// From when, as of a use.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00Z")]
    start_time: String,
    /// To when: not before `start_time`, at most 5 minutes in the future; of any length.
    #[schema(format = DateTime, example = "2026-11-20T10:30:00Z")]
    end_time: String,
    /// The device, as of a use.
    #[schema(nullable, required = false, min_length = 1, max_length = 128, example = "laptop")]
    device_id: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum UseKind {
    Use,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum PageKind {
    Page,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum BeatKind {
    Beat,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum PresenceKind {
    Away,
    Here,
}

/// What one tracker saw on one device. Fields that its kind does not have are ignored.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum Observation {
    /// An app was in front.
    Use(UseObservation),
    /// A browser's front tab.
    Page(PageObservation),
    /// An editor was worked in.
    Beat(BeatObservation),
    /// Nobody was there, or somebody was.
    Presence(PresenceObservation),
}

/// One observation or up to 1,000 of them.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum Pings {
    /// One.
    One(Observation),
    /// Several.
    Many(ObservationList),
}

/// Several observations.
pub(crate) struct ObservationList;

impl PartialSchema for ObservationList {
    fn schema() -> RefOr<Schema> {
        let list = ArrayBuilder::new().items(Ref::from_schema_name(Observation::name()));
        list.min_items(Some(1)).max_items(Some(MAX_PINGS)).build().into()
    }
}

impl ToSchema for ObservationList {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Observation::schemas(schemas);
    }
}
