//! Dayline's words and rules: pure values and functions over them, std only.
//! Deliberately absent: I/O, async, clocks, randomness, serialisation and any knowledge of a store.
//! Start with [`timeline`], the rule everything else exists for.

pub mod account;
pub mod day_change;
pub mod day_sums;
pub mod device_login;
pub mod id;
pub mod ledger_day;
pub mod names;
pub mod ping;
pub mod report;
pub mod report_job;
mod run;
pub mod session;
pub mod time;
pub mod timeline;
pub mod zone;

pub use account::{Email, FullName, NewPassword, Scope, Scopes};
pub use day_change::{DayChange, PieceChanges, Resized};
pub use day_sums::{CorruptSums, DaySums};
pub use id::{ApiKeyId, Id, JobId, SessionId, UserId};
pub use ledger_day::{CorruptDay, LedgerDay};
pub use names::{Activity, AppName, DeviceId, Domain, NameError, Source};
pub use ping::{Ping, PingLimits, PingRefusal};
pub use report_job::{JobPolicy, JobState, ReportFormat, ReportJob, ReportKind};
pub use session::Session;
pub use time::{DAY_MS, Interval, LocalDate, UtcDay, UtcMs};
pub use timeline::{Bridge, Piece, Settled};
pub use zone::Zone;
