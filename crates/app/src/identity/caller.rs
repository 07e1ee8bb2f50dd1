//! Who a request is from, and what they may do.
//! Not here: how a credential is checked (see [`crate::identity::authenticate`]).

use std::net::IpAddr;
use std::sync::Arc;

use dayline_domain::{DeviceId, Scope, Scopes, SessionId, UserId};

use crate::AppError;
use crate::ports::CredentialId;

/// Who a request is from. The only source of the person's identity in every use case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The person whose data the request may reach, and nobody else's.
    pub user: UserId,
    /// On which device; pings without a device of their own are this one's.
    pub device: Arc<DeviceId>,
    /// What let the request in; ended at once by a sign-out.
    pub credential: CredentialId,
    /// What they may do.
    pub scopes: Scopes,
    /// Where the request came from, as far as known.
    pub address: Option<IpAddr>,
}

impl Caller {
    /// The session, if it is one.
    pub fn session(&self) -> Option<SessionId> {
        match self.credential {
            CredentialId::Session(id) => Some(id),
            CredentialId::Key(_) => None,
        }
    }

    /// Refuses a caller without the scope.
    pub fn require(&self, scope: Scope) -> Result<(), AppError> {
        if self.scopes.allows(scope) { Ok(()) } else { Err(AppError::MissingScope(scope)) }
    }
}
