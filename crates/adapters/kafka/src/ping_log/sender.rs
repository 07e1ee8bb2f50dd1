//! A sender: how the records of one partition go to Kafka, all that gathered during a round trip as
//! one. Partitions do not wait for each other, so that one without a leader stops nobody else.
//! Not here: timers on the way of a record, and reading.

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::AppendError;
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::producer::{FutureProducer, FutureRecord};
use tokio::time::{Instant, sleep};

use super::entry;
use super::gather::{Gather, Round};
use super::heard::Heard;
use super::sizes::Sizes;
use crate::config::ANSWER;
use crate::error::{code_of, is_away, told};
use crate::events::Events;

/// Between two tries: a new leader is found by asking, and that takes a moment.
const PAUSE: Duration = Duration::from_millis(20);
/// What a client is told to wait when the client's own queue is full.
const RETRY_QUEUE_S: u32 = 1;

pub(super) struct Sender {
    pub(super) producer: FutureProducer<Events>,
    pub(super) events: Events,
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    pub(super) gather: Arc<Gather>,
    pub(super) heard: Arc<Heard>,
    pub(super) sizes: Arc<Sizes>,
}

impl Sender {
    /// Works for ever.
    pub(super) async fn run(self) {
        loop {
            let mut round = self.gather.next().await;
            entry::seal(&mut round.records);
            self.carry(&round).await;
        }
    }

    /// Sends a round until a broker has answered. Whoever waits for it is told after [`ANSWER`] at
    /// the latest. It is sent again even then, and those who come are refused at once until it gets
    /// through: so the first who may come again is told by an answer, and not by a try that keeps
    /// somebody waiting. That it is written after it was refused does no harm, since nobody was
    /// told that it is not.
    async fn carry(&self, round: &Round) {
        let start = Instant::now();
        loop {
            match self.send(&round.records).await {
                Ok(offset) => {
                    self.heard.appended(offset);
                    self.sizes.saw(entry::records_len(&round.records));
                    round.finish(Ok(()));
                    break;
                }
                Err(code) if !is_away(code) => {
                    round.finish(Err(refusal(code)));
                    break;
                }
                Err(code) if start.elapsed() >= ANSWER => self.give_up(round, code),
                Err(_) => {}
            }
            sleep(PAUSE).await;
        }
        if self.gather.go_on() {
            tracing::info!(partition = self.partition, "ping log is answered by kafka again");
        }
    }

    /// One try; gives the record's offset.
    async fn send(&self, sealed: &[u8]) -> Result<i64, Code> {
        let record = FutureRecord::<(), [u8]>::to(&self.topic).partition(self.partition).payload(sealed);
        let on_its_way = self.producer.send_result(record);
        let delivered = on_its_way.map_err(|(error, _)| code_of(&error).unwrap_or(Code::Fail))?;
        match delivered.await {
            Ok(Ok(delivery)) => Ok(delivery.offset),
            Ok(Err((error, _))) => Err(code_of(&error).unwrap_or(Code::Fail)),
            Err(_) => Err(Code::DestroyBroker),
        }
    }

    fn give_up(&self, round: &Round, code: Code) {
        let why = self.events.trouble().unwrap_or_else(|| told(code));
        round.finish(Err(AppendError::Unavailable(why.clone())));
        if !self.gather.is_stalled() {
            tracing::warn!(partition = self.partition, why, "ping log is not answered by kafka");
        }
        self.gather.stall(&why);
    }
}

fn refusal(code: Code) -> AppendError {
    match code {
        Code::QueueFull => AppendError::Full { retry_after_s: RETRY_QUEUE_S },
        code => AppendError::Unavailable(told(code)),
    }
}
