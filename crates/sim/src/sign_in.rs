//! Which server a command speaks to and whose account it is, as the command line says it.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use dayline_cli_kit::failure::Failure;
use secrecy::SecretString;

use crate::client::Account;

/// The server and the account.
#[derive(Debug, Args)]
pub(crate) struct SignIn {
    /// Server to send to
    #[arg(long, env = "DAYLINE_URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// Password of the account; better given by its variable or by --password-file
    #[arg(long, env = "DAYLINE_PASSWORD", hide_env_values = true)]
    password: Option<SecretString>,
    /// File whose first line is the password
    #[arg(long, env = "DAYLINE_PASSWORD_FILE", conflicts_with = "password")]
    password_file: Option<PathBuf>,
}

impl SignIn {
    /// The account with this address.
    ///
    /// # Errors
    /// If its password is not given, or the file with it can't be read.
    pub(crate) fn account(&self, email: &str) -> Result<Account, Failure> {
        let password = match (&self.password, &self.password_file) {
            (Some(password), _) => password.clone(),
            (None, Some(file)) => first_line(file)?,
            (None, None) => {
                return Err(Failure::usage(
                    "give the password of --email by DAYLINE_PASSWORD or --password-file",
                ));
            }
        };
        Ok(Account { email: email.to_owned(), password })
    }
}

/// The secret in a file: its first line.
///
/// # Errors
/// If it can't be read.
pub(crate) fn first_line(file: &Path) -> Result<SecretString, Failure> {
    let text =
        fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    Ok(text.lines().next().unwrap_or_default().to_owned().into())
}
