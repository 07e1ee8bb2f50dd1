//! Dayline's words and rules: pure values and functions over them, std only.
//! Not here: I/O, async, clocks, randomness, serialisation and any knowledge of a store.
//! Start with [`timeline`], the rule everything else exists for.

pub mod activity;
pub mod border;
pub mod bucket;
pub mod choices;
pub mod correction;
pub mod families;
pub mod id;
pub mod identity;
pub mod labels;
pub mod limits;
pub mod merges;
pub mod moved_days;
pub mod names;
pub mod observation;
pub mod origins;
pub mod plausible_clock;
pub mod preferences;
pub mod raw_event;
pub mod report;
pub mod retention;
pub mod time;
pub mod timeline;
pub mod tracker_setting;
pub mod zone;

pub use activity::{Activity, Language, Piece, Project, Source};
pub use border::{KeptSince, kept_since};
pub use choices::{BeatHold, Choices};
pub use correction::{Correction, CorrectionId, Says};
pub use id::{ApiKeyId, CategoryId, Id, JobId, SessionId, UserId};
pub use identity::account::{Email, FullName, NewPassword, Scope, Scopes};
pub use identity::session::Session;
pub use labels::{Alias, Aliases, Categories, Category, CategoryName, Labels};
pub use limits::{PingLimits, PingRefusal};
pub use merges::{Merge, MergeRefusal, Merges, Terms};
pub use moved_days::with_days_from;
pub use names::{AppName, DeviceId, DeviceName, Domain, NameError};
pub use observation::{Observation, Seen, Subject};
pub use origins::with_origins_alone;
pub use preferences::{DayStart, Preferences, Weekday};
pub use raw_event::RawEventDays;
pub use report::report_job::{JobPolicy, JobState, ReportJob};
pub use report::{ReportFormat, ReportKind};
pub use retention::{InvalidRetention, Retention};
pub use time::{DAY_MS, Interval, LocalDate, UtcDay, UtcMs};
pub use timeline::day::{CorruptSums, DayChange, DaySums, Hours, LedgerDay, PieceChanges, Resized};
pub use zone::Zone;
