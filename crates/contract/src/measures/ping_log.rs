//! How many appends a ping log makes durable while readers take them off again as workers do.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dayline_app::ports::{Partition, PingLog, Position};

/// About what one ping takes as a record, in bytes.
pub const SINGLE: usize = 90;
/// What a hundred pings of a tracker that catches up take, in bytes.
pub const HUNDRED: usize = 1_400;
/// How long one round is.
pub const ROUND: Duration = Duration::from_millis(1_500);

/// What is done to the log in a round.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// How many append at once, each its next record when the last one is durable; to all
    /// partitions in turn.
    pub appenders: u32,
    /// Bytes of a record.
    pub record: usize,
    /// What an appender does between two appends, as a request's handler and its client would.
    pub work: Duration,
    /// From one look of a partition's reader to the next.
    pub reader_pause: Duration,
}

/// What a round showed.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Appends that became durable.
    pub appends: u64,
    /// The same, per second.
    pub appends_per_s: f64,
    /// Entries that readers found per second; several appends may share one.
    pub entries_per_s: f64,
    /// The longest that an append took, in milliseconds.
    pub slowest_ms: f64,
}

struct Shared {
    log: Arc<dyn PingLog>,
    load: Load,
    stop: AtomicBool,
    slowest_us: AtomicU64,
}

/// One round.
///
/// # Panics
/// If the log fails.
pub async fn round(log: Arc<dyn PingLog>, load: Load) -> Measured {
    let partitions = log.partitions();
    let (stop, slowest_us) = (AtomicBool::new(false), AtomicU64::new(0));
    let shared = Arc::new(Shared { log, load, stop, slowest_us });
    let readers: Vec<_> =
        (0..partitions).map(|n| tokio::spawn(read(Arc::clone(&shared), Partition(n)))).collect();
    let start = Instant::now();
    let appenders: Vec<_> = (0..load.appenders)
        .map(|n| tokio::spawn(append(Arc::clone(&shared), Partition(n % partitions))))
        .collect();
    tokio::time::sleep(ROUND).await;
    shared.stop.store(true, Ordering::Relaxed);
    let mut appends = 0;
    for appender in appenders {
        appends += appender.await.unwrap();
    }
    let seconds = start.elapsed().as_secs_f64();
    let mut entries = 0;
    for (n, reader) in (0..).zip(readers) {
        // Wakes it from its wait.
        shared.log.append(Partition(n), vec![7; load.record]).await.unwrap();
        entries += reader.await.unwrap();
    }
    Measured {
        appends,
        appends_per_s: appends as f64 / seconds,
        entries_per_s: entries as f64 / seconds,
        slowest_ms: shared.slowest_us.load(Ordering::Relaxed) as f64 / 1e3,
    }
}

async fn append(shared: Arc<Shared>, partition: Partition) -> u64 {
    let Load { record, work, .. } = shared.load;
    let mut appends = 0;
    while !shared.stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        shared.log.append(partition, vec![7; record]).await.unwrap();
        shared.slowest_us.fetch_max(start.elapsed().as_micros() as u64, Ordering::Relaxed);
        appends += 1;
        let start = Instant::now();
        while start.elapsed() < work {
            std::hint::spin_loop();
        }
    }
    appends
}

/// Reads and settles as a worker does; gives the number of entries.
async fn read(shared: Arc<Shared>, partition: Partition) -> usize {
    let (mut count, mut after) = (0, Position::START);
    while !shared.stop.load(Ordering::Relaxed) {
        shared.log.wait_beyond(partition, after).await;
        let entries = shared.log.read_after(partition, after, 4 << 20).await.unwrap().entries;
        count += entries.len();
        after = entries.last().map_or(after, |entry| entry.position);
        shared.log.settle(partition, after).await.unwrap();
        tokio::time::sleep(shared.load.reader_pause).await;
    }
    count
}

/// What the disk itself does for as long as a round: appends of 4 KiB with fdatasync per second.
///
/// # Panics
/// If the folder can't be written to.
pub fn raw_rate(folder: &Path) -> f64 {
    let path = folder.join("raw");
    let mut file = File::create(&path).unwrap();
    let (start, mut writes) = (Instant::now(), 0);
    while start.elapsed() < ROUND {
        file.write_all(&[7; 4096]).unwrap();
        file.sync_data().unwrap();
        writes += 1;
    }
    let rate = f64::from(writes) / start.elapsed().as_secs_f64();
    std::fs::remove_file(path).unwrap();
    rate
}

/// Seconds of processor time a process has used, in user code and in the system; 0 where it can't
/// be told.
pub fn processor_time(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    // Fields 14 and 15 of all, in hundredths of a second.
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}
