//! Claim (g): many people who sign in at once do not slow pings down, although each costs a password hash.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use tokio::task::JoinSet;

use crate::accept::{ping, requests_of};
use crate::client::{Connection, Load, open_loop, post};
use crate::failure::Failure;
use crate::lab::Lab;
use crate::server::PASSWORD;
use crate::stats::{Table, ms, percentile};

/// So few accounts that each is signed in from many devices.
const PEOPLE: usize = 10;

#[derive(Args)]
pub(crate) struct Options {
    /// Sign-ins at once, each over a connection of its own.
    #[arg(long, default_value_t = 500)]
    sign_ins: usize,
    /// Pings a second, before and during the sign-ins alike.
    #[arg(long, default_value_t = 200.0)]
    pings: f64,
    /// Keep-alive connections that the pings come over.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Rounds, one table row each: pings alone, pings during the sign-ins, pings alone.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of pings alone, before and after.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
}

pub(crate) async fn run(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let dayline = lab.start(&[]).await?;
    let trackers = requests_of(&dayline, options.connections, &ping(0).to_string()).await?;
    let mut people = Vec::new();
    for person in 0..PEOPLE {
        let name = format!("somebody{person}");
        dayline.sign_in(&name).await?;
        people.push(format!("{name}@example.org"));
    }
    let sign_ins: Vec<Vec<u8>> = (0..options.sign_ins).map(|n| sign_in(&people[n % PEOPLE], n)).collect();
    let pings = async |goes_on: Box<dyn Fn(Duration) -> bool + Send + Sync>| {
        open_loop(&dayline.addresses, options.connections, &trackers, options.pings, goes_on).await
    };
    let seconds = Duration::from_secs(options.seconds);
    let alone = || pings(Box::new(move |elapsed| elapsed < seconds));
    alone().await?;

    let columns =
        ["sign-ins took, s", "refused", "pings", "p50 ms alone", "during", "p99 ms alone", "during", "ratio"];
    let mut table = Table::new(format!("Pings while {} sign in at once", options.sign_ins), &columns);
    for _ in 0..options.rounds {
        let before = alone().await?;
        let done = Arc::new(AtomicBool::new(false));
        let crowd = std::thread::spawn({
            let (address, sign_ins, done) =
                (dayline.addresses[0].clone(), sign_ins.clone(), Arc::clone(&done));
            move || {
                let outcome = all_at_once(&address, sign_ins);
                done.store(true, Ordering::Relaxed);
                outcome
            }
        });
        let during = pings(Box::new(move |_| !done.load(Ordering::Relaxed))).await?;
        let (took, refused) = crowd.join().map_err(|_| "the sign-ins were given up")??;
        let after = alone().await?;
        table.rows.push(row(took, refused, &merged(before, after), &during.times));
    }
    Ok(table)
}

fn row(took: Duration, refused: usize, alone: &[Duration], during: &[Duration]) -> Vec<String> {
    let p99 = [alone, during].map(|times| percentile(times, 0.99));
    vec![
        format!("{:.1}", took.as_secs_f64()),
        refused.to_string(),
        during.len().to_string(),
        ms(percentile(alone, 0.5)),
        ms(percentile(during, 0.5)),
        ms(p99[0]),
        ms(p99[1]),
        format!("{:.2}", p99[1].as_secs_f64() / p99[0].as_secs_f64()),
    ]
}

fn merged(before: Load, after: Load) -> Vec<Duration> {
    let mut times = before.times;
    times.extend(after.times);
    times.sort_unstable();
    times
}

fn sign_in(email: &str, device: usize) -> Vec<u8> {
    let body = json!({"email": email, "password": PASSWORD, "device_id": format!("device {device}")});
    post("/api/v1/auth/login", None, &body.to_string())
}

/// Sends all requests at the same time; says how long it took and how many were refused. On a thread of its own, so that
/// what the sign-ins cost their client is not counted as the pings' time.
fn all_at_once(address: &str, requests: Vec<Vec<u8>>) -> Result<(Duration, usize), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let began = Instant::now();
        let mut tasks = JoinSet::new();
        for request in requests {
            let address = address.to_owned();
            tasks.spawn(async move {
                let answer = Connection::open(&address).await?.send(&request).await?;
                Ok::<_, Failure>(answer.status)
            });
        }
        let mut refused = 0;
        while let Some(status) = tasks.join_next().await {
            match status?? {
                200 => {}
                503 => refused += 1,
                status => return Err(format!("a sign-in was answered {status}").into()),
            }
        }
        Ok((began.elapsed(), refused))
    })
}
