//! Why a call to a port fails.

use std::fmt;

/// Why a port could not do what it was asked. The details are for the operator's log, never for a
/// client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortError {
    /// Not now: the store is down, busy or cut off. The same call may succeed later; whether this
    /// one took effect is not known.
    Unavailable(String),
    /// The store refused this very data (a constraint, a trigger). The same call will fail again.
    Rejected(String),
    /// The store holds something it never should: damaged or written by something else.
    Corrupt(String),
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, why) = match self {
            Self::Unavailable(why) => ("store unavailable", why),
            Self::Rejected(why) => ("store refused the data", why),
            Self::Corrupt(why) => ("stored data is damaged", why),
        };
        write!(f, "{what}: {why}")
    }
}

impl std::error::Error for PortError {}
