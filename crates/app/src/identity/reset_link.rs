//! Choosing a new password by a link that an operator made: whoever has it is taken for its person.
//! Not here: making links (see [`crate::identity::operator`]).

use std::net::IpAddr;

use dayline_domain::NewPassword;

use crate::identity::audit::audit;
use crate::identity::network::limited_by;
use crate::identity::revocation::revoke;
use crate::ports::{AuditKind, Limit};
use crate::{App, AppError};

/// What the secret of a link begins with.
pub const PREFIX: &str = "dlr_";

/// Whether a link is good, for a page to say so before anybody thinks of a password.
///
/// # Errors
///
/// [`AppError::NotFound`] if it is none, was used or has expired.
pub async fn look_up(app: &App, secret: &str, address: Option<IpAddr>) -> Result<(), AppError> {
    if let Some(address) = address {
        app.limits.count(Limit::LoginPerAddress, limited_by(address)).await??;
    }
    let link = app.reset_links.find(app.secrets.hash(secret)).await?;
    let good = link.filter(|link| !link.is_expired(app.clock.now()));
    good.map(|_| ()).ok_or(AppError::NotFound)
}

/// Sets the password by a link, which is used up with that, and ends all sessions. Keys go on: they are
/// for trackers, and made without the password.
///
/// # Errors
///
/// [`AppError::NotFound`] as for [`look_up`].
pub async fn redeem(
    app: &App,
    secret: &str,
    new: NewPassword,
    address: Option<IpAddr>,
) -> Result<(), AppError> {
    // Nobody gets a password hashed by a link that is none.
    look_up(app, secret, address).await?;
    let new = app.passwords.hash(new.expose().to_owned()).await?;
    let redeemed = app.reset_links.redeem(app.secrets.hash(secret), new, app.clock.now()).await?;
    let redeemed = redeemed.ok_or(AppError::NotFound)?;
    revoke(app, redeemed.ended).await?;
    audit(app, redeemed.user, AuditKind::PasswordResetByLink, None, address).await
}
