//! What every ledger keeps: how commits are taken, which are refused, what reports read, that any
//! stored day comes back as it was, in all its parts and of either edition of the rule, and that its
//! sums are those of its pieces.

pub mod choices;
pub mod commits;
pub mod corrections;
pub mod days;
mod dice;
pub mod first_edition;
pub mod merges;
pub mod names;
pub mod reads;
pub mod refusals;
pub mod states;
pub mod sums;
