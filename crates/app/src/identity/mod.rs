//! Who somebody is: accounts, signing in and out, keys, and the record of it.

pub mod accounts;
pub mod api_keys;
pub mod audit;
pub mod auth;
pub mod device_login;
