//! Forms of values on the wire that several resources share: instants, seconds, CSV, entity tags, `Accept`.
//! Deliberately absent: the resources' own wire types; those are beside their handlers.

pub(crate) mod accept;
pub(crate) mod answer;
pub(crate) mod csv;
pub(crate) mod instant;
pub(crate) mod seconds;
