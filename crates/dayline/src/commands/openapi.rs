//! `dayline openapi`: the API document, as a running server shows it at `/openapi.json`, but
//! for the days of its examples, which are always the same here.

use dayline_cli_kit::console::say;
use dayline_cli_kit::failure::Failure;

/// Runs the command.
pub fn run() -> Result<(), Failure> {
    say(dayline_api::document().to_pretty_json().map_err(Failure::because)?);
    Ok(())
}
