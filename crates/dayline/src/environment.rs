//! The environment as options read it: an empty variable is none, and a name that begins like ours and is not is told.

use std::{env, fmt};

use clap::{Arg, Command};

const PREFIX: &str = "DAYLINE_";
/// Read by a command itself, since it is no option: `dayline user` asks for it where it is not there.
const READ_BY_COMMANDS: [&str; 1] = ["DAYLINE_NEW_PASSWORD"];
/// How alike two names must be, of 1, for one to be meant by the other.
const ALIKE: f64 = 0.8;

/// The same command line, which takes empty variables as if they were not set: whoever leaves a value out of a file of
/// variables means the default.
pub(crate) fn without_empty(command: Command) -> Command {
    let unset = |arg: Arg| {
        let empty = arg.get_env().and_then(env::var_os).is_some_and(|value| value.is_empty());
        if empty { arg.env(None) } else { arg }
    };
    command.mut_args(unset).mut_subcommands(without_empty)
}

/// A variable that begins like ours and that no command reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    pub(crate) name: String,
    /// The variable that is perhaps meant.
    pub(crate) nearest: Option<String>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is no variable of ours and does nothing", self.name)?;
        self.nearest.as_ref().map_or(Ok(()), |nearest| write!(f, "; is {nearest} meant?"))
    }
}

/// Those of these variables, with the values that they have, that no command reads. Empty ones say nothing.
pub(crate) fn unknown(command: &Command, variables: impl Iterator<Item = (String, String)>) -> Vec<Unknown> {
    let mut known: Vec<String> = READ_BY_COMMANDS.map(str::to_owned).into();
    collect_names(command, &mut known);
    let set = variables.filter(|(name, value)| name.starts_with(PREFIX) && !value.is_empty());
    let strange = set.map(|(name, _)| name).filter(|name| !known.contains(name));
    let mut unknown: Vec<_> = strange.map(|name| Unknown { nearest: nearest(&name, &known), name }).collect();
    unknown.sort_by(|a, b| a.name.cmp(&b.name));
    unknown
}

/// The environment's variables whose names and values are text.
pub(crate) fn variables() -> impl Iterator<Item = (String, String)> {
    env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn collect_names(command: &Command, names: &mut Vec<String>) {
    names.extend(command.get_arguments().filter_map(|arg| Some(arg.get_env()?.to_str()?.to_owned())));
    command.get_subcommands().for_each(|child| collect_names(child, names));
}

fn nearest(name: &str, known: &[String]) -> Option<String> {
    let own = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
    let alike = |other: &String| strsim::jaro_winkler(&own(name), &own(other));
    let best = known.iter().max_by(|a, b| alike(a).total_cmp(&alike(b)))?;
    (alike(best) > ALIKE).then(|| best.clone())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn found(set: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
        let set = set.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        let unknown = unknown(&Cli::command(), set);
        unknown.into_iter().map(|Unknown { name, nearest }| (name, nearest)).collect()
    }

    #[test]
    fn a_misspelt_variable_is_told_with_the_one_that_is_meant() {
        for (wrong, right) in [
            ("DAYLINE_DATABASE_ULR", "DAYLINE_DATABASE_URL"),
            ("DAYLINE_LISTEN_ADDRESS", "DAYLINE_LISTEN"),
            ("DAYLINE_ROLES", "DAYLINE_ROLE"),
            ("DAYLINE_REDIS", "DAYLINE_REDIS_URL"),
            ("DAYLINE_NEW_PASWORD", "DAYLINE_NEW_PASSWORD"),
        ] {
            assert_eq!(found(&[(wrong, "x")]), [(wrong.to_owned(), Some(right.to_owned()))]);
        }
    }

    #[test]
    fn a_variable_like_none_of_ours_is_told_alone() {
        assert_eq!(found(&[("DAYLINE_QUUX", "x")]), [("DAYLINE_QUUX".to_owned(), None)]);
    }

    #[test]
    fn what_commands_read_what_is_empty_and_what_is_not_ours_is_not_told() {
        let mut set =
            vec![("DAYLINE_NEW_PASSWORD", "x"), ("DAYLINE_FOO", ""), ("DAYLIGHT", "x"), ("PATH", "x")];
        let mut names = Vec::new();
        collect_names(&Cli::command(), &mut names);
        assert!(names.len() > 30);
        set.extend(names.iter().map(|name| (name.as_str(), "x")));
        assert_eq!(found(&set), []);
    }
}
