//! What the program does.

pub(crate) mod forget;
pub(crate) mod install;
pub(crate) mod login;
pub(crate) mod pause;
pub(crate) mod run;
mod sign_in;
pub(crate) mod status;

use tokio::runtime::{Builder, Runtime};

/// One thread does all that waits for the network.
fn runtime() -> Result<Runtime, String> {
    Builder::new_current_thread().enable_all().build().map_err(|error| format!("cannot start: {error}"))
}
