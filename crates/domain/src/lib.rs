//! Dayline's words and rules: pure values and functions over them, std only.
//! Not here: I/O, async, clocks, randomness, serialisation and any knowledge of a store.
//! Start with [`timeline`], the rule everything else exists for.

pub mod activity;
pub mod choices;
pub mod correction;
pub mod families;
pub mod id;
pub mod identity;
pub mod names;
pub mod observation;
pub mod plausible_clock;
pub mod report;
pub mod time;
pub mod timeline;
pub mod zone;

pub use id::{ApiKeyId, Id, JobId, SessionId, UserId};
pub use identity::account::{Email, FullName, NewPassword, Scope, Scopes};
pub use identity::session::Session;
pub use names::{Activity, AppName, DeviceId, Domain, NameError, Source};
pub use report::report_job::{JobPolicy, JobState, ReportJob};
pub use report::{ReportFormat, ReportKind};
pub use time::{DAY_MS, Interval, LocalDate, UtcDay, UtcMs};
pub use timeline::day_change::{DayChange, PieceChanges, Resized};
pub use timeline::day_sums::{CorruptSums, DaySums};
pub use timeline::ledger_day::{CorruptDay, LedgerDay};
pub use timeline::ping::{Ping, PingLimits, PingRefusal};
pub use timeline::{Bridge, Piece, Settled};
pub use zone::Zone;
