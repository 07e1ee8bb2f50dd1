//! `dayline user`: what an operator does for a person.

use std::fs;
use std::io::{IsTerminal, stdin};
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand};
use dayline_app::AppError;
use dayline_app::identity::accounts;
use dayline_app::identity::sign_out::SignedOut;
use dayline_domain::{Email, NewPassword};
use secrecy::{ExposeSecret, SecretString};

use crate::config::DataOptions;
use crate::wire;
use dayline_cli_kit::console::{ask_secret, say};
use dayline_cli_kit::failure::Failure;

/// Commands about people.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Set a new password for an account and sign all its devices out; works alongside a running server
    ///
    /// The password comes from `--password-file`, from `DAYLINE_NEW_PASSWORD`, or from standard input, which on a terminal
    /// is asked for; never from the command line, where others could see it.
    ResetPassword(ResetPassword),
}

/// Options of `dayline user reset-password`.
#[derive(Debug, Args)]
pub struct ResetPassword {
    /// Address of the account
    email: String,
    /// File whose first line is the new password
    #[arg(long, env = "DAYLINE_NEW_PASSWORD_FILE", value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Delete the account's API keys, too: trackers that use one must get another
    #[arg(long, env = "DAYLINE_DELETE_API_KEYS", value_parser = BoolishValueParser::new())]
    delete_api_keys: bool,
    #[command(flatten)]
    data: DataOptions,
}

/// Runs the command.
pub async fn run(command: Command) -> Result<(), Failure> {
    let Command::ResetPassword(options) = command;
    let email =
        Email::new(&options.email).map_err(|error| Failure::usage(format!("{:?} {error}", options.email)))?;
    let password = new_password(&options)?;
    let password = NewPassword::new(password.expose_secret())
        .map_err(|error| Failure::usage(format!("the password {error}")))?;
    let (app, _) = wire::alongside(&options.data)?;
    match accounts::reset_password(&app, email, password, options.delete_api_keys).await {
        Ok(ended) => {
            let keys = keys_text(ended, options.delete_api_keys);
            say(format_args!("{} has a new password; all devices are signed out; {keys}", options.email));
            Ok(())
        }
        Err(AppError::NotFound) => Err(Failure::new(format!("there is no account {}", options.email))),
        Err(error) => Err(Failure::because(error)),
    }
}

/// What became of the API keys, which let trackers in without a password.
fn keys_text(ended: SignedOut, deleted: bool) -> String {
    match (deleted, ended.api_keys) {
        (false, _) => "its api keys still work (--delete-api-keys ends them)".to_owned(),
        (true, 0) => "it had no api keys".to_owned(),
        (true, n) => format!("its {n} api keys are deleted"),
    }
}

fn new_password(options: &ResetPassword) -> Result<SecretString, Failure> {
    if let Some(file) = &options.password_file {
        let text = fs::read_to_string(file)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))?;
        return Ok(text.lines().next().unwrap_or_default().to_owned().into());
    }
    if let Ok(password) = std::env::var("DAYLINE_NEW_PASSWORD") {
        return Ok(password.into());
    }
    let ask = |prompt| ask_secret(prompt).map(SecretString::from).map_err(Failure::because);
    let password = ask("New password")?;
    if stdin().is_terminal() && ask("Once more")?.expose_secret() != password.expose_secret() {
        return Err(Failure::new("the two passwords differ"));
    }
    Ok(password)
}
