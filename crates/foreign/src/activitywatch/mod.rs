//! ActivityWatch: what its events say, and its exports.

mod event;
pub(crate) mod export;
mod observed;

pub use event::{Data, Event};
pub use observed::{WINDOWS, observed};
