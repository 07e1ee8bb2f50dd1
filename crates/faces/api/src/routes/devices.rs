//! `/devices`: the devices of which something is known. Not here: which are signed in (see
//! [`super::sessions`]).

use axum::extract::State;
use axum::response::Response;
use dayline_app::reporting::devices::{self, Device, Kind};
use dayline_app::tracking::devices::{Merged, merge, rename};
use dayline_domain::{DeviceId, DeviceName};
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::fields::{Fields, FromFields, Json};
use dayline_http_kit::instant;
use dayline_http_kit::json::private_json;
use dayline_http_kit::path::PathDevice;
use dayline_http_kit::problem::{Problem, ProblemBody};
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::{BodyProblems, SignedInProblems};
use crate::state::Api;
use crate::views::settling::{SettlingItem, accepted};

/// My devices.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeviceList<'a> {
    /// The one that was used last comes first.
    devices: Vec<DeviceItem<'a>>,
}

/// A device of which something is known.
#[derive(Serialize, ToSchema)]
#[schema(as = Device)]
struct DeviceItem<'a> {
    /// Which.
    #[schema(example = "laptop")]
    device_id: &'a str,
    /// What I call it; where I never said so, what it is called where it is signed in.
    #[schema(required, example = "My laptop")]
    name: Option<&'a str>,
    /// The end of what was last observed on it or counts on it.
    #[schema(required, format = DateTime, example = "2026-11-20T10:00:05.000Z")]
    last_use: Option<String>,
    /// What was observed on it within the last week of which anything is known.
    #[schema(value_type = Vec<KindName>, example = json!(["use", "away"]))]
    kinds: Vec<&'static str>,
}

#[derive(ToSchema)]
#[schema(as = ObservationKind, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what has names already")]
enum KindName {
    Use,
    Page,
    Beat,
    Away,
    Here,
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Use => "use",
        Kind::Page => "page",
        Kind::Beat => "beat",
        Kind::Away => "away",
        Kind::Here => "here",
    }
}

impl<'a> From<&'a Device> for DeviceItem<'a> {
    fn from(device: &'a Device) -> Self {
        Self {
            device_id: device.id.as_str(),
            name: device.name.as_deref(),
            last_use: device.last_use.map(instant::utc),
            kinds: device.kinds.iter().copied().map(name).collect(),
        }
    }
}

/// The devices of which something is known.
#[utoipa::path(
    get, path = "/api/v1/devices", tag = "usage", operation_id = "list_devices",
    responses((status = 200, body = DeviceList<'_>, description = "The devices"), SignedInProblems),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn list(State(api): State<Api>, SignedIn(caller): SignedIn) -> Result<Response, Problem> {
    let found = devices::list(&api.app, &caller).await?;
    Ok(private_json(&DeviceList { devices: found.iter().map(DeviceItem::from).collect() }))
}

/// What to change about a device: one of the two.
#[derive(ToSchema)]
#[schema(as = DeviceChange)]
#[expect(dead_code, reason = "describes what is read otherwise")]
struct ChangeBody {
    /// What I call it: 1–128 characters.
    #[schema(value_type = Option<String>, nullable, required = false, min_length = 1, example = "My laptop")]
    name: Option<DeviceName>,
    /// Another device of mine. All that was and will be told of the one is told of this one, for good.
    #[schema(value_type = Option<String>, nullable, required = false, min_length = 1, max_length = 128)]
    merge_into: Option<DeviceId>,
}

/// What is to change about a device.
pub(crate) enum DeviceChange {
    Name(DeviceName),
    MergeInto(DeviceId),
}

impl FromFields for DeviceChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        match (fields.is_given("name"), fields.is_given("merge_into")) {
            (true, true) => fields.required("merge_into", |_| Err("can't be given together with name")),
            (false, true) => fields.required("merge_into", DeviceId::new).map(Self::MergeInto),
            (_, false) => fields.required("name", DeviceName::new).map(Self::Name),
        }
    }
}

/// The device that another one counts as, and how far the past follows.
#[derive(Serialize, ToSchema)]
struct MergedDevice<'a> {
    /// The device that both are now.
    #[schema(example = "laptop")]
    device_id: &'a str,
    /// How far my days follow; asked for again with my preferences.
    settling: SettlingItem,
}

/// Give a device a name, or merge it into another one.
///
/// A name leaves the `device_id` as it is. A merged device is listed no more: what was seen on it, or entered
/// for it, counts as of the other one, and so does whatever is still sent for it. That can't be undone. The past
/// is settled again in the background: `settling` says how far that is. Should it ever stop, the same again goes on.
#[utoipa::path(
    patch, path = "/api/v1/devices/{id}", tag = "usage", operation_id = "change_device",
    params(("id" = String, Path, min_length = 1, max_length = 128, description = "Its `device_id`")),
    request_body = ChangeBody,
    responses(
        (status = 200, body = DeviceItem<'_>, description = "The device with its name"),
        (status = 202, body = MergedDevice<'_>, description = "It is merged, and days of the past are to follow",
            headers(("retry-after" = u32, description = "Seconds"))),
        (status = 404, body = ProblemBody, content_type = "application/problem+json",
            description = "Nothing is known of such a device of mine, or of the other one"),
        SignedInProblems, BodyProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn change(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    PathDevice(id): PathDevice,
    Json(change): Json<DeviceChange>,
) -> Result<Response, Problem> {
    match change {
        DeviceChange::Name(name) => {
            let device = rename(&api.app, &caller, id, name).await?;
            Ok(private_json(&DeviceItem::from(&device)))
        }
        DeviceChange::MergeInto(into) => {
            let Merged { device, settling } = merge(&api.app, &caller, id, into).await?;
            let merged = MergedDevice { device_id: device.as_str(), settling: settling.into() };
            Ok(accepted(private_json(&merged)))
        }
    }
}
