//! Claim (h): thousands of clients that send nothing, or half of something, do not slow pings down.

use std::time::Duration;

use clap::Args;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::accept::{ping, requests_of};
use crate::client::open_loop;
use crate::failure::Failure;
use crate::lab::Lab;
use crate::stats::{Table, ms, percentile};

/// What each kind of slow client sends before it falls silent.
const KINDS: [(&str, &str); 3] = [
    ("half a head", "GET /healthz HTTP/1.1\r\nHost: dayl"),
    (
        "half a body",
        "POST /api/v1/users HTTP/1.1\r\nHost: dayline\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
    ),
    ("one request, then nothing", "GET /healthz HTTP/1.1\r\nHost: dayline\r\n\r\n"),
];

#[derive(Args)]
pub(crate) struct Options {
    /// Slow clients of each kind.
    #[arg(long, default_value_t = 2_000)]
    clients: usize,
    /// Pings a second.
    #[arg(long, default_value_t = 1_000.0)]
    pings: f64,
    /// Keep-alive connections that the pings come over.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Rounds of all kinds, each with pings alone before it; their times are taken together.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of pings; shorter than the server's patience with slow clients.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
}

pub(crate) async fn run(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let dayline = lab.start(&[]).await?;
    let trackers = requests_of(&dayline, options.connections, &ping(0).to_string()).await?;
    let seconds = Duration::from_secs(options.seconds);
    let pings = async || {
        let goes_on = move |elapsed| elapsed < seconds;
        open_loop(&dayline.addresses, options.connections, &trackers, options.pings, goes_on).await
    };
    pings().await?;
    let mut alone = Vec::new();
    let mut beside = KINDS.map(|_| Vec::new());
    for _ in 0..options.rounds {
        for (kind, times) in KINDS.iter().zip(&mut beside) {
            alone.extend(pings().await?.times);
            let slow = silent(&dayline.addresses[0], options.clients, kind.1).await?;
            times.extend(pings().await?.times);
            drop(slow);
        }
    }
    let title = format!("Pings beside {} slow clients", options.clients);
    let mut table = Table::new(title, &["beside", "p50 ms", "p99 ms", "ratio of p99"]);
    let usual = percentile(sorted(&mut alone), 0.99);
    table.rows.push(row("nothing", &alone, usual));
    for ((name, _), mut times) in KINDS.into_iter().zip(beside) {
        table.rows.push(row(name, sorted(&mut times), usual));
    }
    Ok(table)
}

fn sorted(times: &mut [Duration]) -> &[Duration] {
    times.sort_unstable();
    times
}

fn row(name: &str, times: &[Duration], usual: Duration) -> Vec<String> {
    let p99 = percentile(times, 0.99);
    let ratio = p99.as_secs_f64() / usual.as_secs_f64();
    vec![name.to_owned(), ms(percentile(times, 0.5)), ms(p99), format!("{ratio:.2}")]
}

/// Connections on which so much was sent, and no more.
async fn silent(address: &str, clients: usize, beginning: &str) -> Result<Vec<TcpStream>, Failure> {
    let mut open = Vec::with_capacity(clients);
    for _ in 0..clients {
        let mut connection = TcpStream::connect(address).await?;
        connection.write_all(beginning.as_bytes()).await?;
        open.push(connection);
    }
    Ok(open)
}
