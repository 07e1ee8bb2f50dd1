//! What signing a person out comes to: their credentials are refused from now on, and it is written
//! down.

use std::net::IpAddr;

use dayline_domain::UserId;

use crate::identity::audit::audit;
use crate::identity::revocation::revoke;
use crate::ports::{ApiKey, AuditKind, CredentialId};
use crate::{App, AppError};

/// How many of a person's credentials ended at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedOut {
    /// How many sessions, with the device codes that they approved.
    pub sessions: usize,
    /// How many API keys were deleted; 0 if they were to be kept.
    pub api_keys: usize,
}

/// Of the keys that may end, those whose names an entry of the audit log will need.
pub(super) async fn keys_to_delete(app: &App, user: UserId, wanted: bool) -> Result<Vec<ApiKey>, AppError> {
    if wanted { Ok(app.api_keys.list(user).await?) } else { Ok(Vec::new()) }
}

/// Refuses what ended, and writes down each key that went with it.
pub(super) async fn refuse(
    app: &App,
    user: UserId,
    ended: Vec<CredentialId>,
    keys: &[ApiKey],
    address: Option<IpAddr>,
) -> Result<SignedOut, AppError> {
    let deleted: Vec<_> = ended.iter().filter_map(CredentialId::key).collect();
    let signed_out = SignedOut { sessions: ended.len() - deleted.len(), api_keys: deleted.len() };
    revoke(app, ended).await?;
    for id in deleted {
        let name = keys.iter().find(|key| key.id == id).map(|key| key.name.as_str());
        audit(app, user, AuditKind::KeyDeleted, name, address).await?;
    }
    Ok(signed_out)
}
