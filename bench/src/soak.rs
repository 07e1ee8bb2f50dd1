//! Half of the peak for as long as one likes: whether memory, files or the queue grow with time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clap::Args;

use crate::clock::now;
use crate::crowd;
use crate::failure::Failure;
use crate::lab::Lab;
use crate::outcomes::{Outcomes, Pace};
use crate::peak::{find, rate, send_stream};
use crate::resources::{folder_bytes, open_files, status};
use crate::server::Server;
use crate::stats::{Table, grouped, mebibytes, ms};
use crate::stream::{Order, Stream};
use crate::sums::Expected;

/// Seconds of a ping.
const PING: u64 = 5;
/// How many per cent memory and files may grow.
const GROWTH: f64 = 10.0;
/// The share of requests that may be due so shortly before the end that they are not sent any more.
const CUT_OFF: f64 = 0.001;
/// How long a ping may take into the ledger, at the 99th percentile.
const LAG: f64 = 1.0;

#[derive(Args)]
pub(crate) struct Options {
    /// Minutes of load.
    #[arg(long, default_value_t = 44.0)]
    minutes: f64,
    /// Minutes of them that are not compared, in which caches fill.
    #[arg(long, default_value_t = 14.0)]
    warm_up: f64,
    /// Seconds from one sample to the next.
    #[arg(long, default_value_t = 10.0)]
    every: f64,
    /// The load, of the peak.
    #[arg(long, default_value_t = 0.5)]
    share: f64,
    /// Seconds for the peak.
    #[arg(long, default_value_t = 10)]
    peak_seconds: u64,
    #[arg(long, default_value_t = 64)]
    connections: usize,
    #[arg(long, default_value_t = 1_000)]
    people: usize,
}

/// What all processes took together at one time.
#[derive(Clone, Default)]
struct Sample {
    at: Duration,
    memory: f64,
    files: f64,
    threads: f64,
    /// Entries and bytes that wait in the ping log.
    entries: f64,
    bytes: f64,
    processed: f64,
    folder: f64,
    lag: Lag,
}

/// How many pings were processed within each bound since the start of the server. A bound is the bits of a number of seconds:
/// of positive numbers these have the numbers' order.
type Lag = BTreeMap<u64, f64>;

pub(crate) async fn run(lab: &Lab, options: &Options) -> Result<Vec<Table>, Failure> {
    let server = lab.start(&[]).await?;
    let tokens = crowd::gather(&server, options.people).await?;
    let (end, mut expected) = (now() - 60, Expected::default());
    let at_peak = (options.connections, Duration::from_secs(options.peak_seconds));
    let (best, begin) = find(&server, &tokens, 1, at_peak, end).await?;
    let peak = rate(&best);
    expected.add(&best, 1, PING, true);
    server.wait_until_processed(expected.pings as usize).await?;

    let (per_second, window) = (peak * options.share, Duration::from_secs_f64(options.minutes * 60.0));
    let day = (86_400 / PING) as usize;
    let steps = (per_second * window.as_secs_f64()) as usize / options.people + 2 + day;
    let stream =
        Stream::new(tokens.clone(), Order::AsItHappens, steps, 1, begin - 3_600, options.connections);
    let (begin, stream) = (stream.begin, stream.staggered(day));
    let pace = Pace { connections: options.connections, per_second: Some(per_second), window };
    let (load, samples) = tokio::join!(
        send_stream(&server, stream, pace),
        watch(&server, Duration::from_secs_f64(options.every), window)
    );
    let (load, samples) = (load?, samples?);
    expected.add(&load, 1, PING, true);
    let sum = expected.check(&server, &tokens, (begin, end)).await?;

    let title = format!(
        "{} minutes at {} pings/s, {:.0} % of the peak",
        options.minutes,
        grouped(per_second),
        options.share * 100.0
    );
    Ok(vec![verdicts(title, options, &samples, &load, sum)?, all(&samples)])
}

async fn watch(server: &Server, every: Duration, window: Duration) -> Result<Vec<Sample>, Failure> {
    let (start, mut samples) = (Instant::now(), Vec::new());
    while start.elapsed() < window {
        samples.push(sample(server, start.elapsed()).await?);
        tokio::time::sleep_until((start + every * samples.len() as u32).into()).await;
    }
    Ok(samples)
}

async fn sample(server: &Server, at: Duration) -> Result<Sample, Failure> {
    let mut sample = Sample { at, folder: folder_bytes(server.folder()) as f64, ..Sample::default() };
    for process in server.process_ids() {
        sample.memory += status(process, "VmRSS")? as f64;
        sample.files += open_files(process)? as f64;
        sample.threads += status(process, "Threads")? as f64;
    }
    sample.entries = server.metric("dayline_log_entries").await?;
    sample.bytes = server.metric("dayline_log_bytes").await?;
    sample.processed = server.processed().await?;
    sample.lag = lag(&server.metrics().await?);
    Ok(sample)
}

/// The buckets of the time from accepted to processed, of all processes.
fn lag(metrics: &[String]) -> Lag {
    let mut sums = Lag::new();
    for line in metrics.iter().flat_map(|text| text.lines()) {
        let Some(rest) = line.strip_prefix("dayline_lag_seconds_bucket{le=\"") else { continue };
        let Some((bound, count)) = rest.split_once("\"} ") else { continue };
        let bound: f64 = bound.parse().unwrap_or(f64::INFINITY);
        let count = count.split(' ').next().and_then(|count| count.parse().ok());
        *sums.entry(bound.to_bits()).or_default() += count.unwrap_or(0.0);
    }
    sums
}

