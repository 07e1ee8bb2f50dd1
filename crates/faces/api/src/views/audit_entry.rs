//! Something that happened to an account.

use dayline_app::ports::StoredAuditEvent;
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that happened to my account.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEntry<'a> {
    /// Grows with time.
    #[schema(example = 42)]
    id: u64,
    /// When it happened, by the server's clock.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    at: String,
    /// What: `registered`, `signed_in`, `device_signed_in`, `sign_in_failed`, `device_approved`,
    /// `device_denied`, `token_reused`, `lost_answer_or_copy`, `session_ended`, `sessions_ended`,
    /// `password_changed`, `email_changed`, `password_reset`, `key_created`, `key_deleted`,
    /// `corrected`, `erased`, `device_renamed`, `device_merged`, `keep_changed`,
    /// `past_removed`; by an operator `account_created`,
    /// `account_disabled`, `account_enabled`, `reset_link_made`, from which follow `sign_in_refused` and
    /// `password_reset_by_link`; and more in later releases.
    #[schema(example = "signed_in")]
    kind: &'static str,
    /// The device, key, correction, former e-mail address, time to keep or first kept day it was about.
    #[schema(example = "laptop")]
    subject: Option<&'a str>,
    /// The network it came from (IPv4 /24, IPv6 /48).
    #[schema(example = "192.0.2.0/24")]
    address: Option<&'a str>,
}

impl<'a> From<&'a StoredAuditEvent> for AuditEntry<'a> {
    fn from(StoredAuditEvent { id, event }: &'a StoredAuditEvent) -> Self {
        Self {
            id: *id,
            at: instant::utc(event.at),
            kind: event.kind.name(),
            subject: event.subject.as_deref(),
            address: event.address.as_deref(),
        }
    }
}
