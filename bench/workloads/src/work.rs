//! What a workload is to those who make and to those who measure it.

/// Why a workload can't be made.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The work, to be done any number of times. Gives how many things came out, so that nothing is left out of it.
pub type Work = Box<dyn Fn() -> usize>;
