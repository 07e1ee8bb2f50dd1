//! Who a request is from: whoever its credential says, and from nowhere else.
//! Not here: what they may do; each use case asks for the scope it needs.

use axum::extract::FromRequestParts;
use dayline_app::identity::authenticate;
use dayline_app::identity::caller::Caller;
use dayline_app::ports::CredentialId;
use dayline_app::{AppError, Kind};
use http::request;

use crate::address::ClientAddress;
use crate::connections::Peer;
use crate::credential::Credential;
use crate::problem::Problem;
use crate::state::{Face, KitState};

/// The signed-in caller; without one the request ends with 401.
pub struct SignedIn(pub Caller);

impl<F: Face> FromRequestParts<F> for SignedIn {
    type Rejection = F::Refusal;

    async fn from_request_parts(parts: &mut request::Parts, face: &F) -> Result<Self, F::Refusal> {
        let (caller, _) = authenticate(face, parts).await.map_err(Problem::from)?;
        Ok(Self(caller))
    }
}

/// A caller who wants to sign out: a session that has ended already is none, and that is fine.
pub struct SigningOut(pub Option<Caller>);

impl<F: Face> FromRequestParts<F> for SigningOut {
    type Rejection = F::Refusal;

    async fn from_request_parts(parts: &mut request::Parts, face: &F) -> Result<Self, F::Refusal> {
        match authenticate(face, parts).await {
            Ok((caller, _)) => Ok(Self(Some(caller))),
            Err(AppError::SessionRevoked) => Ok(Self(None)),
            Err(error) => Err(Problem::from(error).into()),
        }
    }
}

/// A caller whose credential can be asked again whether it still holds, for answers that go on for
/// long.
pub struct StaysSignedIn {
    /// As the credential said when the request came.
    pub caller: Caller,
    secret: Box<str>,
}

impl StaysSignedIn {
    /// Asks again. No I/O for an access token.
    ///
    /// # Errors
    /// One of the kind [`Unauthenticated`](dayline_app::Kind::Unauthenticated) if the credential
    /// has ended or was revoked; another one if that can't be known now.
    pub async fn check(&self, kit: &KitState) -> Result<(), AppError> {
        authenticate::authenticate(&kit.app, &self.secret, self.caller.address).await.map(drop)
    }
}

impl StaysSignedIn {
    /// Whether the credential was revoked since. An access token that only expired was not: what
    /// was begun with it may come to its end. No I/O for an access token; a store that can't be
    /// asked about a key revokes nothing.
    pub async fn was_revoked(&self, kit: &KitState) -> bool {
        let credential = self.caller.credential;
        if kit.app.revocations.is_revoked(credential) {
            return true;
        }
        // A deleted key is only remembered as revoked for as long as it may be remembered as good.
        matches!(credential, CredentialId::Key(_))
            && self.check(kit).await.is_err_and(|error| error.kind() == Kind::Unauthenticated)
    }
}

impl<F: Face> FromRequestParts<F> for StaysSignedIn {
    type Rejection = F::Refusal;

    async fn from_request_parts(parts: &mut request::Parts, face: &F) -> Result<Self, F::Refusal> {
        let (caller, credential) = authenticate(face, parts).await.map_err(Problem::from)?;
        Ok(Self { caller, secret: credential.secret().into() })
    }
}

/// The caller, and the credential that says so.
async fn authenticate<'a, F: Face>(
    face: &F,
    parts: &'a request::Parts,
) -> Result<(Caller, Credential<'a>), AppError> {
    let kit = face.kit();
    let credential = Credential::of(&parts.headers, parts.uri.query(), face.forms(parts));
    let credential = credential.ok_or(AppError::NotSignedIn)?;
    let caller = caller_by(kit, parts, credential.secret()).await?;
    // Keys are for trackers: one in a cookie is nobody's session.
    if matches!(credential, Credential::Cookie(_)) && caller.session().is_none() {
        return Err(AppError::NotSignedIn);
    }
    Ok((caller, credential))
}

/// The caller whom a secret says the request is from, wherever the secret was found. From now on the
/// request is counted as theirs.
///
/// # Errors
/// As [`authenticate::authenticate`].
pub async fn caller_by(kit: &KitState, parts: &request::Parts, secret: &str) -> Result<Caller, AppError> {
    let address = ClientAddress::of(parts, kit).0;
    let caller = authenticate::authenticate(&kit.app, secret, address).await?;
    if let Some(peer) = parts.extensions.get::<Peer>() {
        peer.set_caller(Some(caller.user));
    }
    Ok(caller)
}
