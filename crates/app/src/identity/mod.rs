//! Who somebody is: accounts, signing in and out, keys, and the record of it.

pub(crate) mod account_writes;
pub mod accounts;
pub mod api_keys;
pub mod audit;
pub mod authenticate;
pub mod caller;
pub mod connect;
pub mod device_login;
pub mod key_agreement;
pub mod key_text;
pub mod login;
pub mod network;
pub mod operator;
pub mod refresh;
pub mod reset_link;
mod revocation;
pub mod sessions;
pub mod sign_out;
mod start_session;
pub mod tokens;
