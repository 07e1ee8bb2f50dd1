//! How figures grow: with connections, with people, and with rows of other people. As tables and as curves.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::accept::Duel;
use crate::crowd;
use crate::drain::{self, Amount};
use crate::failure::Failure;
use crate::lab::Lab;
use crate::past;
use crate::plot::{Curve, Plot};
use crate::stats::{Table, grouped, ms, percentile, spread};
use crate::stream::Order;

#[derive(Args)]
pub(crate) struct Options {
    /// Keep-alive connections that single pings come over.
    #[arg(long, value_delimiter = ',', default_value = "1,4,16,64,256,1024")]
    connections: Vec<usize>,
    /// People whose pings go into the ledger.
    #[arg(long, value_delimiter = ',', default_value = "10,100,1000,10000,100000")]
    people: Vec<usize>,
    /// Rows of other people beside the 100,010 that reports are made of.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    rows: Vec<u64>,
    /// Rounds for each number of connections.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds for each turn.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Pings that go into the ledger, of all people together.
    #[arg(long, default_value_t = 200_000)]
    pings: usize,
    /// Folder for the curves and their numbers.
    #[arg(long, default_value = "docs/plots")]
    plots: PathBuf,
}

pub(crate) async fn run(lab: &Lab, options: &Options) -> Result<Vec<Table>, Failure> {
    let connections = with_connections(lab, options).await?;
    let people = with_people(lab, options).await?;
    Ok(vec![connections, people, with_rows(lab, options).await?])
}

async fn with_connections(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let columns = ["connections", "storing nothing /s", "Dayline /s", "p50 ms", "p99 ms"];
    let mut table = Table::new("Single pings, with connections", &columns);
    let (mut nothing, mut accepted) = (curve("storing nothing"), curve("Dayline"));
    let (mut p50s, mut p99s) = (curve("p50"), curve("p99"));
    let duel = Duel::start(lab, 1).await?;
    for &connections in &options.connections {
        let duration = Duration::from_secs(options.seconds);
        let outcome = duel.rounds(connections, options.rounds, duration).await?;
        let ((nothing_rate, nothing_text), (rate, text)) =
            (spread(&outcome.nothing), spread(&outcome.dayline));
        let [p50, p99] = [0.5, 0.99].map(|p| percentile(&outcome.times, p));
        let x = connections as f64;
        nothing.points.push((x, nothing_rate));
        accepted.points.push((x, rate));
        p50s.points.push((x, in_ms(p50)));
        p99s.points.push((x, in_ms(p99)));
        table.rows.push(vec![connections.to_string(), nothing_text, text, ms(p50), ms(p99)]);
    }
    let rates = plot(lab, "Single pings accepted", "connections", "pings a second", vec![accepted, nothing]);
    rates.write(&options.plots, &format!("accept-rate-{}", lab.deployment))?;
    let times = plot(lab, "Ping to 202, as fast as possible", "connections", "ms", vec![p50s, p99s]);
    times.write(&options.plots, &format!("accept-time-{}", lab.deployment))?;
    Ok(table)
}

async fn with_people(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let columns = ["people", "accepted /s", "in the ledger /s", "lag p50 ms at half", "lag p99 ms at half"];
    let mut table = Table::new("From accepted to in the ledger, with people", &columns);
    let (mut accepted, mut settled) = (curve("accepted"), curve("in the ledger"));
    for &people in &options.people {
        let amount = Amount {
            people,
            order: Order::AsItHappens,
            pings: options.pings,
            connections: 64,
            steady: Duration::from_secs(options.seconds),
        };
        let drained = drain::measure(lab, &amount).await?;
        accepted.points.push((people as f64, drained.accepted));
        settled.points.push((people as f64, drained.processed));
        let [p50, p99] = [0.5, 0.99].map(|p| ms(percentile(&drained.lags, p)));
        let [people, accepted, settled] = [people as f64, drained.accepted, drained.processed].map(grouped);
        table.rows.push(vec![people, accepted, settled, p50, p99]);
    }
    let rates =
        plot(lab, "From accepted to in the ledger", "people", "pings a second", vec![accepted, settled]);
    rates.write(&options.plots, &format!("drain-{}", lab.deployment))?;
    Ok(table)
}

async fn with_rows(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let columns = ["rows of others", "day ms", "day p99 ms", "year ms", "year p99 ms"];
    let mut table = Table::new("Reports, with rows of other people", &columns);
    let (mut days, mut years) = (curve("a day, 274 rows"), curve("a year, 100,010 rows"));
    for &rows in &options.rows {
        let others = rows.div_ceil(past::A_DAY * past::DAYS as u64).max(1);
        let server = lab.start(&[]).await?;
        let tokens = crowd::gather(&server, others as usize + 1).await?;
        past::fill(&server, 1..=1, past::DAYS).await?;
        past::fill(&server, 2..=others + 1, (rows / others).div_ceil(past::A_DAY) as i64).await?;
        let times = past::reports(&server, &tokens[0], 20).await?;
        let [day, day_p99] = [0.5, 0.99].map(|p| percentile(&times.day, p));
        let [year, year_p99] = [0.5, 0.99].map(|p| percentile(&times.year, p));
        days.points.push((rows as f64, in_ms(day)));
        years.points.push((rows as f64, in_ms(year)));
        table.rows.push(vec![grouped(rows as f64), ms(day), ms(day_p99), ms(year), ms(year_p99)]);
    }
    let times =
        plot(lab, "Reports, the whole answer", "rows of other people", "ms (median)", vec![days, years]);
    times.write(&options.plots, &format!("reports-{}", lab.deployment))?;
    Ok(table)
}

fn curve(name: &'static str) -> Curve {
    Curve { name, points: Vec::new() }
}

fn plot(lab: &Lab, title: &str, x: &'static str, y: &'static str, curves: Vec<Curve>) -> Plot {
    Plot { title: format!("{title}, {}", lab.deployment), x, y, curves }
}

fn in_ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
