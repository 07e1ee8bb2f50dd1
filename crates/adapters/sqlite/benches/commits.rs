//! How long a flush of many people takes until it is durable, with the statements of the release
//! before, which knew the first edition of the rule, in turns: of people who go on with what they do,
//! every sixth of whom begins something else, and of people who all do.
//!
//! `cargo bench -p dayline-sqlite --bench commits`; the folder of the files is the current one: a
//! temporary folder may be in memory.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people")]

#[path = "commits/before.rs"]
mod before;
#[path = "commits/now.rs"]
mod now;
#[path = "commits/people.rs"]
mod people;

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use people::{Habit, PEOPLE};

/// Flushes of each kind that are measured, one every five seconds of the people's day.
const ROUNDS: i64 = 192;
/// Flushes after them of which the write-ahead log is looked at.
const WEIGHED: i64 = 32;

/// What some flushes took.
#[derive(Default)]
struct Times {
    ms: Vec<f64>,
    /// What all of them took of the processor, what prepares them among it.
    processor_ms: f64,
    /// Of [`WEIGHED`] flushes.
    log_bytes: u64,
}

impl Times {
    fn show(mut self, what: &str) {
        self.ms.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| self.ms[((self.ms.len() - 1) as f64 * share) as usize];
        println!(
            "  {what:20} median {:6.1} ms   p90 {:6.1}   worst {:6.1}   processor {:5.1} ms   log {:6.0} bytes a person",
            at(0.5),
            at(0.9),
            at(1.0),
            self.processor_ms / ROUNDS as f64,
            self.log_bytes as f64 / WEIGHED as f64 / PEOPLE as f64,
        );
    }
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1_000.0
}

/// The time that this process was on a processor; 0 where that can't be told.
fn processor_ms() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let of = |thread: std::io::Result<std::fs::DirEntry>| {
        let stat = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        stat.split_whitespace().next()?.parse::<f64>().ok()
    };
    threads.filter_map(of).sum::<f64>() / 1e6
}

fn empty_log(folder: &Path) {
    let connection = Connection::open(folder.join("dayline.db")).unwrap();
    connection.query_row("PRAGMA wal_checkpoint (TRUNCATE)", [], |_| Ok(())).unwrap();
}

fn log_bytes(folder: &Path) -> u64 {
    std::fs::metadata(folder.join("dayline.db-wal")).unwrap().len()
}

#[tokio::main]
async fn main() {
    for habit in [Habit::GoOn, Habit::Switch] {
        let [old, new] = [(), ()].map(|()| tempfile::tempdir_in(".").unwrap());
        let mut before = before::Flushes::prepare(old.path());
        let mut now = now::Flushes::prepare(new.path());
        let (mut before_times, mut now_times) = (Times::default(), Times::default());
        for round in 0..ROUNDS {
            let started = processor_ms();
            before_times.ms.push(ms(before.flush(habit, round)));
            let between = processor_ms();
            now_times.ms.push(ms(now.flush(habit, round).await));
            before_times.processor_ms += between - started;
            now_times.processor_ms += processor_ms() - between;
        }
        for round in ROUNDS..ROUNDS + WEIGHED {
            empty_log(old.path());
            before.flush(habit, round);
            before_times.log_bytes += log_bytes(old.path());
            empty_log(new.path());
            now.flush(habit, round).await;
            now_times.log_bytes += log_bytes(new.path());
        }
        println!("{PEOPLE} people, {habit:?}");
        before_times.show("the release before");
        now_times.show("now");
    }
}
