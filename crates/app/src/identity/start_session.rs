//! Starting a session for a device whose person has proved who they are.

use std::net::IpAddr;

use dayline_domain::identity::account::Label;
use dayline_domain::identity::device_login::DeviceLogin;
use dayline_domain::identity::session::Generation;
use dayline_domain::{DeviceId, Session, UserId};

use crate::identity::network::coarse;
use crate::identity::revocation::revoke_sessions;
use crate::identity::tokens::{Tokens, tokens_for};
use crate::ports::{PasswordHash, StartSession, Started};
use crate::{App, AppError};

/// A device of a person who has proved to be them, and by what.
pub(super) struct Proved {
    pub(super) user: UserId,
    pub(super) device: DeviceId,
    pub(super) device_name: Option<Label>,
    pub(super) address: Option<IpAddr>,
    pub(super) by: Proof,
}

/// What must still be so when the session starts.
pub(super) enum Proof {
    /// The account's password still has this hash.
    Password(PasswordHash),
    /// The code is approved and not used.
    Code(DeviceLogin),
}

/// The name under which a device is signed in: its own, or one that no other device has if it says none. By
/// what it is called otherwise, several devices would end each other's sessions.
pub(super) fn named(app: &App, device: DeviceId) -> DeviceId {
    if device.says_nothing() { told_apart(app, &device) } else { device }
}

/// One of the devices that have this name. Also a device that a program runs on which says its own name
/// alone, as stock OAuth clients do: several devices have the same program.
pub fn told_apart(app: &App, name: &DeviceId) -> DeviceId {
    let mut mark = [0; 4];
    app.randomness.fill(&mut mark);
    name.told_apart(u32::from_be_bytes(mark))
}

/// Starts a session; `None` if the proof is none any more.
pub(super) async fn start_session(app: &App, proved: Proved) -> Result<Option<Tokens>, AppError> {
    let Proved { user, device, device_name, address, by } = proved;
    let now = app.clock.now();
    let id = app.new_id();
    let refresh = app.refresh_tokens.first(id);
    let session = Session {
        id,
        user,
        device,
        device_name,
        address: address.map(|address| coarse(address).into()),
        created_at: now,
        last_used_at: now,
        generation: Generation(0),
        token_hash: refresh.hash,
        issued_at: now,
        previous_issued_at: now,
    };
    let tokens = tokens_for(app, &session, refresh, now)?;
    let (checked_against, code) = match by {
        Proof::Password(hash) => (Some(hash), None),
        Proof::Code(login) => (None, Some(login)),
    };
    let max_per_user = app.rules.sessions.max_per_user;
    let Started::Started { ended } =
        app.sessions.start(StartSession { session, checked_against, code, max_per_user }).await?
    else {
        return Ok(None);
    };
    // The device can't ask a second time for what it was given now. Every node looks for ended
    // sessions itself.
    let _ = revoke_sessions(app, ended).await;
    Ok(Some(tokens))
}
