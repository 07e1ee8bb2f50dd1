//! Where records gather while earlier ones are on their way to Redis, and where those who brought
//! them wait.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use dayline_app::ports::{AppendError, Partition};
use tokio::sync::Notify;

/// An entry takes records until it has so many bytes, so that a reader can stop between entries.
const ENTRY: usize = 256 << 10;
/// What a client is told to wait when too much gathers: the next commit takes it all.
const RETRY_PENDING_S: u32 = 1;

pub(super) struct Gather {
    state: Mutex<State>,
    more: Notify,
    max_bytes: usize,
}

struct State {
    entries: Vec<Entry>,
    /// Of each partition, which of the entries still takes records.
    open: Vec<Option<usize>>,
    bytes: usize,
    commit: Arc<GroupCommit>,
    /// Senders that have a connection.
    senders: usize,
    /// Why there was none, the last time.
    away: String,
    /// Why nothing is taken although there are senders.
    turned_away: Option<String>,
}

/// Records of one partition that become one entry of its stream.
pub(super) struct Entry {
    pub(super) partition: Partition,
    pub(super) records: Vec<u8>,
}

/// Everybody whose records travel together. One for all of them.
#[derive(Default)]
pub(super) struct GroupCommit {
    outcome: OnceLock<Result<(), AppendError>>,
    finished: Notify,
}

/// What a sender sends. Whoever waits for it is answered, also if it is dropped.
pub(super) struct Parcel {
    pub(super) entries: Vec<Entry>,
    commit: Arc<GroupCommit>,
}

impl Gather {
    pub(super) fn new(partitions: u32, max_bytes: usize) -> Self {
        let state = State {
            entries: Vec::new(),
            open: vec![None; partitions as usize],
            bytes: 0,
            commit: Arc::default(),
            senders: 0,
            away: String::new(),
            turned_away: None,
        };
        Self { state: Mutex::new(state), more: Notify::new(), max_bytes }
    }

    /// Adds a record, of a partition there is, to what is sent next.
    pub(super) fn add(&self, partition: Partition, record: Vec<u8>) -> Result<Arc<GroupCommit>, AppendError> {
        let mut state = self.lock();
        if let Some(why) = state.refusal() {
            return Err(AppendError::Unavailable(why.to_owned()));
        }
        if state.bytes > 0 && state.bytes + record.len() > self.max_bytes {
            return Err(AppendError::Full { retry_after_s: RETRY_PENDING_S });
        }
        state.bytes += record.len();
        state.put(partition, record);
        let commit = Arc::clone(&state.commit);
        drop(state);
        self.more.notify_one();
        Ok(commit)
    }

    /// Why nothing is taken now, if so.
    pub(super) fn refusal(&self) -> Option<String> {
        self.lock().refusal().map(str::to_owned)
    }

    /// Takes all that has gathered, once there is something.
    pub(super) async fn next(&self) -> Parcel {
        loop {
            if let Some(parcel) = self.lock().take() {
                return parcel;
            }
            self.more.notified().await;
        }
    }

    pub(super) fn sender_connected(&self) {
        self.lock().senders += 1;
    }

    /// One sender less. If it was the last, what has gathered is turned away, and all that comes.
    pub(super) fn sender_disconnected(&self, why: &str) {
        let mut state = self.lock();
        state.senders -= 1;
        why.clone_into(&mut state.away);
        if state.senders == 0
            && let Some(parcel) = state.take()
        {
            drop(state);
            parcel.finish(Err(AppendError::Unavailable(why.to_owned())));
        }
    }

