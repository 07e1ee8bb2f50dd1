//! How values are written for people: plain English, short, the same everywhere.

mod address;
mod ago;
mod choice;
mod device;
mod rank;
mod time;
mod words;

pub(crate) use address::escaped;
pub(crate) use ago::ago;
pub(crate) use choice::Choice;
pub(crate) use device::device_name;
pub(crate) use rank::{Rank, named, ranks, share};
pub(crate) use time::{day_and_month, duration, long_date, month, number, offset, short_date, weekday};
pub(crate) use words::{capitalized, sentence};
