//! The `dayline` program; see the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    dayline::cli::main()
}
