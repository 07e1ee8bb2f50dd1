//! Dayline's use cases and the ports they need, std only: what the server does, without how.
//! Deliberately absent: HTTP, SQL, async runtimes, logging. Use cases return what happened; the outer layer
//! counts, logs and measures.

pub mod accounts;
pub mod api_keys;
pub mod app;
pub mod audit;
pub mod auth;
pub mod device_login;
pub mod error;
pub mod export;
pub mod ingest;
pub mod live;
pub mod ports;
pub mod record;
pub mod report_jobs;
pub mod report_worker;
pub mod reports;
pub mod sums_record;
mod varint;
pub mod worker;

pub use app::{App, Rules};
pub use error::{AppError, FieldError, Kind};
