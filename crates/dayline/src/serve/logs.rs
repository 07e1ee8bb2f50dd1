//! The log, on standard error. No line ever has a token, a password, a URL or an e-mail address in it; that is for
//! whoever writes the line to see to, and for a test over all lines to check.

use std::io::{IsTerminal, stderr};
use std::panic::{PanicHookInfo, set_hook};

use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, registry};

use crate::config::{LogFormat, LogOptions};

/// Logs from now on.
pub(super) fn start(options: &LogOptions) {
    let lines = layer().with_writer(stderr);
    let lines = match options.log_format {
        LogFormat::Text => lines.with_ansi(stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // Only a test that starts two servers in one process has a log already.
    let _ = registry().with(lines.with_filter(options.log_level.clone())).try_init();
    set_hook(Box::new(log_panic));
}

/// Where a panic was, but not what it said: that may show what was worked on.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let place = panic.location().map(ToString::to_string);
    tracing::error!(thread = thread.name(), place, "panic");
}
