//! What a batch of log entries says: observations by person and day, and one by one what settles
//! whole days anew.

use std::collections::BTreeMap;

use dayline_domain::timeline::window::Window;
use dayline_domain::{Correction, Observation, UserId, UtcDay};

use crate::ports::{DayKey, DeadLetter, LogEntry, Payload};
use crate::tracking::record::{self, Body, RecordError};

/// What a batch of log entries says. The order of all of it does not matter, by the rule.
#[derive(Default)]
pub(super) struct Batch {
    /// Observations by the days in whose window they lie.
    pub(super) observations: BTreeMap<DayKey, Vec<Observation>>,
    /// What settles whole days anew.
    pub(super) orders: Vec<Order>,
    /// What can't be read.
    pub(super) dead: Vec<DeadLetter>,
    /// Observations and orders, each counted once.
    pub(super) count: usize,
}

/// Something that settles whole days of one person anew.
pub(super) struct Order {
    pub(super) user: UserId,
    pub(super) what: What,
    /// As it was in the log.
    pub(super) record: Vec<u8>,
}

pub(super) enum What {
    /// One version of a correction.
    Correct(Correction),
    /// These days are to be settled by the person's terms.
    Choose(Vec<UtcDay>),
}

/// Decodes entries and sorts their observations by day. What can't be decoded becomes a dead letter.
pub(super) fn read_batch(entries: &[LogEntry]) -> Batch {
    let mut batch = Batch::default();
    for entry in entries {
        match &entry.payload {
            Payload::Records(payload) => record::split(payload).for_each(|record| batch.add(record)),
            Payload::Damaged { bytes, reason } => {
                batch.dead.push(DeadLetter { user: None, reason: reason.clone(), record: bytes.clone() });
            }
        }
    }
    batch
}

impl Batch {
    /// Adds a record, or the rest of an entry that is cut off.
    pub(super) fn add(&mut self, record: Result<&[u8], &[u8]>) {
        let decoded = record
            .map_err(|rest| (rest, RecordError::Truncated))
            .and_then(|record| Ok((record, record::decode(record).map_err(|error| (record, error))?)));
        match decoded {
            Ok((_, (user, Body::Observations(observations)))) => self.add_observations(user, observations),
            Ok((record, (user, Body::Correction(correction)))) => {
                self.add_order(user, What::Correct(correction), record);
            }
            Ok((record, (user, Body::Chosen(days)))) => self.add_order(user, What::Choose(days), record),
            Err((record, error)) => {
                let user = record::owner(record);
                self.dead.push(DeadLetter { user, reason: error.to_string(), record: record.to_vec() });
            }
        }
    }

    fn add_observations(&mut self, user: UserId, observations: Vec<Observation>) {
        self.count += observations.len();
        for observation in observations {
            for day in Window::met_by(observation.interval()) {
                self.observations.entry(DayKey { user, day }).or_default().push(observation.clone());
            }
        }
    }

    fn add_order(&mut self, user: UserId, what: What, record: &[u8]) {
        self.count += 1;
        self.orders.push(Order { user, what, record: record.to_vec() });
    }
}
