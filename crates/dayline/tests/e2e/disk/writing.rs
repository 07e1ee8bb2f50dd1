//! Somebody with one device who sends pings that can all be told apart, and knows which were acknowledged.

use std::time::Duration;

use dayline_cli_kit::units::rfc3339;
use dayline_domain::timeline::Bridge;
use dayline_domain::{DAY_MS, Interval, Ping, Source, UtcDay};
use dayline_sim::client::wire::{self, Body, Format};
use dayline_sim::client::{Device, Refusal};
use dayline_sim::simulate::check::{Faults, SentPings, check};

use crate::support::account::eventually;
use crate::support::now;

pub(crate) struct Writer {
    device: Device,
    number: usize,
    day: UtcDay,
    next: i64,
    pub(crate) record: SentPings,
}

/// The app of a writer's n-th ping: its bytes are found in what is written to the disk.
pub(crate) fn app(writer: usize, number: i64) -> String {
    format!("App-{writer}-{number}-")
}

impl Writer {
    pub(crate) fn new(device: Device, number: usize) -> Self {
        Self { device, number, day: UtcDay(now().day().0 - 2), next: 0, record: SentPings::default() }
    }

    /// Sends the next pings in one request. Gives the number of the first, or why they were not acknowledged.
    pub(crate) async fn send(&mut self, count: i64) -> Result<i64, Refusal> {
        let first = self.next;
        self.next += count;
        let pings: Vec<Ping> = (first..self.next).map(|number| self.ping(number)).collect();
        let written: Vec<wire::Ping> = pings.iter().map(write).collect();
        let outcome = self.device.track(&Body::new(&written, Format::Lines).unwrap()).await;
        let list = if outcome.is_ok() { &mut self.record.acknowledged } else { &mut self.record.attempted };
        list.extend(pings);
        outcome.map(|receipt| {
            assert!(receipt.rejected.is_empty(), "{receipt:?}");
            first
        })
    }

    fn ping(&self, number: i64) -> Ping {
        // In any order over the day, and none at the place of another.
        let start = self.day.start().plus(number * 7_919 % (DAY_MS / 1_000) * 1_000);
        let source = Source::new(self.device.id(), &app(self.number, number), None).unwrap();
        Ping { source, interval: Interval::new(start, start.plus(500)).unwrap() }
    }

    /// Waits until the stored timeline has the first so many acknowledged pings, and of the others each whole or
    /// not at all.
    pub(crate) async fn expect_stored(&self, reader: &Device, acknowledged: usize) {
        let mut record = self.record.clone();
        let later = record.acknowledged.split_off(acknowledged);
        record.attempted.extend(later);
        eventually(Ok(Faults::default()), Duration::from_secs(10), async || {
            self.faults(reader, &record).await
        })
        .await;
    }

    async fn faults(&self, reader: &Device, record: &SentPings) -> Result<Faults, String> {
        let (from, to) = (self.day.interval().start(), self.day.interval().end());
        let timeline =
            reader.timeline(&rfc3339(from), &rfc3339(to)).await.map_err(|error| error.to_string())?;
        let stored = timeline.parsed()?;
        Ok(check(record, &stored, Bridge(30_000)))
    }
}

fn write(ping: &Ping) -> wire::Ping {
    wire::Ping {
        app_name: ping.source.activity.app.as_str().to_owned(),
        url: None,
        start_time: rfc3339(ping.interval.start()),
        end_time: rfc3339(ping.interval.end()),
        device_id: None,
    }
}
