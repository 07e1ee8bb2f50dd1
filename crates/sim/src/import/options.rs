//! What `dayline import` can be told.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use dayline_cli_kit::units;
use secrecy::SecretString;

use crate::sign_in::SignIn;

/// The formats, for people who ask for help.
const FORMATS: &str = "\
What the file is, is seen by what it has:
  ActivityWatch  an export of all buckets or of one (JSON): windows, pages of browsers, and when nobody was there
  WakaTime       a data dump of heartbeats (JSON), also of Wakapi; dumps of daily totals have none
  Dayline        an export, GET /api/v1/users/me/export (NDJSON): what was observed, and entries
Titles, file names and the paths of addresses are not even sent. Erasures are left out: what they erased is not in the
file. The same file twice changes nothing.";

/// Options of `dayline import`.
#[derive(Debug, Args)]
#[command(after_long_help = FORMATS)]
pub struct Options {
    /// File to bring in (--help tells which ones there are)
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) sign_in: SignIn,
    /// Whose history it is, where no key is given; needs the password
    #[arg(long, env = "DAYLINE_EMAIL")]
    pub(super) email: Option<String>,
    /// API key to send with, which must track; better given by its variable or by --key-file
    #[arg(long, env = "DAYLINE_API_KEY", hide_env_values = true)]
    pub(super) key: Option<SecretString>,
    /// File whose first line is the API key
    #[arg(long, env = "DAYLINE_API_KEY_FILE", conflicts_with = "key")]
    pub(super) key_file: Option<PathBuf>,
    /// Only say what the file has; nothing is sent
    #[arg(long, env = "DAYLINE_IMPORT_DRY_RUN", value_parser = BoolishValueParser::new())]
    pub(super) dry_run: bool,
    /// Editor of heartbeats that don't say theirs, as those in WakaTime's dumps
    #[arg(long, env = "DAYLINE_IMPORT_EDITOR", value_name = "NAME")]
    pub(super) editor: Option<String>,
    /// How long a request is tried again while the server is down or overloaded
    #[arg(long, env = "DAYLINE_IMPORT_PATIENCE", default_value = "5m", value_parser = units::duration)]
    pub(super) patience: Duration,
}
