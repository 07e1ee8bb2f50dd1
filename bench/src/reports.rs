//! Reports of a year as jobs, one after the other, beside pings: what the pings notice of it.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::accept::{PATH, ping, requests_of};
use crate::client::{Load, get, open_loop, post};
use crate::failure::Failure;
use crate::lab::Lab;
use crate::server::Server;
use crate::stats::{Table, ms, percentile};

const JOBS: &str = "/api/v1/report/jobs";
/// The heavy user's rows on each of the days; with a gap that nothing bridges.
const ROWS_PER_DAY: i64 = 274;

#[derive(Args)]
pub(crate) struct Options {
    /// Days that the heavy user has 274 rows on each of; 365 are 100,000.
    #[arg(long, default_value_t = 365)]
    days: i64,
    /// Pings each second beside the jobs.
    #[arg(long, default_value_t = 2_000.0)]
    rate: f64,
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Rounds; in each there are pings alone, then pings beside jobs.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds for each turn.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
}

pub(crate) async fn run(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let dayline = lab.start(&[]).await?;
    let heavy = dayline.sign_in("heavy").await?;
    fill(&dayline, &heavy, options.days).await?;
    let requests = requests_of(&dayline, 64, &ping(0).to_string()).await?;
    let duration = Duration::from_secs(options.seconds);
    let pings = || {
        let goes_on = move |elapsed| elapsed < duration;
        open_loop(&dayline.addresses, options.connections, &requests, options.rate, goes_on)
    };
    let mut turns = [Vec::new(), Vec::new()];
    let mut jobs = 0;
    for _ in 0..options.rounds {
        turns[0].push(pings().await?);
        let beside = tokio::select! {
            load = pings() => load?,
            failed = one_job_after_the_other(&dayline, &heavy, &mut jobs) => return Err(failed),
        };
        turns[1].push(beside);
    }
    let columns = ["beside", "pings/s", "p50 ms", "p99 ms", "p99.9 ms", "most ms", "refused"];
    let mut table = Table::new("Pings beside reports of a year", &columns);
    let [alone, beside] = turns;
    table.rows.push(row("nothing".to_owned(), alone));
    table.rows.push(row(format!("{jobs} reports of a year"), beside));
    Ok(table)
}

fn row(name: String, loads: Vec<Load>) -> Vec<String> {
    let took: f64 = loads.iter().map(|load| load.took.as_secs_f64()).sum();
    let refused: usize = loads.iter().map(|load| load.refused).sum();
    let mut times: Vec<Duration> = loads.into_iter().flat_map(|load| load.times).collect();
    times.sort_unstable();
    let rate = format!("{:.0}", times.len() as f64 / took);
    let [p50, p99, p999, most] = [0.5, 0.99, 0.999, 1.0].map(|p| ms(percentile(&times, p)));
    vec![name, rate, p50, p99, p999, most, refused.to_string()]
}

/// Gives the heavy user their past, and waits until it is in the ledger.
async fn fill(dayline: &Server, token: &str, days: i64) -> Result<(), Failure> {
    let mut connection = dayline.connect().await?;
    for day in 0..days {
        let at = |row: i64| {
            let mut ping = ping(day * 86_400 + row * 86_400 / ROWS_PER_DAY);
            ping["app_name"] = json!(format!("App {}", row % 40));
            ping
        };
        let body = Value::Array((0..ROWS_PER_DAY).map(at).collect()).to_string();
        let answer = connection.send(&post(PATH, Some(token), &body)).await?;
        if answer.status != 202 {
            return Err(format!("a day's pings were answered {}", answer.status).into());
        }
    }
    dayline.wait_until_processed((days * ROWS_PER_DAY) as usize).await
}

/// Has reports of a year made for as long as it is polled; gives what went wrong.
async fn one_job_after_the_other(dayline: &Server, token: &str, jobs: &mut usize) -> Failure {
    loop {
        for kind in ["apps", "timeline"] {
            if let Err(error) = one_job(dayline, token, kind).await {
                return error;
            }
            *jobs += 1;
        }
    }
}

async fn one_job(dayline: &Server, token: &str, kind: &str) -> Result<(), Failure> {
    let mut connection = dayline.connect().await?;
    let today = ping(0)["end_time"].as_str().map(|time| time[..10].to_owned()).ok_or("no time")?;
    let year_ago = format!("{}{}", today[..4].parse::<i32>()? - 1, &today[4..]).replace("02-29", "02-28");
    let body = json!({"kind": kind, "from": year_ago, "to": today});
    let answer = connection.send(&post(JOBS, Some(token), &body.to_string())).await?;
    if answer.status != 202 {
        return Err(format!("a job was answered {}", answer.status).into());
    }
    let job: Value = serde_json::from_slice(&answer.body)?;
    let path = format!("{JOBS}/{}", job["id"].as_str().ok_or("a job without identity")?);
    loop {
        let job = connection.send(&get(&path, Some(token))).await?;
        let job: Value = serde_json::from_slice(&job.body)?;
        match job["status"].as_str() {
            Some("done") => return Ok(()),
            Some("queued" | "running") => tokio::time::sleep(Duration::from_millis(5)).await,
            _ => return Err(format!("a job became {job}").into()),
        }
    }
}
