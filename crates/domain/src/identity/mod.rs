//! Accounts, sessions and sign-in by code: what can't be wrong is not representable.

pub mod account;
pub mod device_login;
pub mod session;
