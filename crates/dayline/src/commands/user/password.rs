//! Where a new password comes from: from the operator, or by a link from the person.

use std::fs;
use std::io::{IsTerminal, stdin};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use dayline_app::App;
use dayline_app::identity::operator;
use dayline_domain::{Email, NewPassword};
use secrecy::{ExposeSecret, SecretString};

use super::account::refused;
use crate::config::public_url;
use dayline_cli_kit::console::{ask_secret, remark, say};
use dayline_cli_kit::failure::Failure;
use dayline_cli_kit::units::{self, rfc3339, whole_ms};

#[derive(Debug, Args)]
pub(super) struct NewPasswordOptions {
    /// File whose first line is the new password
    #[arg(long, env = "DAYLINE_NEW_PASSWORD_FILE", value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Ask for no password, but print a link that works once: whoever opens it chooses one
    #[arg(long, env = "DAYLINE_PASSWORD_LINK", value_parser = BoolishValueParser::new())]
    pub(super) link: bool,
    /// How long such a link is good
    #[arg(long, env = "DAYLINE_PASSWORD_LINK_LIFE", default_value = "1d", value_parser = units::some_time)]
    link_life: Duration,
    /// What such a link begins with: where people reach the server
    #[arg(
        long,
        env = "DAYLINE_PUBLIC_URL",
        default_value = "http://127.0.0.1:8080",
        value_name = "https://HOST",
        value_parser = public_url
    )]
    public_url: String,
}

impl NewPasswordOptions {
    /// The password that the operator gives.
    pub(super) fn read(&self) -> Result<NewPassword, Failure> {
        let text = self.text()?;
        NewPassword::new(text.expose_secret())
            .map_err(|error| Failure::usage(format!("the password {error}")))
    }

    fn text(&self) -> Result<SecretString, Failure> {
        if let Some(file) = &self.password_file {
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
}

/// A password that nobody knows, for somebody who chooses one by a link.
pub(super) fn of_nobody(app: &App) -> Result<NewPassword, Failure> {
    NewPassword::new(&app.secrets.make("").text).map_err(Failure::because)
}

/// Makes a link and prints its address, alone on standard output.
pub(super) async fn show_link(app: &App, email: Email, options: &NewPasswordOptions) -> Result<(), Failure> {
    let made = operator::make_reset_link(app, email.clone(), whole_ms(options.link_life)).await;
    let link = made.map_err(|error| refused(email.as_str(), error))?;
    say(format_args!("{}/reset-password/{}", options.public_url.trim_end_matches('/'), link.secret));
    remark(format_args!("good once, until {}; give it to nobody else", rfc3339(link.expires_at)));
    Ok(())
}