    /// From now on takes nothing, for this reason; or again.
    pub(super) fn turn_away(&self, why: Option<String>) {
        self.lock().turned_away = why;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn refusal(&self) -> Option<&str> {
        if self.senders == 0 { Some(&self.away) } else { self.turned_away.as_deref() }
    }

    fn put(&mut self, partition: Partition, record: Vec<u8>) {
        let open = &mut self.open[partition.0 as usize];
        if let Some(at) = *open {
            let records = &mut self.entries[at].records;
            if records.len() + record.len() <= ENTRY {
                records.extend_from_slice(&record);
                return;
            }
        }
        *open = Some(self.entries.len());
        self.entries.push(Entry { partition, records: record });
    }

    fn take(&mut self) -> Option<Parcel> {
        if self.entries.is_empty() {
            return None;
        }
        self.open.fill(None);
        self.bytes = 0;
        Some(Parcel { entries: std::mem::take(&mut self.entries), commit: std::mem::take(&mut self.commit) })
    }
}

impl Parcel {
    /// Tells everybody what became of their records. Only the first word counts.
    pub(super) fn finish(&self, outcome: Result<(), AppendError>) {
        let _ = self.commit.outcome.set(outcome);
        self.commit.finished.notify_waiters();
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        self.finish(Err(AppendError::Unavailable("the ping log was closed".to_owned())));
    }
}

impl GroupCommit {
    /// What became of the records, once that is known.
    pub(super) async fn finished(&self) -> Result<(), AppendError> {
        loop {
            // Before the look, so that an outcome between look and wait is not missed.
            let finished = self.finished.notified();
            if let Some(outcome) = self.outcome.get() {
                return outcome.clone();
            }
            finished.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(max_bytes: usize) -> Gather {
        let gather = Gather::new(2, max_bytes);
        gather.sender_connected();
        gather
    }

    fn contents(parcel: &Parcel) -> Vec<(u32, usize)> {
        parcel.entries.iter().map(|entry| (entry.partition.0, entry.records.len())).collect()
    }

    #[tokio::test]
    async fn records_of_one_partition_become_one_entry_until_it_is_large() {
        let gather = gather(usize::MAX);
        for (partition, length) in [(0, 10), (1, 20), (0, 30), (1, ENTRY - 20), (1, 1), (1, 2), (0, ENTRY)] {
            gather.add(Partition(partition), vec![0; length]).unwrap();
        }
        assert_eq!(contents(&gather.next().await), [(0, 40), (1, ENTRY), (1, 3), (0, ENTRY)]);
        gather.add(Partition(1), vec![0; 5]).unwrap();
        assert_eq!(contents(&gather.next().await), [(1, 5)]);
    }

    #[tokio::test]
    async fn what_gathers_is_bounded_but_a_single_record_always_fits() {
        let gather = gather(10);
        gather.add(Partition(0), vec![0; 50]).unwrap();
        assert_eq!(gather.add(Partition(0), vec![0]).err(), Some(AppendError::Full { retry_after_s: 1 }));
        drop(gather.next().await);
        gather.add(Partition(0), vec![0; 9]).unwrap();
        gather.add(Partition(1), vec![0]).unwrap();
        assert!(gather.add(Partition(1), vec![0]).is_err());
    }

    #[tokio::test]
    async fn when_the_last_sender_is_disconnected_those_who_wait_are_turned_away_and_those_who_come() {
        let gather = gather(usize::MAX);
        gather.sender_connected();
        let waiting = gather.add(Partition(0), vec![1]).unwrap();
        gather.sender_disconnected("one");
        assert!(waiting.outcome.get().is_none());
        gather.sender_disconnected("two");
        let away = Err(AppendError::Unavailable("two".to_owned()));
        assert_eq!(waiting.finished().await, away);
        assert_eq!(gather.add(Partition(0), vec![1]).map(|_| ()), away);
        gather.sender_connected();
        assert!(gather.add(Partition(0), vec![1]).is_ok());
    }

    #[tokio::test]
    async fn whoever_comes_is_turned_away_as_long_as_there_is_a_reason() {
        let gather = gather(usize::MAX);
        gather.turn_away(Some("unsafe".to_owned()));
        let refused = gather.add(Partition(0), vec![1]).map(|_| ());
        assert_eq!(refused, Err(AppendError::Unavailable("unsafe".to_owned())));
        gather.turn_away(None);
        assert!(gather.add(Partition(0), vec![1]).is_ok());
    }

    #[tokio::test]
    async fn everybody_in_a_parcel_hears_the_first_word_about_it() {
        let gather = gather(usize::MAX);
        let waiting: Vec<_> = (0..3).map(|_| gather.add(Partition(0), vec![1]).unwrap()).collect();
        let parcel = gather.next().await;
        let later = gather.add(Partition(0), vec![1]).unwrap();
        parcel.finish(Ok(()));
        drop(parcel);
        for commit in waiting {
            assert_eq!(commit.finished().await, Ok(()));
        }
        drop(gather.next().await);
        assert!(matches!(later.finished().await, Err(AppendError::Unavailable(_))));
    }
}
