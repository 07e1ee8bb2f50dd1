//! Claim (c): from accepted to in the ledger. How fast a backlog drains, and how long a ping takes under steady load.

use std::time::{Duration, Instant};

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::Failure;
use crate::client::post;
use crate::place::Lab;
use crate::stats::{Table, grouped, ms};

#[derive(Args)]
pub(crate) struct Options {
    /// People.
    #[arg(long, default_value_t = 200)]
    people: usize,
    /// Pings of each person.
    #[arg(long, default_value_t = 2_000)]
    pings: usize,
    /// Pings in a request.
    #[arg(long, default_value_t = 1)]
    batch: usize,
    /// How pings arrive.
    #[arg(long, value_enum, default_value = "in-order")]
    shape: Shape,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Shape {
    /// As they happened.
    InOrder,
    /// Every third one late by a while, every fifth one twice.
    LateAndDoubled,
}

pub(crate) async fn run(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let dayline = lab.start(&[]).await?;
    let mut people = Vec::new();
    for person in 0..options.people {
        let token = dayline.sign_in(&format!("person{person}")).await?;
        people.push((token, dayline.connect().await?));
    }
    let total = options.people * options.pings;
    let bodies = bodies(options);
    let begin = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for (token, mut connection) in people {
        let bodies = bodies.clone();
        tasks.spawn(async move {
            for body in &bodies {
                let answer = connection.send(&post("/api/v1/usage/track", Some(&token), body)).await?;
                if answer.status != 202 {
                    return Err(format!("a request was answered {}", answer.status).into());
                }
            }
            Ok::<_, Failure>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let accepted_after = begin.elapsed();
    loop {
        let settled = dayline.metric("dayline_pings_settled_total").await?;
        if settled as usize >= total {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let settled_after = begin.elapsed();
    let columns = ["pings", "accepted /s", "settled /s", "backlog gone after, ms"];
    let mut table = Table::new("From accepted to in the ledger", &columns);
    table.rows.push(vec![
        grouped(total as f64),
        grouped(total as f64 / accepted_after.as_secs_f64()),
        grouped(total as f64 / settled_after.as_secs_f64()),
        ms(settled_after.saturating_sub(accepted_after)),
    ]);
    Ok(table)
}

fn bodies(options: &Options) -> Vec<String> {
    let first = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(midnight_today());
    let ping = |n: usize| {
        let start = first + SignedDuration::from_secs(5 * n as i64 % 80_000);
        let app = ["Code", "Firefox", "Slack"][n / 12 % 3];
        json!({
            "app_name": app,
            "start_time": start.to_string(),
            "end_time": (start + SignedDuration::from_secs(5)).to_string(),
        })
    };
    let order: Vec<usize> = match options.shape {
        Shape::InOrder => (0..options.pings).collect(),
        Shape::LateAndDoubled => (0..options.pings).map(late_or_doubled).collect(),
    };
    let batch = |numbers: &[usize]| match numbers {
        [one] => ping(*one).to_string(),
        several => serde_json::Value::from(several.iter().map(|n| ping(*n)).collect::<Vec<_>>()).to_string(),
    };
    order.chunks(options.batch.max(1)).map(batch).collect()
}

fn late_or_doubled(n: usize) -> usize {
    match n {
        n if n % 3 == 0 => n.saturating_sub(40),
        n if n % 5 == 0 => n.saturating_sub(1),
        n => n,
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark is the edge of the world")]
fn midnight_today() -> i64 {
    // Yesterday, so that no ping lies in the future.
    Timestamp::now().as_second() / 86_400 * 86_400 - 86_400
}
