//! Trackers without people: `replay` sends a recording, `import` the history of other programs, `simulate` a crowd's made-up
//! day, and then checks what became of it.
//! They know a server by its public API alone, through the client that they share; the rule they check by is the domain's.

pub mod client;
pub mod dice;
pub mod import;
pub mod replay;
mod sign_in;
pub mod simulate;
mod tally;
