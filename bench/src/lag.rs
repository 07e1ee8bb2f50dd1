//! From accepted to in the timeline, as clients see it: sends a ping and asks until the timeline has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::accept::PATH;
use crate::client::{Connection, get, post};
use crate::clock::rfc3339;
use crate::failure::Failure;

/// Between two questions; so exact are the times.
const PAUSE: Duration = Duration::from_millis(5);
/// When a ping is given up that does not appear.
const PATIENCE: Duration = Duration::from_mins(1);

/// Measures beside something else, until told to stop.
pub(crate) struct Probes {
    tasks: JoinSet<Result<Vec<Duration>, Failure>>,
    stop: Arc<AtomicBool>,
}

impl Probes {
    /// Each token is a person's who does nothing else; their pings end before `end`, in Unix seconds.
    pub(crate) async fn start(addresses: &[String], tokens: &[String], end: i64) -> Result<Self, Failure> {
        let (mut tasks, stop) = (JoinSet::new(), Arc::new(AtomicBool::new(false)));
        for (number, token) in tokens.iter().enumerate() {
            let connection = Connection::open(&addresses[number % addresses.len()]).await?;
            tasks.spawn(probe(connection, token.clone(), end, Arc::clone(&stop)));
        }
        Ok(Self { tasks, stop })
    }

    /// Stops; gives all times, sorted.
    pub(crate) async fn stop(mut self) -> Result<Vec<Duration>, Failure> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        while let Some(times) = self.tasks.join_next().await {
            all.extend(times??);
        }
        all.sort_unstable();
        Ok(all)
    }
}

async fn probe(
    mut connection: Connection,
    token: String,
    end: i64,
    stop: Arc<AtomicBool>,
) -> Result<Vec<Duration>, Failure> {
    let mut times = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let from = end - 60 * (times.len() as i64 + 1);
        times.push(one(&mut connection, &token, from).await?);
    }
    Ok(times)
}

async fn one(connection: &mut Connection, token: &str, from: i64) -> Result<Duration, Failure> {
    let (from, to) = (rfc3339(from), rfc3339(from + 5));
    let ping = json!({"app_name": "Probe", "start_time": from, "end_time": to});
    let answer = connection.send(&post(PATH, Some(token), &ping.to_string())).await?;
    if answer.status != 202 {
        return Err(format!("a probe was answered {}", answer.status).into());
    }
    let accepted = Instant::now();
    let question = get(&format!("/api/v1/usage/timeline?from={from}&to={to}"), Some(token));
    while accepted.elapsed() < PATIENCE {
        let timeline = connection.json(&question).await?;
        if timeline["intervals"].as_array().is_some_and(|intervals| !intervals.is_empty()) {
            return Ok(accepted.elapsed());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(format!("an accepted ping was not in the timeline after {PATIENCE:?}").into())
}
