//! Claim (c): from accepted to in the ledger. How fast accepted pings get there, and how long one takes under steady
//! load; of a thousand people in order, of a hundred thousand, of pings that come late and twice, and of people who switch quickly.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::client::{Turn, get, load};
use crate::clock::{date, now};
use crate::crowd;
use crate::failure::Failure;
use crate::lab::Lab;
use crate::lag::Probes;
use crate::server::Server;
use crate::stats::{Table, grouped, mebibytes, ms, percentile};
use crate::stream::{Order, Stream};

/// People whose pings are followed into the timeline.
const PROBES: usize = 4;
/// People whose timelines are checked in the end.
const CHECKED: usize = 20;

#[derive(Args)]
pub(crate) struct Options {
    /// What is sent, one table row each.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "in-order,crowd,late-and-doubled,switching"
    )]
    shapes: Vec<Shape>,
    /// People, but for the crowd.
    #[arg(long, default_value_t = 1_000)]
    people: usize,
    /// People of the crowd.
    #[arg(long, default_value_t = 100_000)]
    crowd: usize,
    /// Pings of all people together, each in a request of its own.
    #[arg(long, default_value_t = 200_000)]
    pings: usize,
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds of steady load at half the rate that was accepted, to see how long a ping takes.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// What is sent.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Shape {
    /// As it happened.
    InOrder,
    /// The same of so many people that each sends little.
    Crowd,
    /// Of a fifth of the people: each ping twice, every third one late, up to hours.
    LateAndDoubled,
    /// People who switch apps every 3 to 15 s on two devices, with pages and away time.
    Switching,
}

/// How much of what is sent.
pub(crate) struct Amount {
    pub(crate) people: usize,
    pub(crate) order: Order,
    pub(crate) pings: usize,
    pub(crate) connections: usize,
    /// Of steady load.
    pub(crate) steady: Duration,
}

/// What became of it.
pub(crate) struct Drained {
    pub(crate) pings: usize,
    /// Pings a second while they were sent.
    pub(crate) accepted: f64,
    /// Pings a second from the first one to when all were in the ledger.
    pub(crate) processed: f64,
    /// After the last `202`.
    pub(crate) rest: Duration,
    /// From accepted to in the timeline under steady load, sorted.
    pub(crate) lags: Vec<Duration>,
    /// Resident memory at most.
    pub(crate) peak_bytes: u64,
}

impl Shape {
    fn amount(self, options: &Options) -> Amount {
        let people = match self {
            Self::InOrder | Self::Switching => options.people,
            Self::Crowd => options.crowd,
            Self::LateAndDoubled => (options.people / 5).max(1),
        };
        Amount {
            people,
            order: match self {
                Self::InOrder | Self::Crowd => Order::AsItHappens,
                Self::LateAndDoubled => Order::LateAndDoubled,
                Self::Switching => Order::Switching,
            },
            pings: options.pings,
            connections: options.connections,
            steady: Duration::from_secs(options.seconds),
        }
    }
}

pub(crate) async fn run(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let columns = [
        "pings",
        "people",
        "sent",
        "accepted /s",
        "in the ledger /s",
        "ratio",
        "the rest after, ms",
        "lag p50 ms at half",
        "lag p99 ms at half",
        "MiB at most",
    ];
    let mut table = Table::new("From accepted to in the ledger", &columns);
    for shape in &options.shapes {
        let amount = shape.amount(options);
        let drained = measure(lab, &amount).await?;
        let name = shape.to_possible_value().map(|value| value.get_name().replace('-', " "));
        table.rows.push(vec![
            name.unwrap_or_default(),
            grouped(amount.people as f64),
            grouped(drained.pings as f64),
            grouped(drained.accepted),
            grouped(drained.processed),
            format!("{:.0} %", 100.0 * drained.processed / drained.accepted),
            ms(drained.rest),
            ms(percentile(&drained.lags, 0.5)),
            ms(percentile(&drained.lags, 0.99)),
            grouped(mebibytes(drained.peak_bytes)),
        ]);
    }
    Ok(table)
}

/// Sends it all as fast as it is taken, then steadily at half that rate; fails unless all that was accepted is in the
/// ledger.
pub(crate) async fn measure(lab: &Lab, amount: &Amount) -> Result<Drained, Failure> {
    let server = lab.start(&[]).await?;
    let mut tokens = crowd::gather(&server, amount.people + PROBES).await?;
    let probing = tokens.split_off(amount.people);
    let steps = amount.pings.div_ceil(amount.people);
    let all = Arc::new(Stream::new(tokens.clone(), amount.order, steps, 1, now() - 60, amount.connections));
    let begin = Instant::now();
    let sent = send(&server, &all, None, Duration::MAX).await?;
    let accepted_after = begin.elapsed();
    if sent != all.pings() {
        return Err(format!("{sent} of {} pings were sent", all.pings()).into());
    }
    server.wait_until_processed(sent).await?;
    let settled_after = begin.elapsed();
    check(&server, &all, &tokens).await?;

    let accepted = sent as f64 / accepted_after.as_secs_f64();
    let half = accepted / 2.0;
    let steps = (half * amount.steady.as_secs_f64()) as usize / amount.people + 2;
    let end = all.begin - 3_600;
    let steady = Arc::new(Stream::new(tokens, amount.order, steps, 1, end, amount.connections));
    let probes = Probes::start(&server.addresses, &probing, now() - 60).await?;
    let more = send(&server, &steady, Some(half), amount.steady).await?;
    let lags = probes.stop().await?;
    server.wait_until_processed(sent + more + lags.len()).await?;
    Ok(Drained {
        pings: sent,
        accepted,
        processed: sent as f64 / settled_after.as_secs_f64(),
        rest: settled_after.saturating_sub(accepted_after),
        lags,
        peak_bytes: server.peak_bytes()?,
    })
}

/// Sends the stream, for so long; gives how many pings were accepted, which must be all.
async fn send(
    server: &Server,
    stream: &Arc<Stream>,
    per_second: Option<f64>,
    at_most: Duration,
) -> Result<usize, Failure> {
    let next = {
        let stream = Arc::clone(stream);
        move |turn: Turn| if turn.due < at_most { stream.request(&turn) } else { None }
    };
    let load = load(&server.addresses, stream.connections(), per_second, next).await?;
    match load.refused {
        0 => Ok(load.times.len()),
        refused => Err(format!("{refused} of {} pings were refused", load.times.len()).into()),
    }
}

/// Some people's timelines must have as many seconds as they sent.
async fn check(server: &Server, stream: &Stream, tokens: &[String]) -> Result<(), Failure> {
    let mut connection = server.connect().await?;
    let (from, to) = (date(stream.begin), date(stream.end));
    let path = format!("/api/v1/report/days?from={from}&to={to}&tz=UTC");
    for token in tokens.iter().step_by(tokens.len().div_ceil(CHECKED)) {
        let report = connection.json(&get(&path, Some(token))).await?;
        let (seconds, expected) = (report["total_seconds"].as_f64(), stream.seconds()?);
        if seconds != Some(expected) {
            return Err(format!("a timeline has {seconds:?} s instead of {expected} s").into());
        }
    }
    Ok(())
}
