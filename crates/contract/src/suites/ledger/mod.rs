//! What every ledger keeps: how commits are taken, which are refused, what reports read, that any
//! stored day comes back as it was, and that its sums are those of its pieces.

pub mod commits;
pub mod days;
pub mod reads;
pub mod refusals;
pub mod sums;
