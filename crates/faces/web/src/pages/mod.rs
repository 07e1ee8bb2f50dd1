//! The pages: of each a handler, what its template is filled with, and what its forms do.

pub(crate) mod device;
pub(crate) mod file;
pub(crate) mod register;
pub(crate) mod sign_in;
pub(crate) mod start;
