//! A ping's way: into the log, out of it into the ledger, and the word that a day changed.

pub mod buckets;
pub mod corrections;
pub mod devices;
pub mod erased;
pub mod ingest;
pub mod keep;
pub mod live;
pub mod preferences;
pub mod raw_events;
pub mod record;
pub mod retention;
pub mod sample;
mod settling;
pub mod stored_state;
pub mod tracker_settings;
pub mod watermarks;
pub mod worker;
