//! The power fails at any moment: writes that no sync covers are gone, or torn. What had a 202 by then is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dayline_sim::dice::Dice;
use futures_util::future::try_join_all;

use super::shim::Disk;
use super::trace::{self, Event, Loss};
use super::writing::Writer;
use super::{expect_stored, installation_with_writers, start_on};
use crate::support::dice;
use crate::support::server::Installation;

const WRITERS: usize = 4;
/// How long they write each time.
const LOAD: Duration = Duration::from_millis(800);
/// How many moments are tried, each with both kinds of loss.
const MOMENTS: u64 = 6;

/// A writer, and how long the trace was when it had so many 202s.
struct Written {
    writer: Writer,
    acknowledged: Vec<(u64, usize)>,
}

impl Written {
    /// How many pings had a 202 when the trace was this long.
    fn acknowledged_at(&self, trace_length: u64) -> usize {
        let by_then = self.acknowledged.iter().take_while(|(seen, _)| *seen <= trace_length);
        by_then.last().map_or(0, |(_, count)| *count)
    }
}

async fn write(mut written: Written, mut dice: Dice, trace: PathBuf, enough: Arc<AtomicBool>) -> Written {
    while !enough.load(Ordering::Relaxed) {
        // The first request may meet a connection to the server before this one.
        if written.writer.send(dice.between(1, 40) as i64).await.is_ok() {
            let length = fs::metadata(&trace).unwrap().len();
            written.acknowledged.push((length, written.writer.sent.acknowledged.len()));
        }
    }
    written
}

/// Everybody writes for a while, until the server is stopped; and once more, until it is killed.
async fn write_under_trace(
    installation: &Installation,
    writers: Vec<Writer>,
    trace: &Path,
    dice: &Dice,
) -> Vec<Written> {
    let mut all: Vec<Written> =
        writers.into_iter().map(|writer| Written { writer, acknowledged: Vec::new() }).collect();
    let disk = Disk::default().traced(trace);
    for (round, ends_in_order) in [true, false].into_iter().enumerate() {
        let mut server = start_on(installation, &disk);
        let enough = Arc::new(AtomicBool::new(false));
        let tasks = all.into_iter().enumerate().map(|(number, written)| {
            let dice = dice.fork(round as u64).fork(number as u64);
            tokio::spawn(write(written, dice, trace.to_owned(), Arc::clone(&enough)))
        });
        let tasks: Vec<_> = tasks.collect();
        tokio::time::sleep(LOAD).await;
        enough.store(true, Ordering::Relaxed);
        all = try_join_all(tasks).await.unwrap();
        if ends_in_order {
            assert_eq!(server.stop().code(), Some(0));
        } else {
            server.kill();
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_the_power_fails_all_that_had_a_202_is_found_again() {
    let mut dice = dice();
    let (installation, writers) = installation_with_writers(WRITERS).await;
    let before = trace::files_in(&installation.data());
    let trace = installation.folder().join("trace");
    let written = write_under_trace(&installation, writers, &trace, &dice).await;
    let events = trace::read(&trace);
    let total: usize = written.iter().map(|written| written.writer.sent.acknowledged.len()).sum();
    println!("{} acts on the disk for {total} acknowledged pings", events.len());
    for moment in 0..MOMENTS {
        // The last one is when the server was killed; the others are any.
        let until = if moment == 0 { events.len() } else { dice.below(events.len() as u64) as usize };
        for loss in [Loss::Dropped, Loss::Torn] {
            lose_power(&before, &events[..until], loss, &written, &mut dice).await;
        }
    }
}

async fn lose_power(
    before: &BTreeMap<String, Vec<u8>>,
    events: &[Event],
    loss: Loss,
    written: &[Written],
    dice: &mut Dice,
) {
    let installation = Installation::alone();
    trace::write_files(&installation.data(), &trace::after_power_loss(before, events, loss, dice));
    let _server = installation.start(&[]);
    let length = events.last().map_or(0, |event| event.end);
    let expected: Vec<_> =
        written.iter().map(|written| (&written.writer, written.acknowledged_at(length))).collect();
    let count: usize = expected.iter().map(|(_, count)| count).sum();
    println!("after {} acts, {loss:?}: {count} pings must be there", events.len());
    expect_stored(&installation, &expected).await;
}
