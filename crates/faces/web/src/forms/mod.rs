//! What forms send, and where they lead.

mod back;
mod form;
pub(crate) mod local_time;

pub(crate) use back::{Back, sign_in_and_back};
pub(crate) use form::Form;
