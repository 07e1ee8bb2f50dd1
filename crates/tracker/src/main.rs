//! The `dayline-tracker` program; see the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    dayline_tracker::cli::main()
}