/// The least bound in seconds that 99 % of the pings between two samples kept.
fn p99_of_lag(from: &Lag, to: &Lag) -> f64 {
    let more = |bound: &u64, count: &f64| count - from.get(bound).copied().unwrap_or_default();
    let all = to.last_key_value().map_or(0.0, |(bound, count)| more(bound, count));
    let kept = to.iter().find(|(bound, count)| more(bound, count) >= all * 0.99);
    kept.map_or(0.0, |(bound, _)| f64::from_bits(*bound))
}

fn verdicts(
    title: String,
    options: &Options,
    samples: &[Sample],
    load: &Outcomes,
    sum: String,
) -> Result<Table, Failure> {
    let warm = Duration::from_secs_f64(options.warm_up * 60.0);
    let warm: Vec<Sample> = samples.iter().filter(|sample| sample.at >= warm).cloned().collect();
    let (Some(first), Some(last)) = (warm.first(), warm.last()) else {
        return Err(format!("no sample is left after a warm-up of {} minutes", options.warm_up).into());
    };
    let mut table = Table::new(title, &["figure", "measured", "enough?"]);
    let mut add = |figure: &str, measured: String, good: Option<bool>| {
        let good = good.map_or("", |good| if good { "yes" } else { "no" });
        table.rows.push(vec![figure.to_owned(), measured, good.to_owned()]);
    };
    let memory = Growth::of(&warm, |sample| mebibytes(sample.memory as u64));
    add("MiB resident, first and last tenth", memory.text(), Some(memory.per_cent() <= GROWTH));
    let files = Growth::of(&warm, |sample| sample.files);
    add("open files", files.text(), Some(files.per_cent() <= GROWTH));
    let threads = Growth::of(&warm, |sample| sample.threads);
    add("threads", threads.text(), Some(threads.per_cent() <= GROWTH));
    let entries = Growth::of(&warm, |sample| sample.entries);
    add("entries that wait", entries.text(), None);
    let lag = p99_of_lag(&first.lag, &last.lag);
    add("from accepted to processed, p99 at most", format!("{lag} s"), Some(lag <= LAG));
    let (bytes, pings) = (last.folder - first.folder, last.processed - first.processed);
    add("bytes in the data folder for a ping", format!("{:.1}", bytes / pings.max(1.0)), None);
    add("requests by status", load.statuses(), Some(load.count(202) == load.sent()));
    let in_time = load.unsent as f64 <= load.sent() as f64 * CUT_OFF;
    add("due and never sent", load.unsent.to_string(), Some(in_time));
    let times = load.of(202).from_due;
    let [p50, p99] = [0.5, 0.99].map(|p| ms(times.percentile(p)));
    add("`202` after it was due, ms", format!("p50 {p50}, p99 {p99}, most {}", ms(times.most())), None);
    add("nothing lost", sum, Some(true));
    Ok(table)
}

/// A figure's mean in the first and in the last tenth of the samples.
struct Growth {
    first: f64,
    last: f64,
}

impl Growth {
    fn of(samples: &[Sample], figure: impl Fn(&Sample) -> f64) -> Self {
        let tenth = samples.len().div_ceil(10);
        let mean = |samples: &[Sample]| samples.iter().map(&figure).sum::<f64>() / samples.len() as f64;
        Self { first: mean(&samples[..tenth]), last: mean(&samples[samples.len() - tenth..]) }
    }

    fn per_cent(&self) -> f64 {
        if self.first == 0.0 { 0.0 } else { 100.0 * (self.last / self.first - 1.0) }
    }

    fn text(&self) -> String {
        format!("{:.1}, {:.1} ({:+.1} %)", self.first, self.last, self.per_cent())
    }
}

fn all(samples: &[Sample]) -> Table {
    let columns = [
        "after, s",
        "MiB resident",
        "open files",
        "threads",
        "entries that wait",
        "bytes that wait",
        "p99 of the lag since, s",
        "settled",
        "data folder, MiB",
    ];
    let mut table = Table::new("Samples", &columns);
    for (at, sample) in samples.iter().enumerate() {
        let before = &samples[at.saturating_sub(1)].lag;
        let lag = if at == 0 { 0.0 } else { p99_of_lag(before, &sample.lag) };
        table.rows.push(vec![
            format!("{:.0}", sample.at.as_secs_f64()),
            format!("{:.1}", mebibytes(sample.memory as u64)),
            format!("{}", sample.files),
            format!("{}", sample.threads),
            format!("{}", sample.entries),
            format!("{}", sample.bytes),
            format!("{lag}"),
            format!("{}", sample.processed),
            format!("{:.1}", mebibytes(sample.folder as u64)),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(counts: [u32; 3]) -> Vec<String> {
        let [a, b, c] = counts;
        vec![format!(
            "dayline_lag_seconds_bucket{{le=\"0.1\"}} {a}\ndayline_lag_seconds_bucket{{le=\"1.0\"}} {b}\n\
             dayline_lag_seconds_bucket{{le=\"+Inf\"}} {c}\n"
        )]
    }

    #[test]
    fn the_lag_between_two_samples_leaves_out_what_was_before() {
        let (before, after) = (lag(&metrics([0, 0, 500])), lag(&metrics([980, 995, 1_500])));
        assert_eq!(p99_of_lag(&before, &after).to_bits(), 1.0_f64.to_bits());
        assert!(p99_of_lag(&Lag::new(), &after).is_infinite());
    }

    #[test]
    fn growth_compares_the_first_tenth_with_the_last() {
        let samples: Vec<_> =
            (0..20).map(|n| Sample { files: 10.0 + f64::from(n), ..Sample::default() }).collect();
        let growth = Growth::of(&samples, |sample| sample.files);
        assert_eq!(growth.text(), "10.5, 28.5 (+171.4 %)");
    }
}
