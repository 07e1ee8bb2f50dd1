//! Where a device is signed in.

use dayline_domain::{Session, SessionId};
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::ToSchema;

/// One device's session. Never shows a token.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionItem {
    /// Identity, for ending it.
    #[schema(format = Uuid)]
    id: String,
    /// The device, as it named itself.
    #[schema(example = "laptop")]
    device_id: String,
    /// The device, as the person calls it.
    #[schema(required, example = "Ada's laptop")]
    device_name: Option<String>,
    /// The network it was last used from (IPv4 /24, IPv6 /48).
    #[schema(required, example = "192.0.2.0/24")]
    address: Option<String>,
    /// When the device was signed in.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    created_at: String,
    /// Last sign-in or refresh.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    last_used_at: String,
    /// Whether this request came from it.
    current: bool,
}

impl SessionItem {
    pub(crate) fn new(session: Session, current: Option<SessionId>) -> Self {
        Self {
            id: session.id.to_string(),
            device_id: session.device.as_str().to_owned(),
            device_name: session.device_name.map(|name| name.as_str().to_owned()),
            address: session.address.map(String::from),
            created_at: instant::utc(session.created_at),
            last_used_at: instant::utc(session.last_used_at),
            current: current == Some(session.id),
        }
    }
}
