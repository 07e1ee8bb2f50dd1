//! What commands say to a person: results on standard output, everything else on standard error.

use std::fmt::Display;
use std::future::pending;
use std::io::{self, BufRead, IsTerminal, Write};
use std::time::Duration;

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

/// A line of the result. That nobody reads it any more is no error.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// A line beside the result.
pub fn remark(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Shows progress for as long as it is polled: on a terminal in place, else a line now and then.
pub async fn show_progress(line: impl Fn() -> String) {
    let terminal = io::stderr().is_terminal();
    let mut interval = tokio::time::interval(Duration::from_millis(if terminal { 250 } else { 5_000 }));
    interval.tick().await;
    loop {
        interval.tick().await;
        let mut stderr = io::stderr().lock();
        let _ = if terminal { write!(stderr, "\r\x1b[K{}", line()) } else { writeln!(stderr, "{}", line()) };
        let _ = stderr.flush();
    }
}

/// Returns when somebody asks the command to stop: Ctrl-C, or a service manager's signal. Never, if that can't be heard.
pub async fn interrupted() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return pending().await };
    tokio::select! {
        heard = ctrl_c() => if heard.is_err() { pending().await },
        _ = terminate.recv() => {}
    }
}

/// Ends the line that progress was shown on.
pub fn end_progress() {
    if io::stderr().is_terminal() {
        let _ = write!(io::stderr().lock(), "\r\x1b[K");
    }
}

/// One line from standard input, without its end. On a terminal it is asked for, and not shown while typed.
pub fn ask_secret(prompt: &str) -> io::Result<String> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return read_line();
    }
    write!(io::stderr().lock(), "{prompt}: ")?;
    let shown = tcgetattr(&stdin)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &hidden)?;
    let line = read_line();
    tcsetattr(&stdin, OptionalActions::Flush, &shown)?;
    remark("");
    line
}

/// One line from standard input, without its end. On a terminal it is asked for.
pub fn ask(prompt: &str) -> io::Result<String> {
    if io::stdin().is_terminal() {
        write!(io::stderr().lock(), "{prompt}: ")?;
    }
    read_line()
}

fn read_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    line.truncate(line.trim_end_matches(['\n', '\r']).len());
    Ok(line)
}
