//! What a file has, piece by piece, and where each piece goes.

use std::fmt;
use std::sync::Arc;

use dayline_domain::UtcMs;

use crate::client::wire::NewCorrection;

/// A piece of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    /// Something that is sent.
    Sent {
        /// Where to.
        to: Target,
        /// When it began.
        at: UtcMs,
        /// As it is written into a request.
        json: String,
    },
    /// What the person said that they did, and in which version.
    Entry(u64, NewCorrection),
    /// Something of which nothing is sent, and why.
    LeftOut(&'static str),
}

/// Where pieces go together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// A bucket of ActivityWatch.
    Bucket(Arc<Bucket>),
    /// Heartbeats made on one computer, if it is known on which.
    Machine(Option<Arc<str>>),
    /// Dayline's own observations.
    Own,
}

/// A bucket of ActivityWatch, which says of what kind its events are and on which computer they were seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bucket {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) client: String,
    pub(super) hostname: String,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket(bucket) => write!(f, "events of {} ({})", bucket.id, bucket.kind),
            Self::Machine(Some(machine)) => write!(f, "heartbeats of {machine}"),
            Self::Machine(None) => f.write_str("heartbeats"),
            Self::Own => f.write_str("observations"),
        }
    }
}
