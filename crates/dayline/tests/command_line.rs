//! Promises about the command line as a whole.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use clap::{Arg, Command, CommandFactory};
use dayline::cli::Cli;

/// All commands that do something, with the words that lead to them.
fn commands() -> Vec<(String, Command)> {
    let mut found = Vec::new();
    let mut waiting = vec![(String::new(), Cli::command())];
    while let Some((path, command)) = waiting.pop() {
        for child in command.get_subcommands() {
            waiting.push((format!("{path} {}", child.get_name()).trim().to_owned(), child.clone()));
        }
        found.push((path, command));
    }
    found
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_and_option_has_help() {
    for (path, command) in commands() {
        assert!(command.get_about().is_some(), "dayline {path} has no help");
        for option in command.get_arguments() {
            assert!(option.get_help().is_some(), "dayline {path}: {} has no help", option.get_id());
        }
    }
}

#[test]
fn every_option_has_an_environment_variable_of_ours() {
    for (path, command) in commands() {
        let of_ours = |option: &&Arg| !["help", "version"].contains(&option.get_id().as_str());
        for option in command.get_arguments().filter(|option| !option.is_positional()).filter(of_ours) {
            let variable = option.get_env().and_then(|name| name.to_str()).unwrap_or_default();
            assert!(variable.starts_with("DAYLINE_"), "dayline {path}: {} has {variable:?}", option.get_id());
        }
    }
}

#[test]
fn no_help_shows_the_value_of_a_secret() {
    for (path, command) in commands() {
        let holds_secrets = |option: &&Arg| {
            let name = option.get_id().as_str();
            name == "password" || ["database_url", "read_database_urls", "redis_url"].contains(&name)
        };
        for option in command.get_opts().filter(holds_secrets) {
            assert!(option.is_hide_env_values_set(), "dayline {path}: {}", option.get_id());
        }
    }
}
