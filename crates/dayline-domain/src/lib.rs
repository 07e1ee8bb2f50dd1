//! Dayline's words and rules: pure values and functions over them, std only.
//! Deliberately absent: I/O, async, clocks, randomness, serialisation and any knowledge of a store.
//! Start with [`timeline`], the rule everything else exists for.

pub mod account;
pub mod id;
pub mod names;
pub mod ping;
pub mod session;
pub mod time;
pub mod zone;

pub use account::{Email, FullName, NewPassword, Scope, Scopes};
pub use id::{ApiKeyId, Id, JobId, SessionId, UserId};
pub use names::{Activity, AppName, DeviceId, Domain, NameError, Source};
pub use ping::{Ping, PingLimits, PingRefusal};
pub use session::Session;
pub use time::{DAY_MS, Interval, LocalDate, UtcDay, UtcMs};
