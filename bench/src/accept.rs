//! Claims (a) and (b): how many pings are accepted and durable per second, and how fast.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::Failure;
use crate::baseline;
use crate::client::{closed_loop, open_loop, post};
use crate::clock::{now, rfc3339};
use crate::place::Lab;
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
    sizes: Vec<usize>,
    #[arg(long, default_value_t = 16)]
    connections: usize,
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    #[arg(long, default_value_t = 3)]
    seconds: u64,
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

pub(crate) async fn single(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let duration = Duration::from_secs(options.seconds);
    let nothing = Server::baseline(options.baseline_threads)?;
    let nothing_requests = vec![post(PATH, Some(&baseline::token()?), &ping(0).to_string())];
    let dayline = lab.start(&[]).await?;
    let requests = requests_of(&dayline, 64, &ping(0).to_string()).await?;

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
        let (mut nothing_rates, mut rates, mut times) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            let round = closed_loop(&nothing.addresses, connections, &nothing_requests, duration).await?;
            nothing_rates.push(round.rate());
            let round = closed_loop(&dayline.addresses, connections, &requests, duration).await?;
            rates.push(round.rate());
            times.extend(round.times);
        }
        times.sort_unstable();
        let ((nothing_median, nothing_text), (median, text)) = (spread(&nothing_rates), spread(&rates));
        let goes_on = move |elapsed| elapsed < duration;
        let half = open_loop(&dayline.addresses, connections, &requests, median / 2.0, goes_on).await?;
        table.rows.push(vec![
            connections.to_string(),
            nothing_text,
            text,
            format!("{:.0} %", 100.0 * median / nothing_median),
            ms(percentile(&times, 0.5)),
            ms(percentile(&times, 0.99)),
            ms(percentile(&half.times, 0.99)),
        ]);
    }
    Ok(table)
}

pub(crate) async fn batches(lab: &Lab, options: &BatchOptions) -> Result<Table, Failure> {
    let duration = Duration::from_secs(options.seconds);
    let columns = ["batch", "pings/s accepted and durable", "p50 ms", "p99 ms", "refused"];
    let mut table = Table::new("Batches of pings", &columns);
    for &size in &options.sizes {
        let (mut rates, mut times, mut refused) = (Vec::new(), Vec::new(), 0);
        for _ in 0..options.rounds {
            let dayline = lab.start(&[]).await?;
            let pings: Vec<_> = (0..size as i64).map(|n| ping(n * 5)).collect();
            let requests = requests_of(&dayline, 16, &serde_json::to_string(&pings)?).await?;
            let round = closed_loop(&dayline.addresses, options.connections, &requests, duration).await?;
            rates.push(round.rate() * size as f64);
            refused += round.refused;
            times.extend(round.times);
        }
        times.sort_unstable();
        let latency = [0.5, 0.99].map(|p| ms(percentile(&times, p)));
        let [p50, p99] = latency;
        table.rows.push(vec![size.to_string(), spread(&rates).1, p50, p99, grouped(refused as f64)]);
    }
    Ok(table)
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
