//! The `dayline` program; see the library beside it.

use std::process::ExitCode;

/// A request allocates some dozens of small pieces and frees them on another thread as often as not; this allocator takes
/// less time for that than the system's (docs/adr/0016).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dayline::cli::main()
}
