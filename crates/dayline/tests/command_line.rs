//! Promises about the command line as a whole.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use clap::{Arg, ArgAction, Command, CommandFactory};
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

#[test]
fn every_switch_can_be_turned_on_and_off_by_its_variable_in_any_usual_word() {
    let is_switch =
        |option: &&Arg| matches!(option.get_action(), ArgAction::SetTrue) && option.get_env().is_some();
    let mut switches = 0;
    for (path, command) in commands() {
        for option in command.get_opts().filter(is_switch) {
            // What a variable says is read as a value would be; what else the command has does not matter.
            let as_option = Arg::new(option.get_id().clone())
                .long("switch")
                .action(ArgAction::Set)
                .value_parser(option.get_value_parser().clone());
            let said = |word: &str| {
                let command = Command::new("x").arg(as_option.clone());
                let name = format!("--switch={word}");
                let matches = command.try_get_matches_from(["x", &name]);
                matches.ok().map(|matches| matches.get_flag(option.get_id().as_str()))
            };
            for (word, expected) in
                [("1", true), ("true", true), ("yes", true), ("0", false), ("false", false)]
            {
                assert_eq!(said(word), Some(expected), "dayline {path}: {} by {word}", option.get_id());
            }
            assert_eq!(said("perhaps"), None, "dayline {path}: {}", option.get_id());
            switches += 1;
        }
    }
    assert!(switches > 5, "{switches}");
}

#[test]
fn a_switch_in_the_environment_is_heard() {
    for (value, is_heard) in [("1", true), ("perhaps", false)] {
        // The data folder can't be made, so the server ends after it has read its options.
        let mut serve = std::process::Command::new(env!("CARGO_BIN_EXE_dayline"));
        serve.args(["serve", "--listen", "127.0.0.1:0", "--data", "/dev/null/x"]);
        let output = serve.env("DAYLINE_UNLIMITED", value).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(!message.contains("--unlimited"), is_heard, "{message}");
        assert!(!output.status.success());
    }
}

#[test]
fn a_health_check_without_any_time_is_refused() {
    let mut check = std::process::Command::new(env!("CARGO_BIN_EXE_dayline"));
    let output = check.args(["healthcheck", "--timeout", "0s"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("must be longer than nothing"));
}
