//! All targets of the design's section 8 in one run: what was measured, and whether it is enough.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;

use crate::accept::{BatchOptions, Duel, batches_of};
use crate::client::load;
use crate::clock::now;
use crate::crowd;
use crate::deployment::Deployment;
use crate::drain::{self, Amount};
use crate::failure::Failure;
use crate::lab::Lab;
use crate::memory;
use crate::past;
use crate::stats::{Table, grouped, mebibytes, ms, percentile, spread};
use crate::stream::{Order, Stream};

/// Pings in a request of the backlog, the most that the API takes.
const IN_REQUEST: usize = 1_000;
/// People whose backlog keeps the worker busy.
const BUSY: usize = 100;

#[derive(Args)]
pub(crate) struct Options {
    /// Keep-alive connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Rounds of what is measured in rounds.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds for each turn.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Accepted pings that keep the worker busy.
    #[arg(long, default_value_t = 2_000_000)]
    backlog: usize,
    /// Pings that are followed into the ledger, of a thousand people.
    #[arg(long, default_value_t = 200_000)]
    pings: usize,
    /// Rows in the ledger that reports are made over; 100,010 of them are one person's.
    #[arg(long, default_value_t = 10_000_000)]
    rows: u64,
}

/// Rows are added in the order of the design.
struct Targets(Table);

impl Targets {
    fn add(&mut self, target: &str, measured: String, met: bool) {
        self.0.rows.push(vec![target.to_owned(), measured, if met { "yes" } else { "no" }.to_owned()]);
    }
}

pub(crate) async fn run(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let mut targets = Targets(Table::new("Targets", &["target", "measured", "met?"]));
    eprintln!("{}: single pings", lab.deployment);
    let busiest = single_pings(lab, options, &mut targets).await?;
    eprintln!("{}: batches", lab.deployment);
    batches(lab, options, &mut targets).await?;
    eprintln!("{}: from accepted to in the ledger", lab.deployment);
    let most = end_to_end(lab, options, &mut targets).await?.max(busiest);
    eprintln!("{}: reports over {} rows", lab.deployment, grouped(options.rows as f64));
    reports(lab, options, &mut targets).await?;
    eprintln!("{}: starts", lab.deployment);
    starts(lab, options, most, &mut targets).await?;
    Ok(targets.0)
}

/// The first two lines; gives the most memory that was resident.
async fn single_pings(lab: &Lab, options: &Options, targets: &mut Targets) -> Result<u64, Failure> {
    let (connections, seconds) = (options.connections, Duration::from_secs(options.seconds));
    let mut duel = Duel::start(lab, 1).await?;
    let outcome = duel.rounds(connections, options.rounds, seconds).await?;
    let ((nothing, _), (dayline, text)) = (spread(&outcome.nothing), spread(&outcome.dayline));
    let share = 100.0 * dayline / nothing;
    targets.add(
        &format!("single pings over {connections} connections: at least 80 % of storing nothing"),
        format!("{share:.0} %: {text} of {} /s", grouped(nothing)),
        share >= 80.0,
    );
    let half = dayline / 2.0;
    // All turns in one: a stall of the machine would be a hundredth of a short one.
    let window = seconds * options.rounds as u32;
    let alone = duel.steady(connections, half, move |due| due < window).await?;
    let worker_busy = while_the_worker_is_busy(&duel, options, half).await?;
    let stopped = duel.dayline.stop_database().await?;
    let without = duel.steady(connections, half, move |due| due < window).await?;
    duel.dayline.start_database(stopped)?;
    let accepted = duel.dayline.metric("dayline_pings_accepted_total").await?;
    duel.dayline.wait_until_processed(accepted as usize).await?;
    let database = match lab.deployment {
        Deployment::Embedded => "while the ledger can't be written",
        Deployment::Clustered(_) => "while PostgreSQL is stopped",
    };
    for (when, load) in [("alone", alone), ("while the worker is busy", worker_busy), (database, without)] {
        let p99 = percentile(&load.times, 0.99);
        let all = grouped(load.times.len() as f64);
        let text = format!("{} ms of {all} at {} /s, {} refused", ms(p99), grouped(half), load.refused);
        let met = load.refused == 0 && p99 < Duration::from_millis(10);
        targets.add(&format!("p99 at half the load, {when}: under 10 ms"), text, met);
    }
    duel.dayline.peak_bytes()
}

