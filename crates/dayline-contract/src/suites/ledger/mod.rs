//! What every ledger keeps: how commits are taken, which are refused, what reports read, and that any stored day
//! comes back as it was.

pub mod commits;
pub mod days;
pub mod reads;
pub mod refusals;
