//! Packed bodies that are much work to unpack, sent as fast as they are answered: what a stranger's pings notice.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::task::JoinSet;

use crate::accept::{PATH, ping, requests_of};
use crate::client::{Connection, open_loop};
use crate::failure::Failure;
use crate::lab::Lab;
use crate::server::Server;
use crate::stats::{Table, grouped, mebibytes, ms, percentile};

const SIGN_IN: &str = "/api/v1/auth/login";
/// Bytes of the largest body that is taken, packed or not.
const LARGEST: usize = 1 << 20;
/// Bytes of a body that fits into what a request brings with its head, before anything is limited.
const SMALL: usize = 16 << 10;

#[derive(Args)]
pub(crate) struct Options {
    /// Clients that send packed bodies, each the next when the last one is answered.
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Pings a second of the others.
    #[arg(long, default_value_t = 1_000.0)]
    pings: f64,
    /// Keep-alive connections that those come over.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Seconds beside each kind of body.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// One kind of body, and where it goes.
struct Kind {
    name: &'static str,
    path: &'static str,
    body: Vec<u8>,
}

pub(crate) async fn run(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let dayline = lab.start(&[]).await?;
    let trackers = requests_of(&dayline, options.connections, &ping(0).to_string()).await?;
    let token = dayline.sign_in("flooding").await?;
    let window = Duration::from_secs(options.seconds);
    let pings = async || {
        let goes_on = move |elapsed| elapsed < window;
        open_loop(&dayline.addresses, options.connections, &trackers, options.pings, goes_on).await
    };
    pings().await?;
    let title = format!("Pings beside {} clients that send packed bodies", options.clients);
    let columns = ["beside", "bytes", "p50 ms", "p99 ms", "bodies/s", "MiB at most"];
    let mut table = Table::new(title, &columns);
    let alone = pings().await?;
    table.rows.push(row(&dayline, "nothing", 0, &alone.times, 0.0)?);
    for kind in kinds()? {
        let (stopped, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let request: Arc<[u8]> = request(&kind, &token).into();
        let mut flood = JoinSet::new();
        for client in 0..options.clients {
            let address = dayline.addresses[client % dayline.addresses.len()].clone();
            flood.spawn(send(address, Arc::clone(&request), Arc::clone(&stopped), Arc::clone(&sent)));
        }
        let begin = Instant::now();
        let beside = pings().await?;
        // Pings that are late make it longer.
        let rate = sent.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64();
        stopped.store(true, Ordering::Relaxed);
        flood.join_all().await;
        table.rows.push(row(&dayline, kind.name, kind.body.len(), &beside.times, rate)?);
    }
    Ok(table)
}

fn row(
    server: &Server,
    name: &str,
    bytes: usize,
    times: &[Duration],
    rate: f64,
) -> Result<Vec<String>, Failure> {
    let at_most = grouped(mebibytes(server.peak_bytes()?));
    let (p50, p99) = (ms(percentile(times, 0.5)), ms(percentile(times, 0.99)));
    Ok(vec![name.to_owned(), grouped(bytes as f64), p50, p99, grouped(rate), at_most])
}

/// Sends it again and again, over a new connection where the server has closed the last one.
async fn send(address: String, request: Arc<[u8]>, stopped: Arc<AtomicBool>, sent: Arc<AtomicU64>) {
    while !stopped.load(Ordering::Relaxed) {
        let Ok(mut connection) = Connection::open(&address).await else { continue };
        while !stopped.load(Ordering::Relaxed) && connection.send(&request).await.is_ok() {
            sent.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn request(kind: &Kind, token: &str) -> Vec<u8> {
    let Kind { path, body, .. } = kind;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn kinds() -> Result<Vec<Kind>, Failure> {
    let kind = |name, path, body| Kind { name, path, body };
    Ok(vec![
        kind("empty members, to sign in", SIGN_IN, members(SMALL)?),
        kind("empty members, as pings", PATH, members(LARGEST)?),
        kind("spaces without end, as pings", PATH, zip(Compression::best(), &vec![b' '; 1 << 30], None)?),
        kind(
            "spaces in tiny blocks, as pings",
            PATH,
            zip(Compression::fast(), &vec![b' '; 149_000], Some(1))?,
        ),
        kind("more than is taken, as pings", PATH, vec![0; LARGEST + 1]),
        kind(
            "spaces in tiny blocks, to sign in",
            SIGN_IN,
            zip(Compression::fast(), &vec![b' '; 2_300], Some(1))?,
        ),
    ])
}

/// As many members that unpack to nothing as fit.
fn members(bytes: usize) -> Result<Vec<u8>, Failure> {
    let one = zip(Compression::fast(), b"", None)?;
    Ok(one.iter().copied().cycle().take(bytes / one.len() * one.len()).collect())
}

/// One member, in blocks of so many bytes if that is given.
fn zip(level: Compression, content: &[u8], block: Option<usize>) -> Result<Vec<u8>, Failure> {
    let mut packed = GzEncoder::new(Vec::new(), level);
    for part in content.chunks(block.unwrap_or(1 << 20)) {
        packed.write_all(part)?;
        if block.is_some() {
            packed.flush()?;
        }
    }
    Ok(packed.finish()?)
}
