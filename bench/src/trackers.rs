//! Foreign trackers' wires beside our own, on one server in one run: heartbeats of ActivityWatch beside single pings, bulks of
//! WakaTime beside batches of as many.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::accept::{PATH, ping};
use crate::client::{Connection, closed_loop, post};
use crate::clock::{now, rfc3339};
use crate::failure::Failure;
use crate::lab::Lab;
use crate::server::Server;
use crate::stats::{Table, ms, percentile, spread};

/// Where a watcher keeps its windows.
const BUCKET: &str = "/api/0/buckets/aw-watcher-window_laptop";
const BULK: &str = "/api/v1/users/current/heartbeats.bulk";
/// What clients of WakaTime send at once at most.
const BULK_SIZE: usize = 25;
const AGENT: &str = "wakatime/v1.90.0 (linux-6.1.0-unknown) go1.27.3 vscode/1.95.0 vscode-wakatime/25.0.0";

#[derive(Args)]
pub(crate) struct Options {
    /// Keep-alive connections.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Rounds; in each all wires take their turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds for each turn.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
}

/// A wire, and what goes over it.
struct Wire {
    name: &'static str,
    path: String,
    body: String,
    /// Observations in a request.
    size: usize,
    /// With which of the wires it is compared.
    beside: usize,
}

pub(crate) async fn run(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let dayline = lab.start(&[]).await?;
    let wires = wires()?;
    let mut tokens = Vec::new();
    for person in 0..options.connections {
        let token = dayline.sign_in(&format!("person{person}")).await?;
        open_bucket(&dayline, &token).await?;
        tokens.push(token);
    }
    let requests_of = |wire: &Wire| -> Vec<Vec<u8>> {
        tokens.iter().map(|token| post(&wire.path, Some(token), &wire.body)).collect()
    };
    let requests: Vec<_> = wires.iter().map(requests_of).collect();
    let duration = Duration::from_secs(options.seconds);
    let (mut rates, mut times) = (vec![Vec::new(); wires.len()], vec![Vec::new(); wires.len()]);
    for _ in 0..options.rounds {
        for (at, wire) in wires.iter().enumerate() {
            let load = closed_loop(&dayline.addresses, options.connections, &requests[at], duration).await?;
            if load.refused > 0 {
                return Err(format!(
                    "{} of {} requests were refused: {}",
                    load.refused,
                    load.times.len(),
                    wire.name
                )
                .into());
            }
            rates[at].push(load.rate() * wire.size as f64);
            times[at].extend(load.times);
        }
    }
    let columns =
        ["wire", "in a request", "observations/s accepted and durable", "of our own", "p50 ms", "p99 ms"];
    let mut table = Table::new("Foreign trackers' wires beside our own", &columns);
    for (at, wire) in wires.iter().enumerate() {
        times[at].sort_unstable();
        let ((median, text), (own, _)) = (spread(&rates[at]), spread(&rates[wire.beside]));
        table.rows.push(vec![
            wire.name.to_owned(),
            wire.size.to_string(),
            text,
            format!("{:.0} %", 100.0 * median / own),
            ms(percentile(&times[at], 0.5)),
            ms(percentile(&times[at], 0.99)),
        ]);
    }
    Ok(table)
}

fn wires() -> Result<[Wire; 4], Failure> {
    let batch: Vec<Value> = (0..BULK_SIZE as i64).map(|n| ping(n * 5)).collect();
    let bulk: Vec<Value> = (0..BULK_SIZE as i64).map(|n| heartbeat(n * 5)).collect();
    let event = json!({"id": null, "timestamp": rfc3339(now() - 5), "duration": 5.009,
        "data": {"app": "XTerm", "title": "doc A - editor"}});
    Ok([
        Wire { name: "our own", path: PATH.to_owned(), body: ping(0).to_string(), size: 1, beside: 0 },
        Wire {
            name: "ActivityWatch, heartbeat",
            path: format!("{BUCKET}/heartbeat?pulsetime=2.0"),
            body: event.to_string(),
            size: 1,
            beside: 0,
        },
        Wire {
            name: "our own",
            path: PATH.to_owned(),
            body: serde_json::to_string(&batch)?,
            size: BULK_SIZE,
            beside: 2,
        },
        Wire {
            name: "WakaTime, heartbeats.bulk",
            path: BULK.to_owned(),
            body: serde_json::to_string(&bulk)?,
            size: BULK_SIZE,
            beside: 2,
        },
    ])
}

/// A heartbeat `n` seconds before now, as the Go client sends it.
fn heartbeat(n: i64) -> Value {
    json!({"branch": "master", "category": "coding", "cursorpos": 3, "entity": "/home/ada/proj/main.py",
        "type": "file", "is_write": true, "language": "Python", "lineno": 2, "lines": 2, "project": "proj",
        "project_root_count": 4, "time": now() - n, "user_agent": AGENT})
}

async fn open_bucket(dayline: &Server, token: &str) -> Result<(), Failure> {
    let about =
        json!({"client": "aw-watcher-window", "hostname": "laptop", "type": "currentwindow"}).to_string();
    let answer =
        Connection::open(&dayline.addresses[0]).await?.send(&post(BUCKET, Some(token), &about)).await?;
    if answer.status == 200 {
        Ok(())
    } else {
        Err(format!("opening a bucket was answered {}", answer.status).into())
    }
}
