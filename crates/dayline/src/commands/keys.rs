//! `dayline keys`: the keys that sign access tokens. Works alongside running servers, which notice a changed file by
//! themselves. Not here: a way to see a secret.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand};
use dayline_app::app::ACCESS_TOKEN_MS;
use dayline_app::ports::Clock;
use dayline_domain::UtcMs;
use dayline_local::{
    KeyInfo, KeyState, LEEWAY_MS, SystemClock, SystemRandomness, change_keys, load_or_create_keys, read_keys,
};

use crate::config::keys_file;
use dayline_cli_kit::console::{remark, say};
use dayline_cli_kit::failure::Failure;
use dayline_cli_kit::units::rfc3339;
use dayline_cli_kit::units::{self, whole_ms};

/// How long a token of a retired key is still good: its life, clocks that differ, and servers that have not noticed
/// yet that the key signs no more.
const TOKENS_OUT_MS: i64 = ACCESS_TOKEN_MS + 2 * LEEWAY_MS;

/// Options of `dayline keys`.
#[derive(Debug, Args)]
pub struct Options {
    /// Data folder
    #[arg(
        long,
        global = true,
        env = "DAYLINE_DATA",
        default_value = "./dayline-data",
        value_name = "FOLDER"
    )]
    data: PathBuf,
    /// File with the keys; keys.json in the data folder if not given
    #[arg(long, global = true, env = "DAYLINE_KEYS_FILE", value_name = "FILE")]
    keys_file: Option<PathBuf>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all keys, the oldest first: name, when it was made, what it is used for; never a secret
    ///
    /// Keys that nodes share have the same names and the same mark on each of them.
    List,
    /// Make the file, with one new key, if it is missing
    ///
    /// An embedded server does this by itself. The servers of a cluster share one file: make it once, as the user they
    /// run as, before the first of them starts.
    Create,
    /// Add a new key, which will sign; prints its name. The tokens of the older keys stay good
    Add {
        /// How long it only verifies before it signs: as long as it takes until all servers have the file
        #[arg(long, env = "DAYLINE_KEYS_SIGNS_AFTER", default_value = "10s", value_parser = units::duration)]
        signs_after: Duration,
    },
    /// Let a key sign no more. The tokens it signed stay good until they end, for 16 minutes
    Retire {
        /// Name of the key
        // Keys of earlier releases may begin with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// Refuse its tokens from now on: for a key that somebody else knows. Devices refresh theirs by themselves
        #[arg(long, env = "DAYLINE_KEYS_AT_ONCE", value_parser = BoolishValueParser::new())]
        at_once: bool,
    },
    /// Drop the retired keys whose tokens have ended
    Forget,
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    let file = keys_file(&options.data, options.keys_file.as_deref());
    let now = SystemClock.now();
    match &options.action {
        Action::List => list(&file, now),
        Action::Create => create(&file, now),
        Action::Add { signs_after } => add(&file, now, now.plus(whole_ms(*signs_after))),
        Action::Retire { kid, at_once } => {
            retire(&file, kid, if *at_once { now } else { now.plus(TOKENS_OUT_MS) })
        }
        Action::Forget => forget(&file, now),
    }
}

fn list(file: &Path, now: UtcMs) -> Result<(), Failure> {
    let keys = read_keys(file).map_err(Failure::because)?;
    keys.keys(now).iter().for_each(|key| say(line(key)));
    remark(format_args!("the key of refresh tokens has the mark {:08x}", keys.marks().refresh.0 >> 96));
    Ok(())
}

fn line(key: &KeyInfo) -> String {
    let made = key
        .made_at
        .map_or_else(|| "made at an unknown time".to_owned(), |at| format!("made {}", rfc3339(at)));
    let state = match key.state {
        KeyState::Signs => "signs".to_owned(),
        KeyState::SignsFrom(at) => format!("signs from {}", rfc3339(at)),
        KeyState::Verifies => "verifies only".to_owned(),
        KeyState::VerifiesUntil(at) => format!("retired, verifies until {}", rfc3339(at)),
        KeyState::RefusedSince(at) => format!("retired, refused since {}", rfc3339(at)),
    };
    format!("{}  {made}  {state}", key.kid)
}

fn create(file: &Path, now: UtcMs) -> Result<(), Failure> {
    let existed = file.exists();
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| Failure::new(format!("can't make {}: {error}", folder.display())))?;
    }
    load_or_create_keys(file, &SystemRandomness, now).map_err(Failure::because)?;
    remark(format_args!("{} {}", file.display(), if existed { "exists already" } else { "was made" }));
    Ok(())
}

fn add(file: &Path, now: UtcMs, signs_from: UtcMs) -> Result<(), Failure> {
    let kid = change_keys(file, |keys| Ok(keys.add(&SystemRandomness, now, signs_from)))
        .map_err(Failure::because)?;
    say(kid);
    remark(format_args!("it signs from {}; then retire the older ones", rfc3339(signs_from)));
    Ok(())
}

fn retire(file: &Path, kid: &str, at: UtcMs) -> Result<(), Failure> {
    change_keys(file, |keys| keys.retire(kid, at)).map_err(Failure::because)?;
    remark(format_args!("{kid} signs no more; its tokens are refused from {}", rfc3339(at)));
    Ok(())
}

fn forget(file: &Path, now: UtcMs) -> Result<(), Failure> {
    let forgotten = change_keys(file, |keys| Ok(keys.forget_retired(now))).map_err(Failure::because)?;
    if forgotten.is_empty() {
        remark("no key was retired long enough ago");
    }
    forgotten.iter().for_each(say);
    Ok(())
}
