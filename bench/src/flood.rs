//! One person who sends far too much beside a thousand who send what people do: what the thousand notice of it.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::accept::PATH;
use crate::client::{Turn, post};
use crate::clock::{now, rfc3339};
use crate::crowd;
use crate::failure::Failure;
use crate::histogram::Histogram;
use crate::lab::Lab;
use crate::outcomes::{Outcomes, Pace, send};
use crate::peak::send_stream;
use crate::server::Server;
use crate::stats::{Table, ms};
use crate::stream::{Order, Stream};
use crate::sums::Expected;

/// Seconds of a ping, and between two of a person.
const PING: u64 = 5;
/// Seconds from one ping of the flood to the next, too many for the rule to close the gap that a refused one leaves.
const APART: i64 = 40;
/// The longest that pings reach back, in seconds; the server takes no older ones.
const PAST: i64 = 360 * 86_400;

#[derive(Args)]
pub(crate) struct Options {
    /// People who send a ping every 5 s, each over a connection of their own.
    #[arg(long, default_value_t = 1_000)]
    people: usize,
    /// Pings a second of the one who sends too much.
    #[arg(long, default_value_t = 2_000.0)]
    flood: f64,
    /// Connections that those come over.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Rounds, one table row each: the people alone, beside the flood, and alone again.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each part of a round.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// No limit on the pings of a person; otherwise it is the server's own.
    #[arg(long)]
    unlimited: bool,
}

/// The people, and what the ledger is to hold in the end.
struct Crowd {
    server: Server,
    tokens: Vec<String>,
    /// Of the one who sends too much.
    flooding: Arc<str>,
    window: Duration,
    /// When the next part's pings of the people end, and the next of the flood begins.
    end: i64,
    flood_end: i64,
    expected: Expected,
}

pub(crate) async fn run(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let flooded = options.flood * (options.rounds as u64 * options.seconds) as f64;
    if flooded as i64 * APART > PAST {
        return Err(format!("a flood of {flooded} pings would reach back for more than a year").into());
    }
    let server = if options.unlimited { lab.start(&[]).await? } else { lab.start_limited(&[]).await? };
    let mut tokens = crowd::gather(&server, options.people + 1).await?;
    let flooding = tokens.pop().ok_or("nobody to send too much")?.into();
    let window = Duration::from_secs(options.seconds);
    let (end, flood_end) = (now() - 60, now() - 60);
    let mut crowd = Crowd { server, tokens, flooding, window, end, flood_end, expected: Expected::default() };
    let begun = crowd.end;

    let columns =
        ["p50 ms alone", "beside", "p99 ms alone", "beside", "ratio", "flood by status", "its p99 ms"];
    let limit = if options.unlimited { "no limit" } else { "the default limit" };
    let title =
        format!("{} people and one who sends {} pings/s, with {limit}", options.people, options.flood);
    let mut table = Table::new(title, &columns);
    crowd.alone().await?;
    let (mut all_alone, mut all_beside) = (Histogram::default(), Histogram::default());
    for _ in 0..options.rounds {
        let mut alone = crowd.alone().await?;
        let (beside, flood) = crowd.beside(options).await?;
        alone.merge(&crowd.alone().await?);
        table.rows.push(row(&alone, &beside, &flood.statuses(), &p99_of(&flood)));
        all_alone.merge(&alone);
        all_beside.merge(&beside);
    }
    table.rows.push(row(&all_alone, &all_beside, "all rounds", ""));
    let mut everybody = crowd.tokens.clone();
    everybody.push(crowd.flooding.to_string());
    let from = crowd.end.min(crowd.flood_end);
    let sum = crowd.expected.check(&crowd.server, &everybody, (from, begun)).await?;
    table.title = format!("{}: {sum}", table.title);
    Ok(table)
}

fn row(alone: &Histogram, beside: &Histogram, flood: &str, its_p99: &str) -> Vec<String> {
    let p99 = [alone, beside].map(|times| times.percentile(0.99));
    vec![
        ms(alone.percentile(0.5)),
        ms(beside.percentile(0.5)),
        ms(p99[0]),
        ms(p99[1]),
        format!("{:.2}", p99[1].as_secs_f64() / p99[0].as_secs_f64()),
        flood.to_owned(),
        its_p99.to_owned(),
    ]
}

fn p99_of(flood: &Outcomes) -> String {
    let (accepted, refused) = (flood.of(202), flood.refused());
    let mut all = accepted.from_due;
    all.merge(&refused.from_due);
    ms(all.percentile(0.99))
}

impl Crowd {
    /// The people's pings of one part; each part's lie before those of the part before it.
    async fn alone(&mut self) -> Result<Histogram, Failure> {
        let people = self.people();
        let load = send_stream(&self.server, people.0, people.1).await?;
        self.check(&load)
    }

    async fn beside(&mut self, options: &Options) -> Result<(Histogram, Outcomes), Failure> {
        let people = self.people();
        let pace =
            Pace { connections: options.connections, per_second: Some(options.flood), window: self.window };
        let (token, connections, last) = (Arc::clone(&self.flooding), options.connections, self.flood_end);
        let next = move |turn: Turn| {
            let number = (turn.number * connections + turn.connection) as i64;
            Some(flooding_ping(&token, last - (number + 1) * APART))
        };
        let (load, flood) = tokio::join!(
            send_stream(&self.server, people.0, people.1),
            send(&self.server.addresses, pace, next)
        );
        let (load, flood) = (load?, flood?);
        // One more of each connection than were due, so that no time is used twice.
        let most = (options.flood * self.window.as_secs_f64()) as i64 + 2 * connections as i64;
        self.flood_end -= (most + 1) * APART;
        self.expected.add(&flood, 1, PING, false);
        Ok((self.check(&load)?, flood))
    }

    fn people(&mut self) -> (Stream, Pace) {
        let people = self.tokens.len();
        let steps = (self.window.as_secs() / PING) as usize + 1;
        let stream = Stream::new(self.tokens.clone(), Order::AsItHappens, steps, 1, self.end, people);
        // What was due too late to be sent leaves a gap at the end; nothing may be near enough to close it.
        self.end = stream.begin - 3_600;
        let per_second = Some(people as f64 / PING as f64);
        (stream, Pace { connections: people, per_second, window: self.window })
    }

    /// Of the people nothing may be refused, flood or not.
    fn check(&mut self, load: &Outcomes) -> Result<Histogram, Failure> {
        if load.sent() != load.count(202) {
            return Err(format!("pings of the people were refused or lost: {}", load.statuses()).into());
        }
        self.expected.add(load, 1, PING, false);
        Ok(load.of(202).from_due)
    }
}

fn flooding_ping(token: &str, start: i64) -> Vec<u8> {
    let end = rfc3339(start + PING as i64);
    let ping = json!({"app_name": "Code", "start_time": rfc3339(start), "end_time": end});
    post(PATH, Some(token), &ping.to_string())
}
