//! The handlers, one file per resource, with the wire types that no other handler has beside them.
//! Not here: rules. A handler reads the request, calls one use case, and writes the answer.

pub(crate) mod aliases;
pub(crate) mod api_keys;
pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod categories;
pub(crate) mod connect;
pub(crate) mod corrections;
pub(crate) mod device_login;
pub(crate) mod devices;
pub(crate) mod docs;
pub(crate) mod export;
pub(crate) mod live;
pub(crate) mod oauth;
pub(crate) mod operations;
pub(crate) mod ping_body;
pub(crate) mod preferences;
pub(crate) mod report_job_results;
pub(crate) mod report_jobs;
pub(crate) mod reports;
pub(crate) mod sessions;
pub(crate) mod timeline;
pub(crate) mod track;
pub(crate) mod users;
pub(crate) mod why;
