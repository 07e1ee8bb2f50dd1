//! Dayline's use cases and the ports they need, std only: what the server does, without how.
//! Not here: HTTP, SQL, async runtimes, logging. Use cases return what happened; the outer layer
//! counts, logs and measures.

pub mod app;
mod checksum;
pub mod clean_up;
pub mod clock_check;
pub mod error;
pub mod identity;
pub mod ports;
pub mod recent_polls;
pub mod reporting;
pub mod tracking;
mod varint;

pub use app::{App, Rules};
pub use error::{AppError, FieldError, Kind};
