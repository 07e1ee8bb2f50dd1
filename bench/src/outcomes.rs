//! A load that counts what became of each request, by status, in constant memory; for servers that are asked too much.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::client::{Connection, Turn};
use crate::failure::Failure;
use crate::histogram::Histogram;

/// When who lost a connection tries again.
const RECONNECT: Duration = Duration::from_millis(100);

/// How a load is sent.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) connections: usize,
    /// Requests due a second, whatever the server does; as fast as they are answered if there is none.
    pub(crate) per_second: Option<f64>,
    /// For so long.
    pub(crate) window: Duration,
}

/// The answers of one status.
#[derive(Default, Clone)]
pub(crate) struct Answers {
    /// From when the request was due.
    pub(crate) from_due: Histogram,
    /// From when it was sent, which is later if its connection was still busy.
    pub(crate) from_sent: Histogram,
}

/// What became of a load.
#[derive(Default)]
pub(crate) struct Outcomes {
    pub(crate) by_status: BTreeMap<u16, Answers>,
    /// Requests whose connection broke before the answer: nobody knows what became of them.
    pub(crate) lost: u64,
    /// Requests that were due and not sent, since all connections were busy until the end.
    pub(crate) unsent: u64,
    /// Until the last answer.
    pub(crate) took: Duration,
}

impl Outcomes {
    pub(crate) fn count(&self, status: u16) -> u64 {
        self.by_status.get(&status).map_or(0, |answers| answers.from_due.len())
    }

    /// The answers with this status.
    pub(crate) fn of(&self, status: u16) -> Answers {
        self.by_status.get(&status).cloned().unwrap_or_default()
    }

    /// The answers that were no `202`.
    pub(crate) fn refused(&self) -> Answers {
        let mut all = Answers::default();
        for (_, answers) in self.by_status.iter().filter(|(status, _)| **status != 202) {
            all.from_due.merge(&answers.from_due);
            all.from_sent.merge(&answers.from_sent);
        }
        all
    }

    /// Requests that were sent.
    pub(crate) fn sent(&self) -> u64 {
        self.by_status.values().map(|answers| answers.from_due.len()).sum::<u64>() + self.lost
    }

    /// As in `202: 17, 503: 4`.
    pub(crate) fn statuses(&self) -> String {
        let counts =
            self.by_status.iter().map(|(status, answers)| format!("{status}: {}", answers.from_due.len()));
        counts.collect::<Vec<_>>().join(", ")
    }

    fn answered(&mut self, status: u16, from_due: Duration, from_sent: Duration) {
        let answers = self.by_status.entry(status).or_default();
        answers.from_due.add(from_due);
        answers.from_sent.add(from_sent);
    }
}

/// Sends what `next` gives until the window is over or it gives nothing any more, and waits for the last answers.
pub(crate) async fn send<R: AsRef<[u8]> + Send>(
    addresses: &[String],
    pace: Pace,
    next: impl Fn(Turn) -> Option<R> + Send + Sync + 'static,
) -> Result<Outcomes, Failure> {
    let mut open = Vec::new();
    for number in 0..pace.connections {
        open.push(Connection::open(&addresses[number % addresses.len()]).await?);
    }
    let tally = Arc::new(Mutex::new(Outcomes::default()));
    let (start, next) = (Instant::now(), Arc::new(next));
    let mut tasks = JoinSet::new();
    for (number, connection) in open.into_iter().enumerate() {
        let address = addresses[number % addresses.len()].clone();
        let sender = Sender { number, address, pace, start, tally: Arc::clone(&tally) };
        let next = Arc::clone(&next);
        tasks.spawn(async move { sender.run(connection, next.as_ref()).await });
    }
    while let Some(done) = tasks.join_next().await {
        done?;
    }
    let mut outcomes = std::mem::take(&mut *tally.lock().unwrap_or_else(PoisonError::into_inner));
    outcomes.took = start.elapsed();
    Ok(outcomes)
}

/// One connection's part.
struct Sender {
    number: usize,
    address: String,
    pace: Pace,
    start: Instant,
    tally: Arc<Mutex<Outcomes>>,
}

impl Sender {
    async fn run<R: AsRef<[u8]>>(self, mut connection: Connection, next: &impl Fn(Turn) -> Option<R>) {
        let Pace { connections, per_second, window } = self.pace;
        let gap = per_second.map(|rate| Duration::from_secs_f64(connections as f64 / rate));
        let mut due = self.start + gap.unwrap_or_default().mul_f64(self.number as f64 / connections as f64);
        let (end, mut number) = (self.start + window, 0);
        while due < end {
            tokio::time::sleep_until(due.into()).await;
            if Instant::now() >= end {
                break;
            }
            let turn = Turn { connection: self.number, number, due: due.duration_since(self.start) };
            let Some(request) = next(turn) else { return };
            number += 1;
            let sent = Instant::now();
            if let Ok(answer) = connection.send(request.as_ref()).await {
                self.count(|tally| tally.answered(answer.status, due.elapsed(), sent.elapsed()));
            } else {
                self.count(|tally| tally.lost += 1);
                let Some(again) = self.reopened(end).await else { break };
                connection = again;
            }
            due = gap.map_or_else(Instant::now, |gap| due + gap);
        }
        if let Some(gap) = gap {
            let left = end.saturating_duration_since(due).as_secs_f64() / gap.as_secs_f64();
            self.count(|tally| tally.unsent += left.ceil() as u64);
        }
    }

    async fn reopened(&self, end: Instant) -> Option<Connection> {
        while Instant::now() < end {
            if let Ok(connection) = Connection::open(&self.address).await {
                return Some(connection);
            }
            tokio::time::sleep(RECONNECT).await;
        }
        None
    }

    fn count(&self, what: impl FnOnce(&mut Outcomes)) {
        what(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
