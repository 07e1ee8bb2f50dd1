//! The command line: which commands there are. Each command's options are beside the command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{forget, install, login, pause, run, status};
use crate::config::{Options, Places};
use crate::console::{remark, say};

/// Watches which app is in front and whether anybody is there, and tells a Dayline. Takes what watchers of ActivityWatch
/// on this computer say as well.
///
/// Never told are titles of windows, what is typed, and more of an address than its host. `dayline-tracker help COMMAND`
/// tells all about a command; options can also be given by the environment variable named beside them.
#[derive(Debug, Parser)]
#[command(name = "dayline-tracker", version)]
struct Cli {
    #[command(flatten)]
    places: Places,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Let this tracker send what it sees to your Dayline
    ///
    /// It shows a code for you to approve in a browser, and gets a key that may send observations and nothing else. The key is
    /// in a file that only you may read.
    Login(login::Options),
    /// Watch and send, until it is stopped
    Run(Options),
    /// Say how the tracker fares
    Status,
    /// Watch nothing for a while, and never tell what is seen meanwhile
    Pause(pause::Options),
    /// Delete the key, here and on the server, and what was not sent yet
    Forget(forget::Options),
    /// Run the tracker with your desktop from now on, by systemd
    Install,
    /// Stop it, and run it no more with your desktop
    Uninstall,
    /// Print a configuration file with all settings, commented out
    Config,
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let places = &cli.places;
    let outcome: Result<(), String> = match cli.command {
        Command::Login(options) => login::run(places, options),
        Command::Run(options) => run::run(places, options),
        Command::Status => status::run(places),
        Command::Pause(options) => pause::run(places, &options),
        Command::Forget(options) => forget::run(places, &options),
        Command::Install => install::install(places),
        Command::Uninstall => install::uninstall(),
        Command::Config => {
            say(crate::config::DEFAULT_FILE.trim_end());
            Ok(())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            remark(format_args!("dayline-tracker: {message}"));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_option_has_a_line_of_help_and_one_that_may_be_set_for_good_a_variable() {
        let mut whole = Cli::command();
        whole.build();
        for command in whole.get_subcommands().filter(|command| command.get_name() != "help") {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for option in command.get_arguments().filter(|option| option.get_id() != "help") {
                let name = format!("{} {}", command.get_name(), option.get_id());
                assert!(option.get_help().is_some(), "{name}");
                let lasts = !["forget here_only", "pause time"].contains(&name.as_str());
                let variable = option.get_env().map(|name| name.to_string_lossy().into_owned());
                assert_eq!(
                    variable.is_some_and(|name| name.starts_with("DAYLINE_TRACKER_")),
                    lasts,
                    "{name}"
                );
            }
        }
    }
}
