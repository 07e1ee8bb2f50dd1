//! Accounts, sessions, sign-in by code and keys: what can't be wrong is not representable.

pub mod account;
pub mod device_login;
pub mod node_keys;
pub mod session;
