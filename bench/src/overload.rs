//! More than the server can take: its peak, three times that, due at fixed times whatever it answers, and its peak again,
//! since the machine may be faster or slower by then and the server has much to catch up on. Batches, so
//! that the server and not the load generator, which shares its processors, is what falls behind.

use std::time::{Duration, Instant};

use clap::Args;

use crate::clock::now;
use crate::crowd;
use crate::failure::Failure;
use crate::lab::Lab;
use crate::outcomes::{Answers, Outcomes, Pace};
use crate::peak::{find, rate, send_stream};
use crate::resources::{MemoryWatch, processor_time};
use crate::server::Server;
use crate::stats::{Table, grouped, mebibytes, ms};
use crate::stream::{Order, Stream};
use crate::sums::Expected;

/// Seconds of a ping of a stream.
const PING: u64 = 5;
/// How soon a refusal is to be answered.
const REFUSED_WITHIN: Duration = Duration::from_millis(50);

#[derive(Args)]
pub(crate) struct Options {
    /// Seconds of overload.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How many times the peak is asked for.
    #[arg(long, default_value_t = 3.0)]
    factor: f64,
    /// Connections that the overload comes over; each has one request on its way at a time.
    #[arg(long, default_value_t = 1_000)]
    connections: usize,
    /// Pings in a request.
    #[arg(long, default_value_t = 100)]
    in_request: usize,
    /// Seconds for the peak.
    #[arg(long, default_value_t = 10)]
    peak_seconds: u64,
    /// Connections for the peak.
    #[arg(long, default_value_t = 256)]
    peak_connections: usize,
    /// People.
    #[arg(long, default_value_t = 2_000)]
    people: usize,
    /// How many pings the server may have in flight, as its own option says it; its default if left out.
    #[arg(long)]
    ping_work: Option<String>,
}

/// What overload did.
struct Measured {
    /// Requests a second, before and after.
    peaks: [f64; 2],
    due: f64,
    overload: Outcomes,
    most_bytes: u64,
    /// Processors that were busy for the server and for the load generator.
    busy: [f64; 2],
    sum: String,
    drained: Duration,
}

pub(crate) async fn run(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    if options.people < options.connections || options.in_request == 0 {
        return Err("overload needs a person for each connection and a ping in each request".into());
    }
    let measured = measure(lab, options).await?;
    Ok(table(options, &measured))
}

async fn measure(lab: &Lab, options: &Options) -> Result<Measured, Failure> {
    let bound = options.ping_work.as_ref().map(|bound| format!("--ping-work={bound}"));
    let server = lab.start(&bound.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    let tokens = crowd::gather(&server, options.people).await?;
    let (pings, end) = (options.in_request as u64, now() - 60);
    let at_peak = (options.peak_connections, Duration::from_secs(options.peak_seconds));
    let (before, begin) = find(&server, &tokens, options.in_request, at_peak, end).await?;
    let mut expected = Expected::default();
    expected.add(&before, pings, PING, false);
    server.wait_until_processed(expected.pings as usize).await?;

    let (due, window) = (rate(&before) * options.factor, Duration::from_secs(options.seconds));
    let each = (due * window.as_secs_f64()) as usize / options.people + 2;
    let (order, steps) = (Order::AsItHappens, each * options.in_request);
    let stream =
        Stream::new(tokens.clone(), order, steps, options.in_request, begin - 3_600, options.connections);
    let begin = stream.begin;
    let watch = MemoryWatch::start(server.process_ids());
    let idle = busy_time(&server)?;
    let pace = Pace { connections: options.connections, per_second: Some(due), window };
    let overload = send_stream(&server, stream, pace).await?;
    let busy = busy_time(&server)?;
    expected.add(&overload, pings, PING, false);
    let (after, begin) = find(&server, &tokens, options.in_request, at_peak, begin - 3_600).await?;
    let over = Instant::now();
    expected.add(&after, pings, PING, false);
    server.wait_until_processed(expected.pings as usize).await?;
    let drained = over.elapsed();
    let most_bytes = watch.most()?;
    let sum = expected.check(&server, &tokens, (begin, end)).await?;
    let busy = [0, 1].map(|of| busy[of].saturating_sub(idle[of]).as_secs_f64() / overload.took.as_secs_f64());
    let peaks = [rate(&before), rate(&after)];
    Ok(Measured { peaks, due, overload, most_bytes, busy, sum, drained })
}

/// Processor time taken by the server and by this program.
fn busy_time(server: &Server) -> Result<[Duration; 2], Failure> {
    let all = server.process_ids().into_iter().map(processor_time);
    Ok([all.sum::<Result<_, _>>()?, processor_time(std::process::id())?])
}

fn table(options: &Options, measured: &Measured) -> Table {
    let title = format!("{} times the peak for {} s", options.factor, options.seconds);
    let mut table = Table::new(title, &["figure", "measured"]);
    let mut add = |figure: &str, measured: String| table.rows.push(vec![figure.to_owned(), measured]);
    let (overload, pings) = (&measured.overload, options.in_request as f64);
    let seconds = options.seconds as f64;
    let good = overload.count(202) as f64 / overload.took.as_secs_f64();
    let sent = overload.sent() as f64 / seconds;
    let peak = f64::midpoint(measured.peaks[0], measured.peaks[1]);
    let [before, after] = measured.peaks.map(|peak| grouped(peak * pings));
    add("pings/s at the peak, before and after", format!("{before}, {after}"));
    add("pings/s due", grouped(measured.due * pings));
    add("pings/s sent", format!("{} ({:.1} times the peak)", grouped(sent * pings), sent / peak));
    add("pings/s accepted", grouped(good * pings));
    add("accepted, of the peak", format!("{:.0} %", 100.0 * good / peak));
    add("requests by status", overload.statuses());
    add("due and never sent", grouped(overload.unsent as f64));
    add("connections broken", overload.lost.to_string());
    for (name, answers) in [("accepted", overload.of(202)), ("refused", overload.refused())] {
        add(&format!("{name} after it was sent, ms"), times(&answers, |answers| &answers.from_sent));
        add(&format!("{name} after it was due, ms"), times(&answers, |answers| &answers.from_due));
    }
    add("refused within 50 ms, of the refused", within(&overload.refused()));
    add("MiB resident at most", grouped(mebibytes(measured.most_bytes)));
    add("processors busy: server, generator", format!("{:.2}, {:.2}", measured.busy[0], measured.busy[1]));
    add("all in the ledger after, s", format!("{:.1}", measured.drained.as_secs_f64()));
    add("nothing lost", measured.sum.clone());
    table
}

fn times(answers: &Answers, which: impl Fn(&Answers) -> &crate::histogram::Histogram) -> String {
    let times = which(answers);
    if times.len() == 0 {
        return "none".to_owned();
    }
    let [p50, p99] = [0.5, 0.99].map(|p| ms(times.percentile(p)));
    format!("p50 {p50}, p99 {p99}, most {}", ms(times.most()))
}

fn within(refused: &Answers) -> String {
    if refused.from_sent.len() == 0 {
        return "none was refused".to_owned();
    }
    let share = refused.from_sent.share_within(REFUSED_WITHIN);
    format!("{:.1} %: {}", 100.0 * share, if share >= 0.99 { "met" } else { "missed" })
}
