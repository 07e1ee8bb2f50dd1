//! What commands say to a person: results on standard output, everything else on standard error.

use std::fmt::Display;
use std::io::{self, Write};

/// A line of the result. That nobody reads it any more is no error.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// A line beside the result.
pub fn remark(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
