//! Fixed pieces of work, the same on each machine and in each run: no clock, no randomness, no I/O.
//! Not here: how they are measured (the program counts instructions, the bench takes the time).

mod days;
mod texts;
mod work;

pub use work::{Failure, Work};

/// A piece of work with its input made beforehand.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    /// What it is called in the table of counts.
    pub name: &'static str,
    /// Makes the input.
    pub prepare: fn() -> Result<Work, Failure>,
}

/// All of them, in the order of the path of a ping.
pub const ALL: &[Workload] = &[
    Workload { name: "body: one ping", prepare: || Ok(texts::one_ping()) },
    Workload { name: "body: array of 100", prepare: || Ok(texts::array()) },
    Workload { name: "body: NDJSON of 100", prepare: || Ok(texts::lines()) },
    Workload { name: "domains of 100 plain URLs", prepare: || Ok(texts::plain_urls()) },
    Workload { name: "domains of 100 odd URLs", prepare: || Ok(texts::odd_urls()) },
    Workload { name: "record: encode 100 pings", prepare: texts::encode },
    Workload { name: "record: decode 100 pings", prepare: texts::decode },
    Workload { name: "day: 5,760 pings in order", prepare: days::in_order },
    Workload { name: "day: 11,520 pings shuffled", prepare: days::shuffled },
    Workload { name: "day: loaded from its state", prepare: days::loaded },
    Workload { name: "timeline of a week", prepare: days::timeline_of_week },
    Workload { name: "report by app of a week", prepare: days::by_app },
    Workload { name: "report by day of a week", prepare: days::by_day },
];
