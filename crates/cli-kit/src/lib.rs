//! What the commands of Dayline's programs share: how they read units and secrets, what they say, and how they end.
//! It has no commands itself.

pub mod console;
pub mod failure;
pub mod units;
