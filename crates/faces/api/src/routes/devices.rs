//! `/devices`: the devices of which something is known. Not here: which are signed in (see
//! [`super::sessions`]).

use axum::extract::State;
use axum::response::Response;
use dayline_app::reporting::devices::{self, Device, Kind};
use dayline_app::tracking::devices::rename;
use dayline_domain::DeviceName;
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::fields::{Fields, FromFields, Json};
use dayline_http_kit::instant;
use dayline_http_kit::path::PathDevice;
use dayline_http_kit::problem::{Problem, ProblemBody};
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::{BodyProblems, SignedInProblems};
use crate::state::Api;
use crate::views::json::private_json;

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

/// What to change about a device.
#[derive(ToSchema)]
pub(crate) struct DeviceChange {
    /// What I call it: 1–128 characters.
    #[schema(value_type = String, min_length = 1, example = "My laptop")]
    name: DeviceName,
}

impl FromFields for DeviceChange {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { name: fields.required("name", DeviceName::new)? })
    }
}

/// Give a device a name. Its `device_id` stays.
#[utoipa::path(
    patch, path = "/api/v1/devices/{id}", tag = "usage", operation_id = "change_device",
    params(("id" = String, Path, min_length = 1, max_length = 128, description = "Its `device_id`")),
    request_body = DeviceChange,
    responses(
        (status = 200, body = DeviceItem<'_>, description = "The device as it is now"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json",
            description = "Nothing is known of such a device of mine"),
        SignedInProblems, BodyProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn change(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    PathDevice(id): PathDevice,
    Json(DeviceChange { name }): Json<DeviceChange>,
) -> Result<Response, Problem> {
    let device = rename(&api.app, &caller, id, name).await?;
    Ok(private_json(&DeviceItem::from(&device)))
}
