//! Load on a ping log by clients that keep their own record of what they were promised, to be
//! compared with what readers find. Meanwhile a test can do to the log whatever it has to
//! withstand.
//! Not here: what that is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use dayline_app::ports::{LogDepth, Partition, Payload, PingLog, Position};
use tokio::task::JoinHandle;

const APPENDERS: u64 = 16;
const RECORD: usize = 100;
/// How long appends may stand still before that is a failure; far above what a busy machine needs.
const PATIENCE: Duration = Duration::from_mins(1);

/// Appenders and readers at work.
pub struct Load {
    shared: Arc<Shared>,
    appenders: Vec<JoinHandle<Tried>>,
    readers: Vec<JoinHandle<Seen>>,
    settles: bool,
}

type Seen = Vec<(Position, Vec<u8>)>;

struct Shared {
    log: Arc<dyn PingLog>,
    acknowledged: AtomicU64,
    appenders_stop: AtomicBool,
    readers_stop: AtomicBool,
}

/// What one appender tried, one after another, and which of it was acknowledged.
#[derive(Default)]
struct Tried {
    attempts: u64,
    acknowledged: Vec<u64>,
}

impl Load {
    /// Begins. Readers settle what they have read, as workers do, or only look on.
    pub fn start(log: Arc<dyn PingLog>, settles: bool) -> Self {
        let partitions = log.partitions();
        let shared = Arc::new(Shared {
            log,
            acknowledged: AtomicU64::new(0),
            appenders_stop: AtomicBool::new(false),
            readers_stop: AtomicBool::new(false),
        });
        let appenders = (0..APPENDERS).map(|me| tokio::spawn(append(Arc::clone(&shared), me))).collect();
        let read = |n| tokio::spawn(read(Arc::clone(&shared), Partition(n), settles));
        let readers = (0..partitions).map(read).collect();
        Self { shared, appenders, readers, settles }
    }

