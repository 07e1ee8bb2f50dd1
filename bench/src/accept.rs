//! Claims (a) and (b): how many pings are accepted and durable per second, and how fast.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::baseline;
use crate::client::{Load, closed_loop, open_loop, post};
use crate::clock::{now, rfc3339};
use crate::failure::Failure;
use crate::lab::Lab;
use crate::server::Server;
use crate::stats::{Table, grouped, ms, percentile, spread};

pub(crate) const PATH: &str = "/api/v1/usage/track";

#[derive(Args)]
pub(crate) struct Options {
    /// Keep-alive connections, one table row each.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64,256")]
    connections: Vec<usize>,
    /// Rounds; in each both servers take their turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds for each turn.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Runtime threads of the server that stores nothing.
    #[arg(long, default_value_t = 1)]
    baseline_threads: usize,
}

#[derive(Args)]
pub(crate) struct BatchOptions {
    /// Pings in a batch, one table row each.
    #[arg(long, value_delimiter = ',', default_value = "100,1000")]
    pub(crate) sizes: Vec<usize>,
    #[arg(long, default_value_t = 16)]
    pub(crate) connections: usize,
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    #[arg(long, default_value_t = 3)]
    pub(crate) seconds: u64,
}

/// A ping `n` seconds before now.
pub(crate) fn ping(n: i64) -> serde_json::Value {
    let end = now() - n;
    json!({
        "app_name": "Code",
        "url": "https://github.com/dayline/dayline?tab=readme",
        "start_time": rfc3339(end - 5),
        "end_time": rfc3339(end),
    })
}

/// Dayline beside the server that stores nothing.
pub(crate) struct Duel {
    nothing: Server,
    nothing_requests: Vec<Vec<u8>>,
    pub(crate) dayline: Server,
    requests: Vec<Vec<u8>>,
}

/// What a duel showed: requests a second of each round, and the times of Dayline's answers, sorted.
pub(crate) struct Outcome {
    pub(crate) nothing: Vec<f64>,
    pub(crate) dayline: Vec<f64>,
    pub(crate) times: Vec<Duration>,
}

impl Duel {
    pub(crate) async fn start(lab: &Lab, baseline_threads: usize) -> Result<Self, Failure> {
        let nothing = Server::baseline(baseline_threads)?;
        let nothing_requests = vec![post(PATH, Some(&baseline::token()?), &ping(0).to_string())];
        let dayline = lab.start(&[]).await?;
        let requests = requests_of(&dayline, 64, &ping(0).to_string()).await?;
        Ok(Self { nothing, nothing_requests, dayline, requests })
    }

    /// Both take turns, as fast as they can.
    pub(crate) async fn rounds(
        &self,
        connections: usize,
        rounds: usize,
        duration: Duration,
    ) -> Result<Outcome, Failure> {
        let mut outcome = Outcome { nothing: Vec::new(), dayline: Vec::new(), times: Vec::new() };
        for _ in 0..rounds {
            let (addresses, requests) = (&self.nothing.addresses, &self.nothing_requests);
            let round = closed_loop(addresses, connections, requests, duration).await?;
            outcome.nothing.push(round.rate());
            let round = closed_loop(&self.dayline.addresses, connections, &self.requests, duration).await?;
            outcome.dayline.push(round.rate());
            outcome.times.extend(round.times);
        }
        outcome.times.sort_unstable();
        Ok(outcome)
    }

    /// Pings to Dayline at a fixed rate.
    pub(crate) async fn steady(
        &self,
        connections: usize,
        per_second: f64,
        goes_on: impl Fn(Duration) -> bool + Send + Sync + 'static,
    ) -> Result<Load, Failure> {
        open_loop(&self.dayline.addresses, connections, &self.requests, per_second, goes_on).await
    }
}

pub(crate) async fn single(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let duration = Duration::from_secs(options.seconds);
    let duel = Duel::start(lab, options.baseline_threads).await?;
    let columns = [
        "connections",
        "storing nothing /s",
        "Dayline /s",
        "ratio",
        "p50 ms",
        "p99 ms",
        "p99 ms at half load",
    ];
    let mut table = Table::new("Single pings: accepted and durable", &columns);
    for &connections in &options.connections {
        let outcome = duel.rounds(connections, options.rounds, duration).await?;
        let (nothing, nothing_text) = spread(&outcome.nothing);
        let (median, text) = spread(&outcome.dayline);
        let half = duel.steady(connections, median / 2.0, move |elapsed| elapsed < duration).await?;
        table.rows.push(vec![
            connections.to_string(),
            nothing_text,
            text,
            format!("{:.0} %", 100.0 * median / nothing),
            ms(percentile(&outcome.times, 0.5)),
            ms(percentile(&outcome.times, 0.99)),
            ms(percentile(&half.times, 0.99)),
        ]);
    }
    Ok(table)
}

pub(crate) async fn batches(lab: &Lab, options: &BatchOptions) -> Result<Table, Failure> {
    let columns = ["batch", "pings/s accepted and durable", "p50 ms", "p99 ms", "refused"];
    let mut table = Table::new("Batches of pings", &columns);
    for &size in &options.sizes {
        let outcome = batches_of(lab, size, options).await?;
        let [p50, p99] = [0.5, 0.99].map(|p| ms(percentile(&outcome.times, p)));
        let refused = grouped(outcome.refused as f64);
        table.rows.push(vec![size.to_string(), spread(&outcome.rates).1, p50, p99, refused]);
    }
    Ok(table)
}

/// What batches of one size showed.
pub(crate) struct BatchOutcome {
    /// Pings a second, in each round.
    pub(crate) rates: Vec<f64>,
    times: Vec<Duration>,
    refused: usize,
}

/// Each round has a fresh server, since what waits in the log grows fast.
pub(crate) async fn batches_of(
    lab: &Lab,
    size: usize,
    options: &BatchOptions,
) -> Result<BatchOutcome, Failure> {
    let duration = Duration::from_secs(options.seconds);
    let mut outcome = BatchOutcome { rates: Vec::new(), times: Vec::new(), refused: 0 };
    for _ in 0..options.rounds {
        let dayline = lab.start(&[]).await?;
        let pings: Vec<_> = (0..size as i64).map(|n| ping(n * 5)).collect();
        let requests = requests_of(&dayline, 16, &serde_json::to_string(&pings)?).await?;
        let round = closed_loop(&dayline.addresses, options.connections, &requests, duration).await?;
        outcome.rates.push(round.rate() * size as f64);
        outcome.refused += round.refused;
        outcome.times.extend(round.times);
    }
    outcome.times.sort_unstable();
    Ok(outcome)
}

/// The same body for several people, so that no one person's quota or day is the bottleneck.
pub(crate) async fn requests_of(
    dayline: &Server,
    people: usize,
    body: &str,
) -> Result<Vec<Vec<u8>>, Failure> {
    let mut requests = Vec::new();
    for person in 0..people {
        let token = dayline.sign_in(&format!("person{person}")).await?;
        requests.push(post(PATH, Some(&token), body));
    }
    Ok(requests)
}
