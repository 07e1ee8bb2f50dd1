//! Who looks at a page: sessions in cookies that scripts can't read, renewed as pages are asked for, and
//! writes taken from our own pages alone.

mod browser;
mod cookies;
mod guard;
mod visitor;

pub(crate) use browser::{browser_name, new_browser};
pub(crate) use cookies::Jar;
pub(crate) use guard::refuse_foreign_writes;
pub(crate) use visitor::{Visitor, let_in, renewed};