    /// Returns when so many more appends were acknowledged.
    ///
    /// # Panics
    /// If they are not within a minute.
    pub async fn goes_on(&self, by: u64) {
        let enough = self.shared.acknowledged.load(Ordering::Relaxed) + by;
        let goes_on = async {
            while self.shared.acknowledged.load(Ordering::Relaxed) < enough {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, goes_on).await.expect("appends go on");
    }

    /// Ends, and compares: whatever was acknowledged has been read, in order, and is still there
    /// for others unless it was forgotten. Gives how many appends were acknowledged.
    ///
    /// # Panics
    /// If it is not so.
    pub async fn end(self) -> u64 {
        self.shared.appenders_stop.store(true, Ordering::SeqCst);
        let mut tried = Vec::new();
        for appender in self.appenders {
            tried.push(appender.await.unwrap());
        }
        self.shared.readers_stop.store(true, Ordering::SeqCst);
        let (mut followed, mut later, mut ends) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for (n, reader) in (0..).zip(self.readers) {
            let (mut seen, partition) = (reader.await.unwrap(), Partition(n));
            followed.extend(by_appender(&seen));
            if !self.settles {
                seen = read(Arc::clone(&self.shared), partition, true).await;
                later.extend(by_appender(&seen));
            }
            ends.push((partition, seen.last().map_or(Position::START, |(last, _)| *last)));
        }
        for (me, tried) in (0..).zip(&tried) {
            tried.assert_nothing_is_lost(&followed.remove(&me).unwrap_or_default());
            if !self.settles {
                tried.assert_nothing_is_lost(&later.remove(&me).unwrap_or_default());
            }
        }
        assert!(followed.is_empty());
        all_is_settled(&*self.shared.log, ends).await;
        tried.iter().map(|tried| tried.acknowledged.len() as u64).sum()
    }
}

/// What readers could not tell at the end, since the log was away, is told now; and what comes when nobody reads any
/// more is read: an append that seemed to fail may still arrive.
async fn all_is_settled(log: &dyn PingLog, mut ends: Vec<(Partition, Position)>) {
    let settled = async {
        while log.depth().await != Ok(LogDepth::default()) {
            for (partition, end) in &mut ends {
                if let Ok(more) = log.read_after(*partition, *end, usize::MAX).await {
                    *end = more.entries.last().map_or(*end, |last| last.position);
                }
                // Away again: the next time.
                let _ = log.settle(*partition, *end).await;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.expect("all is settled, and the depth says so");
}

/// A record that says whose it is, which one, and is recognised when a byte of it is not as it was.
fn record(appender: u64, number: u64) -> Vec<u8> {
    let mut bytes = vec![(appender * 31 + number) as u8; RECORD];
    bytes[..8].copy_from_slice(&appender.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    bytes
}

async fn append(shared: Arc<Shared>, me: u64) -> Tried {
    let partition = Partition((me % u64::from(shared.log.partitions())) as u32);
    let mut tried = Tried::default();
    while !shared.appenders_stop.load(Ordering::Relaxed) {
        let number = tried.attempts;
        tried.attempts += 1;
        if shared.log.append(partition, record(me, number)).await.is_ok() {
            tried.acknowledged.push(number);
            shared.acknowledged.fetch_add(1, Ordering::Relaxed);
        } else {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    tried
}

/// Follows a partition as a worker does, until it has all there is after the appenders' end.
async fn read(shared: Arc<Shared>, partition: Partition, settles: bool) -> Seen {
    let log = &shared.log;
    let (mut seen, mut after) = (Vec::new(), Position::START);
    loop {
        let last_look = shared.readers_stop.load(Ordering::SeqCst);
        match log.read_after(partition, after, 2_000).await {
            Ok(read) if read.entries.is_empty() && last_look => return seen,
            Ok(read) if read.entries.is_empty() => log.wait_beyond(partition, after).await,
            Ok(read) => {
                assert_eq!(read.lost, None);
                for entry in read.entries {
                    assert!(entry.position > after);
                    after = entry.position;
                    let Payload::Records(bytes) = entry.payload else { panic!("{:?}", entry.payload) };
                    seen.push((after, bytes));
                }
                if settles {
                    // What is not told now is told the next time.
                    let _ = log.settle(partition, after).await;
                }
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
}

/// Every appender's records in the order of their first appearance.
fn by_appender(seen: &[(Position, Vec<u8>)]) -> BTreeMap<u64, Vec<u64>> {
    let (mut found, mut known) = (BTreeMap::<u64, Vec<u64>>::new(), BTreeSet::new());
    for (_, entry) in seen {
        assert_eq!(entry.len() % RECORD, 0);
        for bytes in entry.chunks(RECORD) {
            let appender = u64::from_le_bytes(bytes[..8].try_into().unwrap());
            let number = u64::from_le_bytes(bytes[8..16].try_into().unwrap());
            assert_eq!(bytes, record(appender, number));
            if known.insert((appender, number)) {
                found.entry(appender).or_default().push(number);
            }
        }
    }
    found
}

impl Tried {
    /// What was acknowledged is there, in order. Of what was refused anything may be there,
    /// anywhere.
    fn assert_nothing_is_lost(&self, found: &[u64]) {
        assert!(found.iter().all(|&number| number < self.attempts), "found what nobody tried");
        let mut promised = found.iter().filter(|number| self.acknowledged.binary_search(number).is_ok());
        let lost: Vec<_> =
            self.acknowledged.iter().filter(|&number| promised.next() != Some(number)).collect();
        assert!(
            lost.is_empty(),
            "lost or out of order: {lost:?} of {} acknowledged",
            self.acknowledged.len()
        );
        assert!(!self.acknowledged.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use dayline_app::ports::AppendError;

    use crate::fakes::FakeLog;

    use super::*;

    #[tokio::test]
    async fn a_log_that_keeps_all_is_found_to() {
        for settles in [false, true] {
            let log = Arc::<FakeLog>::default();
            let load = Load::start(log.clone(), settles);
            load.goes_on(100).await;
            log.refuse(Some(AppendError::Unavailable("away".to_owned())));
            log.refuse(None);
            load.goes_on(100).await;
            assert!(load.end().await >= 200);
        }
    }

    #[test]
    #[should_panic(expected = "lost or out of order: [2, 3]")]
    fn what_was_promised_and_is_not_there_is_found() {
        let tried = Tried { attempts: 4, acknowledged: vec![0, 2, 3] };
        tried.assert_nothing_is_lost(&[0, 1, 3, 2]);
    }
}