/// Pings beside a worker that works off a backlog, which is late and doubled so that it takes its time; for as long as it
/// does.
async fn while_the_worker_is_busy(
    duel: &Duel,
    options: &Options,
    per_second: f64,
) -> Result<crate::client::Load, Failure> {
    let server = &duel.dayline;
    let tokens = crowd::gather(server, BUSY).await?;
    let steps = options.backlog.div_ceil(BUSY);
    let backlog = Arc::new(Stream::new(tokens, Order::LateAndDoubled, steps, IN_REQUEST, now() - 60, 16));
    let accepted = server.metric("dayline_pings_accepted_total").await? as usize;
    server.wait_until_processed(accepted).await?;
    let next = {
        let backlog = Arc::clone(&backlog);
        move |turn| backlog.request(&turn)
    };
    let sent = load(&server.addresses, backlog.connections(), None, next).await?;
    if sent.refused > 0 {
        return Err(format!("{} requests of the backlog were refused", sent.refused).into());
    }
    let idle = Arc::new(AtomicBool::new(false));
    let goes_on = {
        let idle = Arc::clone(&idle);
        move |_| !idle.load(Ordering::Relaxed)
    };
    let pings = duel.steady(options.connections, per_second, goes_on);
    let worked_off = async {
        let outcome = server.wait_until_processed(accepted + backlog.pings()).await;
        idle.store(true, Ordering::Relaxed);
        outcome
    };
    let (pings, worked_off) = tokio::join!(pings, worked_off);
    worked_off?;
    pings
}

async fn batches(lab: &Lab, options: &Options, targets: &mut Targets) -> Result<(), Failure> {
    let (rounds, seconds) = (options.rounds, options.seconds);
    let options = BatchOptions { sizes: Vec::new(), connections: 16, rounds, seconds };
    let outcome = batches_of(lab, 100, &options).await?;
    let (median, text) = spread(&outcome.rates);
    targets.add("batches of 100: over 1,000,000 pings/s", format!("{text} /s"), median > 1_000_000.0);
    Ok(())
}

/// Gives the most memory that was resident.
async fn end_to_end(lab: &Lab, options: &Options, targets: &mut Targets) -> Result<u64, Failure> {
    let amount = Amount {
        people: options.pings.clamp(1, 1_000),
        order: Order::AsItHappens,
        pings: options.pings,
        connections: options.connections,
        steady: Duration::from_secs(options.seconds * options.rounds as u64),
    };
    let drained = drain::measure(lab, &amount).await?;
    let [p50, p99] = [0.5, 0.99].map(|p| percentile(&drained.lags, p));
    targets.add(
        "accepted to in the timeline at half the load: within 1 s at the median",
        format!("{} ms, p99 {} ms", ms(p50), ms(p99)),
        p50 <= Duration::from_secs(1),
    );
    targets.add(
        "the ledger keeps up with single pings as fast as they are accepted: at least 95 %",
        format!(
            "{:.0} %: {} of {} /s, the rest {} ms after the last 202",
            100.0 * drained.processed / drained.accepted,
            grouped(drained.processed),
            grouped(drained.accepted),
            ms(drained.rest)
        ),
        drained.processed >= 0.95 * drained.accepted,
    );
    Ok(drained.peak_bytes)
}

async fn reports(lab: &Lab, options: &Options, targets: &mut Targets) -> Result<(), Failure> {
    let server = lab.start(&[]).await?;
    let people = (options.rows / (past::A_DAY * past::DAYS as u64)).max(1);
    let tokens = crowd::gather(&server, people as usize).await?;
    past::fill(&server, 1..=people, past::DAYS).await?;
    let times = past::reports(&server, &tokens[0], 20).await?;
    let rows = grouped((people * past::A_DAY * past::DAYS as u64) as f64);
    let [day, day_p99] = [0.5, 0.99].map(|p| percentile(&times.day, p));
    let whole = format!("whole answer {} ms, p99 {} ms", ms(day), ms(day_p99));
    let (text, judged) = match lab.deployment {
        Deployment::Embedded => (whole, day),
        Deployment::Clustered(_) => {
            let inside = percentile(&times.day_in_database, 0.5);
            (format!("{} ms in the database, {whole}", ms(inside)), inside)
        }
    };
    let met = judged < Duration::from_millis(1);
    targets.add(&format!("report of a day over {rows} rows: under 1 ms in the database"), text, met);
    let [year, year_p99] = [0.5, 0.99].map(|p| percentile(&times.year, p));
    let text = format!("whole answer {} ms, p99 {} ms", ms(year), ms(year_p99));
    let met = year < Duration::from_millis(50);
    targets.add(&format!("report of a year over {rows} rows: under 50 ms"), text, met);
    Ok(())
}

async fn starts(lab: &Lab, options: &Options, most: u64, targets: &mut Targets) -> Result<(), Failure> {
    let starts = memory::starts(lab, options.rounds).await?;
    let (rest, text) = spread(&starts.rest);
    let text = format!("{text} MiB, {} MiB at most under the loads above", grouped(mebibytes(most)));
    match lab.deployment {
        Deployment::Embedded => {
            targets.add("memory at rest: under 100 MB", text, rest * f64::from(1 << 20) < 100e6);
        }
        // The design has no target for it.
        Deployment::Clustered(_) => {
            targets.0.rows.push(vec!["memory of the four processes at rest".into(), text, "–".into()]);
        }
    }
    let ready = percentile(&starts.ready, 0.5);
    targets.add("start: ready in under 1 s", format!("{} ms", ms(ready)), ready < Duration::from_secs(1));
    Ok(())
}
