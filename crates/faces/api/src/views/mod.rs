//! The wire types that several handlers share, and the forms of values in them.
//! Not here: types that only one handler has; those are beside it.

pub(crate) mod accept;
pub(crate) mod api_key;
pub(crate) mod audit_entry;
pub(crate) mod bucket;
pub(crate) mod category;
pub(crate) mod conditional_request;
pub(crate) mod correction;
pub(crate) mod device_codes;
pub(crate) mod export;
mod export_schema;
pub(crate) mod interval;
pub(crate) mod json;
pub(crate) mod location;
pub(crate) mod observation;
pub(crate) mod profile;
pub(crate) mod raw_event;
pub(crate) mod report;
mod report_items;
pub(crate) mod report_job;
pub(crate) mod seconds;
pub(crate) mod session;
pub(crate) mod settling;
pub(crate) mod timeline;
pub(crate) mod tokens;
pub(crate) mod why;
