//! `dayline user`: what an operator does for and with people. Works alongside a running server or without one.

mod account;
mod password;

use clap::{Args, Subcommand};
use dayline_app::App;
use dayline_app::identity::accounts::Registration;
use dayline_app::identity::operator;
use dayline_app::identity::sign_out::SignedOut;
use dayline_app::ports::User;
use dayline_domain::{Email, FullName, NewPassword};

use crate::config::DataOptions;
use crate::wire;
use account::{address, refused};
use clap::builder::BoolishValueParser;
use dayline_cli_kit::console::{ask, say};
use dayline_cli_kit::failure::Failure;
use dayline_cli_kit::units::rfc3339;
use password::{NewPasswordOptions, show_link};

/// People that are read at a time.
const PAGE: usize = 500;

/// Options of `dayline user`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    data: DataOptions,
    #[command(subcommand)]
    action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Action {
    /// Make an account, whether or not people may register themselves
    ///
    /// The password comes from `--password-file`, from `DAYLINE_NEW_PASSWORD`, or from standard input, which on a terminal
    /// is asked for; never from the command line, where others could see it. With `--link` there is none until the person
    /// chooses one.
    Create(Create),
    /// List all people: identity, when the account was made, whether they are let in, address, name
    List,
    /// Let a person in no more: sessions end and keys are refused within a second, data stays
    Disable {
        /// Address of the account
        email: String,
    },
    /// Let a person in again
    Enable {
        /// Address of the account
        email: String,
    },
    /// Erase an account and all its data, for good
    ///
    /// The address is asked for a second time, or read from standard input.
    Delete {
        /// Address of the account
        email: String,
    },
    /// Set a new password for an account and sign all its devices out, or make a link by which its person does
    ///
    /// The password comes from `--password-file`, from `DAYLINE_NEW_PASSWORD`, or from standard input, which on a terminal
    /// is asked for; never from the command line, where others could see it. With `--link` nothing changes until the person
    /// has chosen another one.
    ResetPassword(ResetPassword),
}

#[derive(Debug, Args)]
struct Create {
    /// Address of the account
    email: String,
    /// What the person is called; the part of the address before the @ if not given
    #[arg(long, env = "DAYLINE_USER_NAME", value_name = "NAME")]
    full_name: Option<String>,
    /// IANA name of the time zone that reports use
    #[arg(long, env = "DAYLINE_USER_TIMEZONE", default_value = "UTC", value_name = "ZONE")]
    timezone: String,
    #[command(flatten)]
    password: NewPasswordOptions,
}

#[derive(Debug, Args)]
struct ResetPassword {
    /// Address of the account
    email: String,
    #[command(flatten)]
    password: NewPasswordOptions,
    /// Delete the account's API keys, too: trackers that use one must get another
    #[arg(long, env = "DAYLINE_DELETE_API_KEYS", value_parser = BoolishValueParser::new())]
    delete_api_keys: bool,
}

/// Runs the command.
pub async fn run(options: Options) -> Result<(), Failure> {
    let Options { data, action } = options;
    let (app, _) = wire::alongside(&data)?;
    match action {
        Action::Create(create) => make(&app, create).await,
        Action::List => list(&app).await,
        Action::Disable { email } => disable(&app, &email).await,
        Action::Enable { email } => {
            operator::enable(&app, address(&email)?).await.map_err(|error| refused(&email, error))?;
            say(format_args!("{email} is let in again"));
            Ok(())
        }
        Action::Delete { email } => delete(&app, &email).await,
        Action::ResetPassword(reset) => reset_password(&app, reset).await,
    }
}

async fn make(app: &App, create: Create) -> Result<(), Failure> {
    let Create { email, full_name, timezone, password } = create;
    let address = address(&email)?;
    let name = full_name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().trim().to_owned());
    let full_name = FullName::new(&name).map_err(|error| Failure::usage(format!("the name {error}")))?;
    let chosen = if password.link { password::of_nobody(app)? } else { password.read()? };
    let registration = Registration {
        email: address.clone(),
        password: chosen,
        full_name,
        timezone: Some(timezone),
        address: None,
    };
    let user = operator::create(app, registration).await.map_err(|error| refused(&email, error))?;
    say(format_args!("{email} has an account: {}", user.id));
    if password.link { show_link(app, address, &password).await } else { Ok(()) }
}

async fn list(app: &App) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let page = operator::list(app, after, PAGE).await.map_err(Failure::because)?;
        for user in &page {
            say(line(user));
        }
        if page.len() < PAGE {
            return Ok(());
        }
        after = page.last().map(|user| user.id);
    }
}

fn line(user: &User) -> String {
    let state = user.disabled_at.map_or("enabled".to_owned(), |at| format!("disabled {}", rfc3339(at)));
    let (made, email, name) = (rfc3339(user.created_at), user.email.as_str(), user.full_name.as_str());
    format!("{}  {made}  {state}  {email}  {name}", user.id)
}

async fn disable(app: &App, email: &str) -> Result<(), Failure> {
    let ended = operator::disable(app, address(email)?).await.map_err(|error| refused(email, error))?;
    say(format_args!("{email} is let in no more; sessions that ended: {ended}"));
    Ok(())
}

async fn delete(app: &App, email: &str) -> Result<(), Failure> {
    let address = address(email)?;
    let again =
        ask(&format!("All data of {email} will be gone. Its address once more")).map_err(Failure::because)?;
    if Email::new(&again).map(|again| again.key()) != Ok(address.key()) {
        return Err(Failure::usage("the two addresses differ; nothing was deleted"));
    }
    operator::delete(app, address).await.map_err(|error| refused(email, error))?;
    say(format_args!("{email} and all its data are deleted"));
    Ok(())
}

async fn reset_password(app: &App, reset: ResetPassword) -> Result<(), Failure> {
    let ResetPassword { email, password, delete_api_keys } = reset;
    let address = address(&email)?;
    if password.link && delete_api_keys {
        return Err(Failure::usage(
            "--link changes nothing now, so that --delete-api-keys does not go with it",
        ));
    }
    if password.link {
        return show_link(app, address, &password).await;
    }
    let new: NewPassword = password.read()?;
    let ended = operator::reset_password(app, address, new, delete_api_keys).await;
    let ended = ended.map_err(|error| refused(&email, error))?;
    let keys = keys_text(ended, delete_api_keys);
    say(format_args!("{email} has a new password; all devices are signed out; {keys}"));
    Ok(())
}

/// What became of the API keys, which let trackers in without a password.
fn keys_text(ended: SignedOut, deleted: bool) -> String {
    match (deleted, ended.api_keys) {
        (false, _) => "its api keys still work (--delete-api-keys ends them)".to_owned(),
        (true, 0) => "it had no api keys".to_owned(),
        (true, n) => format!("its {n} api keys are deleted"),
    }
}
