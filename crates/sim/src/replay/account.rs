//! Whose day is replayed: somebody's, or a new account's.

use std::sync::Arc;

use dayline_cli_kit::console::{remark, say};
use dayline_cli_kit::failure::Failure;
use secrecy::ExposeSecret;

use super::options::Options;
use crate::client::{Account, Client, Device, Patience, made_up};

/// Whose day it is.
pub(super) struct Owner {
    pub(super) account: Arc<Account>,
    /// Whether the account is to be made.
    to_make: bool,
    /// Whether name and password are of our own making.
    made_up: bool,
}

impl Owner {
    /// The account that the options name, or a new one made of `random`.
    pub(super) fn of(options: &Options, random: [u8; 16]) -> Result<Self, Failure> {
        let Some(email) = options.email.clone() else {
            let (name, password) = made_up(random);
            let email = format!("replay-{name}@example.org");
            return Ok(Self { account: Account { email, password }.into(), to_make: true, made_up: true });
        };
        let account = options.sign_in.account(&email)?.into();
        Ok(Self { account, to_make: options.register, made_up: false })
    }

    /// Makes the account if it is to be made, and says at once how to sign in to one of our own making: the run may not
    /// come to its end. Gives whether it was made here for sure: where the first answer was lost, it may have been there.
    pub(super) async fn register(&self, client: &Client, patience: &Patience) -> Result<bool, Failure> {
        if !self.to_make {
            return Ok(false);
        }
        let attempt = |number| client.register(&self.account, "Replay", !self.made_up || number > 0);
        let outcome = patience.until_done(attempt).await;
        let made = outcome.map_err(|refusal| Failure::new(format!("cannot make the account: {refusal}")))?;
        if self.made_up {
            say(format_args!("account: {}", self.account.email));
            say(format_args!("password: {}", self.account.password.expose_secret()));
        }
        Ok(made || self.made_up)
    }
}

/// Removes an account that was made for nothing.
pub(super) async fn remove(client: &Client, account: &Arc<Account>) {
    let removed = async {
        let device = Device::sign_in(client.clone(), Arc::clone(account), "replay").await?;
        device.delete_account().await
    };
    match removed.await {
        Ok(()) => remark("no ping was accepted, so the account was removed again"),
        Err(refusal) => {
            remark(format_args!("the account, which has no pings, could not be removed: {refusal}"));
        }
    }
}
