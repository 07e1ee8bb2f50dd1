//! `dayline openapi`: the API document, as a running server shows it at `/openapi.json`.

use crate::console::say;
use crate::failure::Failure;

/// Runs the command.
pub fn run() -> Result<(), Failure> {
    say(dayline_api::document().to_pretty_json().map_err(Failure::because)?);
    Ok(())
}
