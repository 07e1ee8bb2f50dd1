//! What a device is told that is signed in by a code: what to show, and why it has no tokens.

use dayline_app::identity::device_login::{NotYet, Started};
use serde::Serialize;
use utoipa::ToSchema;

/// What a device needs to wait for its tokens (RFC 8628, section 3.2).
#[derive(Serialize, ToSchema)]
pub(crate) struct DeviceCodes {
    /// The secret to poll with.
    #[schema(example = "dld_…")]
    device_code: String,
    /// What the device shows, for the person to type or compare.
    #[schema(example = "BCDF-GHJK")]
    user_code: String,
    /// The page on which the person approves.
    #[schema(format = "uri", example = "https://dayline.example.org/device")]
    verification_uri: String,
    /// The same with the code filled in, for a link or a QR code.
    #[schema(format = "uri", example = "https://dayline.example.org/device?user_code=BCDF-GHJK")]
    verification_uri_complete: String,
    /// Seconds until both codes end.
    #[schema(example = 600)]
    expires_in: i64,
    /// Seconds to wait between two polls.
    #[schema(example = 5)]
    interval: u32,
}

impl DeviceCodes {
    /// The codes, for approval on a page of the server with this address.
    pub(crate) fn new(started: Started, server: &str) -> Self {
        let Started { device_code, user_code, expires_in_s, interval_s } = started;
        let page = format!("{server}/device");
        Self {
            verification_uri_complete: format!("{page}?user_code={user_code}"),
            verification_uri: page,
            device_code,
            user_code: user_code.to_string(),
            expires_in: expires_in_s,
            interval: interval_s,
        }
    }
}

/// What a device is told that gets no tokens: the code, for people, and how long to wait from now on.
pub(crate) fn why_not_yet(not_yet: NotYet) -> (&'static str, &'static str, Option<u32>) {
    match not_yet {
        NotYet::AuthorizationPending => ("authorization_pending", "the person has not decided yet", None),
        NotYet::SlowDown { interval_s } => ("slow_down", "poll less often, see interval", Some(interval_s)),
        NotYet::ExpiredToken => {
            ("expired_token", "the code is unknown, used up or too old; start again", None)
        }
        NotYet::AccessDenied => ("access_denied", "the person refused", None),
    }
}
