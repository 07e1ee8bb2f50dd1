//! Where Dayline is measured: embedded, one process with a data folder; or clustered, two API processes and two
//! workers over PostgreSQL, PgBouncer and Redis, with the ping log in Redis or in Kafka.

use std::fmt;

use clap::ValueEnum;

use crate::failure::Failure;
use crate::services::Services;

/// What the command line asks for.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Where {
    /// One process with everything in its data folder.
    Embedded,
    /// Two API processes and two workers; run under scripts/with-servers, as all that follow.
    Clustered,
    /// The same with the ping log in Kafka, on one broker that writes each record to the disk before it answers.
    OneBroker,
    /// … on three brokers, of which two must have each record in memory.
    ThreeBrokers,
    /// Embedded, then clustered.
    Both,
}

/// One of the ways to run Dayline.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deployment {
    Embedded,
    Clustered(Log),
}

/// Where the ping log of a cluster is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Log {
    Redis,
    /// On so many brokers, each of which has all of it.
    Kafka(usize),
}

impl Log {
    /// On how many brokers it is, if it is in Kafka.
    pub(crate) fn brokers(self) -> Option<usize> {
        match self {
            Self::Redis => None,
            Self::Kafka(brokers) => Some(brokers),
        }
    }
}

impl fmt::Display for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "embedded",
            Self::Clustered(Log::Redis) => "clustered",
            Self::Clustered(Log::Kafka(1)) => "one-broker",
            Self::Clustered(Log::Kafka(_)) => "three-brokers",
        })
    }
}

impl Deployment {
    /// Whether the program must have been built with the feature `kafka`.
    pub(crate) fn needs_kafka(self) -> bool {
        matches!(self, Self::Clustered(Log::Kafka(_)))
    }

    /// The deployments that are meant and can be. Of both, a cluster that can't be started is left out with a remark.
    pub(crate) fn all(meant: &[Where]) -> Result<Vec<Self>, Failure> {
        const MISSING: &str =
            "a cluster needs PostgreSQL, PgBouncer and Redis: run under scripts/with-servers";
        let mut all = Vec::new();
        for one in meant {
            let cluster = match one {
                Where::Embedded => None,
                Where::Clustered | Where::Both => Some(Log::Redis),
                Where::OneBroker => Some(Log::Kafka(1)),
                Where::ThreeBrokers => Some(Log::Kafka(3)),
            };
            if matches!(one, Where::Embedded | Where::Both) {
                all.push(Self::Embedded);
            }
            match cluster {
                None => {}
                Some(log) if Services::available() => all.push(Self::Clustered(log)),
                Some(_) if *one == Where::Both => eprintln!("embedded only: {MISSING}"),
                Some(_) => return Err(MISSING.into()),
            }
        }
        Ok(all)
    }
}
