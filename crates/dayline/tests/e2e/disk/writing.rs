//! Somebody with one device who sends pings that can all be told apart, and knows which were acknowledged.

use std::sync::Arc;
use std::time::Duration;

use dayline_domain::observation::{Observation, Seen, Subject};
use dayline_domain::{AppName, Choices, DAY_MS, DeviceId, Interval, UtcDay};
use dayline_sim::client::wire::{self, Body, Format};
use dayline_sim::client::{Device, Refusal};
use dayline_sim::simulate::check::{Faults, Sent, check};
use dayline_sim::simulate::stored;

use crate::support::account::eventually;
use crate::support::now;

pub(crate) struct Writer {
    device: Device,
    number: usize,
    day: UtcDay,
    next: i64,
    pub(crate) sent: Sent,
}

/// The app of a writer's n-th ping: its bytes are found in what is written to the disk.
pub(crate) fn app(writer: usize, number: i64) -> String {
    format!("App-{writer}-{number}-")
}

impl Writer {
    pub(crate) fn new(device: Device, number: usize) -> Self {
        Self { device, number, day: UtcDay(now().day().0 - 2), next: 0, sent: Sent::default() }
    }

    /// Sends the next pings in one request. Gives the number of the first, or why they were not acknowledged.
    pub(crate) async fn send(&mut self, count: i64) -> Result<i64, Refusal> {
        let first = self.next;
        self.next += count;
        let pings: Vec<Observation> = (first..self.next).map(|number| self.ping(number)).collect();
        let written: Vec<wire::Ping> = (first..self.next).map(|number| self.write(number)).collect();
        let outcome = self.device.track(&Body::new(&written, Format::Lines).unwrap()).await;
        let list = if outcome.is_ok() { &mut self.sent.acknowledged } else { &mut self.sent.attempted };
        list.extend(pings);
        outcome.map(|receipt| {
            assert!(receipt.rejected.is_empty(), "{receipt:?}");
            first
        })
    }

    /// When the n-th ping was: in any order over the day, and none at the place of another.
    fn interval(&self, number: i64) -> Interval {
        let start = self.day.start().plus(number * 7_919 % (DAY_MS / 1_000) * 1_000);
        Interval::new(start, start.plus(500)).unwrap()
    }

    fn ping(&self, number: i64) -> Observation {
        let app = AppName::new(&app(self.number, number)).unwrap();
        let device = DeviceId::new(self.device.id()).unwrap();
        let subject = Subject { device, seen: Seen::Use { app, domain: None, project: None } };
        Observation::new(Arc::new(subject), self.interval(number))
    }

    fn write(&self, number: i64) -> wire::Ping {
        let seen = wire::Seen::of_use(app(self.number, number));
        wire::Ping::in_interval(seen, self.interval(number))
    }

    /// Waits until the server knows the first so many acknowledged pings, and of the others each whole or
    /// not at all.
    pub(crate) async fn expect_stored(&self, reader: &Device, acknowledged: usize) {
        let mut sent = self.sent.clone();
        let later = sent.acknowledged.split_off(acknowledged);
        sent.attempted.extend(later);
        eventually(Ok(Faults::default()), Duration::from_secs(10), async || {
            Self::faults(reader, &sent).await
        })
        .await;
    }

    async fn faults(reader: &Device, sent: &Sent) -> Result<Faults, String> {
        let stored = stored(reader, sent).await.map_err(|error| error.to_string())?;
        Ok(check(sent, &stored, Choices::default()))
    }
}
