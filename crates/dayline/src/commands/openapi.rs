//! `dayline openapi`: the API document, as a running server shows it at `/openapi.json`.

use dayline_cli_kit::console::say;
use dayline_cli_kit::failure::Failure;

/// Runs the command.
pub fn run() -> Result<(), Failure> {
    say(dayline_api::document().to_pretty_json().map_err(Failure::because)?);
    Ok(())
}
