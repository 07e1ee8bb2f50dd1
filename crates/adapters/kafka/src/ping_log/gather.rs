//! Where records of one partition gather while earlier ones are on their way to Kafka, and where
//! those who brought them wait.
//! Not here: sending (see `sender`).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use dayline_app::ports::AppendError;
use tokio::sync::Notify;

/// An entry takes records until it has so many bytes, so that a reader can stop between entries.
const ENTRY: usize = 256 << 10;
/// What a client is told to wait when too much gathers: the next rounds take it all.
const RETRY_PENDING_S: u32 = 1;

/// Bytes that gather or are on their way, in all partitions.
pub(super) struct Pending {
    bytes: AtomicUsize,
    max: usize,
}

impl Pending {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { bytes: AtomicUsize::new(0), max })
    }

    /// A single record always fits.
    fn reserve(&self, bytes: usize) -> Result<(), AppendError> {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if before > 0 && before + bytes > self.max {
            self.give_back(bytes);
            return Err(AppendError::Full { retry_after_s: RETRY_PENDING_S });
        }
        Ok(())
    }

    fn give_back(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The records of one partition.
pub(super) struct Gather {
    pending: Arc<Pending>,
    state: Mutex<State>,
    more: Notify,
}

#[derive(Default)]
struct State {
    rounds: VecDeque<Round>,
    /// Why nothing gets through now.
    stalled: Option<String>,
    /// Why nothing is taken although it would get through.
    turned_away: Option<String>,
}

/// Records that become one entry, and everybody who waits for it: all are answered, also if this is
/// dropped.
pub(super) struct Round {
    /// The records.
    pub(super) records: Vec<u8>,
    bytes: usize,
    pending: Arc<Pending>,
    wait: Arc<Wait>,
}

/// What those wait for whose records travel together.
#[derive(Default)]
pub(super) struct Wait {
    outcome: OnceLock<Result<(), AppendError>>,
    finished: Notify,
}

impl Gather {
    pub(super) fn new(pending: Arc<Pending>) -> Self {
        Self { pending, state: Mutex::default(), more: Notify::new() }
    }

    /// Adds a record to what is sent next.
    pub(super) fn add(&self, record: Vec<u8>) -> Result<Arc<Wait>, AppendError> {
        let mut state = self.lock();
        if let Some(why) = state.refusal() {
            return Err(AppendError::Unavailable(why.clone()));
        }
        self.pending.reserve(record.len())?;
        let wait = state.put(record, &self.pending);
        drop(state);
        self.more.notify_one();
        Ok(wait)
    }

    /// Takes what becomes the next entry, once there is something.
    pub(super) async fn next(&self) -> Round {
        loop {
            if let Some(round) = self.lock().rounds.pop_front() {
                return round;
            }
            self.more.notified().await;
        }
    }

    /// Nothing gets through, for this reason: what has gathered is refused, and what comes.
    pub(super) fn stall(&self, why: &str) {
        let mut state = self.lock();
        state.stalled = Some(why.to_owned());
        let refused = std::mem::take(&mut state.rounds);
        drop(state);
        for round in refused {
            round.finish(Err(AppendError::Unavailable(why.to_owned())));
        }
    }

    /// Why nothing is taken now, if so.
    pub(super) fn refusal(&self) -> Option<String> {
        self.lock().refusal().cloned()
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.lock().stalled.is_some()
    }

    /// It gets through again; tells whether it did not before.
    pub(super) fn go_on(&self) -> bool {
        self.lock().stalled.take().is_some()
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
    fn refusal(&self) -> Option<&String> {
        self.turned_away.as_ref().or(self.stalled.as_ref())
    }

    fn put(&mut self, record: Vec<u8>, pending: &Arc<Pending>) -> Arc<Wait> {
        if let Some(last) = self.rounds.back_mut()
            && last.records.len() + record.len() <= ENTRY
        {
            last.records.extend_from_slice(&record);
            last.bytes += record.len();
            return Arc::clone(&last.wait);
        }
        let wait = Arc::<Wait>::default();
        let (bytes, pending) = (record.len(), Arc::clone(pending));
        self.rounds.push_back(Round { records: record, bytes, pending, wait: Arc::clone(&wait) });
        wait
    }
}

impl Round {
    /// Tells everybody what became of their records. Only the first word counts.
    pub(super) fn finish(&self, outcome: Result<(), AppendError>) {
        let _ = self.wait.outcome.set(outcome);
        self.wait.finished.notify_waiters();
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        self.finish(Err(AppendError::Unavailable("the ping log was closed".to_owned())));
        self.pending.give_back(self.bytes);
    }
}

impl Wait {
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
        Gather::new(Pending::new(max_bytes))
    }

    #[tokio::test]
    async fn records_become_one_entry_until_it_is_large() {
        let gather = gather(usize::MAX);
        for length in [10, 30, ENTRY - 40, 1, 2, ENTRY] {
            gather.add(vec![0; length]).unwrap();
        }
        let mut lengths = Vec::new();
        for _ in 0..3 {
            lengths.push(gather.next().await.records.len());
        }
        assert_eq!(lengths, [ENTRY, 3, ENTRY]);
    }

    #[tokio::test]
    async fn what_gathers_or_travels_is_bounded_over_partitions_but_a_single_record_always_fits() {
        let pending = Pending::new(10);
        let [one, two] = [(); 2].map(|()| Gather::new(Arc::clone(&pending)));
        let full = Some(AppendError::Full { retry_after_s: 1 });
        one.add(vec![0; 50]).unwrap();
        assert_eq!(two.add(vec![0]).err(), full);
        let travels = one.next().await;
        assert_eq!(two.add(vec![0]).err(), full);
        drop(travels);
        one.add(vec![0; 9]).unwrap();
        two.add(vec![0]).unwrap();
        assert_eq!(one.add(vec![0]).err(), full);
    }

    #[tokio::test]
    async fn when_nothing_gets_through_those_who_wait_are_refused_and_those_who_come() {
        let gather = gather(usize::MAX);
        let waiting = gather.add(vec![1]).unwrap();
        gather.stall("away");
        let away = Err(AppendError::Unavailable("away".to_owned()));
        assert_eq!(waiting.finished().await, away);
        assert_eq!(gather.add(vec![1]).map(drop), away);
        assert!(gather.go_on() && !gather.go_on());
        assert!(gather.add(vec![1]).is_ok());
    }

    #[tokio::test]
    async fn whoever_comes_is_turned_away_as_long_as_there_is_a_reason() {
        let gather = gather(usize::MAX);
        gather.turn_away(Some("unsafe".to_owned()));
        assert_eq!(gather.add(vec![1]).map(drop), Err(AppendError::Unavailable("unsafe".to_owned())));
        gather.turn_away(None);
        assert!(gather.add(vec![1]).is_ok());
    }

    #[tokio::test]
    async fn everybody_in_a_round_hears_the_first_word_about_it() {
        let gather = gather(usize::MAX);
        let waiting: Vec<_> = (0..3).map(|_| gather.add(vec![1]).unwrap()).collect();
        let round = gather.next().await;
        let later = gather.add(vec![1]).unwrap();
        round.finish(Ok(()));
        drop(round);
        for wait in waiting {
            assert_eq!(wait.finished().await, Ok(()));
        }
        drop(gather.next().await);
        assert!(matches!(later.finished().await, Err(AppendError::Unavailable(_))));
    }
}
