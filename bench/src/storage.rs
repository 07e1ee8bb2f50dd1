//! What a person's time takes in the database: of somebody who is busy all day, and of an editor that tells points in
//! time alone. Whole days are sent as a tracker sends them, a few observations at once and in order.

use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use crate::accept::PATH;
use crate::client::{Turn, load, post};
use crate::clock::{now, rfc3339};
use crate::crowd;
use crate::database::{Database, Sql};
use crate::failure::Failure;
use crate::lab::Lab;
use crate::server::Server;
use crate::stats::{Table, grouped};

const SECONDS: i64 = 86_400;
const DAYS_A_YEAR: f64 = 365.0;
/// When the day begins.
const FROM: i64 = 6 * 3_600;

#[derive(Args)]
pub(crate) struct Options {
    /// People, each of whom is sent the same.
    #[arg(long, default_value_t = 20)]
    people: usize,
    /// Days of each, up to yesterday.
    #[arg(long, default_value_t = 30)]
    days: i64,
    /// Observations in a request: what a tracker gathers.
    #[arg(long, default_value_t = 10)]
    at_once: usize,
}

/// What a day consists of.
struct Day {
    name: &'static str,
    of: fn() -> Vec<(i64, Value)>,
}

const DAYS: [Day; 2] = [
    Day { name: "1,000 runs of 60 sources, 300 pages, 200 beats, 12 times away", of: heavy },
    Day { name: "8,640 beats, one every 10 s", of: beats },
];

/// A heavy day (the design's page on storage): each by its second of the day, in order.
fn heavy() -> Vec<(i64, Value)> {
    let run = |n: i64| {
        let source = n * 7 % 60;
        let app = match source % 20 {
            0 => "Firefox".to_owned(),
            app => format!("App number {app}"),
        };
        let project = format!("project {}", source / 20);
        (n * 40, json!({"app_name": app, "project": project, "seconds": 40}))
    };
    let page = |n: i64| {
        let url = format!("https://site-{}.example.org/a/page", n % 20);
        (n * 120, json!({"kind": "page", "app_name": "Firefox", "url": url, "seconds": 60}))
    };
    let beat = |n: i64| {
        let project = format!("project {}", n / 50);
        (n * 180, json!({"kind": "beat", "app_name": "Code", "project": project, "language": "Rust"}))
    };
    let away = |n: i64| (40_000 + n * 900, json!({"kind": "away", "seconds": 600}));
    let mut all: Vec<(i64, Value)> =
        [(0..1_000).map(run).collect(), (0..300).map(page).collect(), (0..200).map(beat).collect::<Vec<_>>()]
            .concat();
    all.extend((0..12).map(away));
    all.sort_by_key(|(second, _)| *second);
    all.into_iter().map(|(second, told)| (FROM + second, told)).collect()
}

fn beats() -> Vec<(i64, Value)> {
    let beat = |n: i64| (n * 10, json!({"kind": "beat", "app_name": "Code", "project": "dayline"}));
    (0..8_640).map(beat).collect()
}

pub(crate) async fn run(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let columns =
        ["each day", "observations", "state, bytes a day", "in the database, bytes a day", "MB a year"];
    let mut table = Table::new("What a person takes", &columns);
    for Day { name, of } in DAYS {
        let day = of();
        let server = lab.start(&[]).await?;
        let tokens = crowd::gather(&server, options.people).await?;
        let before = stored(&server.database()).await?;
        send(&server, options, tokens, &day).await?;
        let days = (options.people as i64 * options.days) as f64;
        let state = server.database().number(STATE).await? as f64 / days;
        let all = (stored(&server.database()).await? - before) as f64 / days;
        table.rows.push(vec![
            name.to_owned(),
            grouped(day.len() as f64),
            grouped(state),
            grouped(all),
            format!("{:.1}", all * DAYS_A_YEAR / 1e6),
        ]);
    }
    Ok(table)
}

/// Sends everybody's days, each person's in order, and waits until they are in the ledger.
async fn send(
    server: &Server,
    options: &Options,
    tokens: Vec<String>,
    day: &[(i64, Value)],
) -> Result<(), Failure> {
    let first = now() / SECONDS - options.days;
    let requests: Vec<Vec<(i64, Value)>> = day.chunks(options.at_once.max(1)).map(<[_]>::to_vec).collect();
    let (days, people, pings) = (options.days, tokens.len(), options.days as usize * day.len());
    let requests = Arc::new(requests);
    let next = move |turn: Turn| {
        let day = (turn.number / requests.len()) as i64;
        (day < days).then(|| {
            let body = body(&requests[turn.number % requests.len()], (first + day) * SECONDS);
            post(PATH, Some(&tokens[turn.connection]), &body)
        })
    };
    let load = load(&server.addresses, people, None, next).await?;
    if load.refused > 0 {
        return Err(format!("{} requests were refused", load.refused).into());
    }
    server.wait_until_processed(people * pings).await
}

/// What is told of a day that begins then, as a request's body.
fn body(told: &[(i64, Value)], midnight: i64) -> String {
    let dated = told.iter().map(|(second, told)| {
        let (mut ping, start) = (told.clone(), midnight + second);
        let seconds = ping.as_object_mut().and_then(|ping| ping.remove("seconds"));
        ping["start_time"] = json!(rfc3339(start));
        if let Some(seconds) = seconds.and_then(|seconds| seconds.as_i64()) {
            ping["end_time"] = json!(rfc3339(start + seconds));
        }
        ping
    });
    Value::Array(dated.collect()).to_string()
}

/// Bytes of what was observed, as it is kept.
const STATE: Sql<&str> = Sql {
    sqlite: "SELECT coalesce(sum(length(bytes)), 0) FROM observations",
    postgres: "SELECT coalesce(sum(length(bytes)), 0)::bigint FROM observations",
};

/// Bytes of all that the ledger has of people, indexes included.
async fn stored(database: &Database) -> Result<i64, Failure> {
    // What a server's own maintenance does in time.
    let tidy = Sql { sqlite: "PRAGMA wal_checkpoint (TRUNCATE)".into(), postgres: "VACUUM".into() };
    database.run(tidy).await?;
    database
        .number(Sql {
            sqlite: "SELECT (page_count - freelist_count) * page_size
                     FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
            postgres: "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
                       WHERE relkind = 'r' AND relname ~ '^(pieces|ledger_days|observations|names)(_|$)'",
        })
        .await
}
