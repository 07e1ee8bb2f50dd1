//! `dayline serve`: starts the system, serves until told to stop, and stops in order.
//! Deliberately absent: what the system is made of (see [`crate::wire`]).

mod greeting;
mod housekeeping;
mod listener;
mod logs;
mod pace;
mod process;
mod readiness;
mod signals;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use dayline_http::{ApiState, Metrics, router};
use tokio_util::sync::CancellationToken;

use crate::config::{Role, ServeOptions};
use crate::failure::Failure;
use crate::wire::{self, System};
use greeting::Greeting;
use readiness::Parts;
use worker::Workers;

/// Runs the command; returns when the server has stopped.
pub fn run(options: &ServeOptions) -> Result<(), Failure> {
    logs::start(&options.logs);
    let runtime = process::runtime(options.threads)?;
    let outcome = runtime.block_on(serve(options));
    // A call that still blocks must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(500));
    outcome
}

async fn serve(options: &ServeOptions) -> Result<(), Failure> {
    let stop = signals::listen()?;
    // Bound first: who asks during the start waits, instead of being refused.
    let listener = listener::bind(&options.network)?;
    let greeting = Greeting::new(&listener, options)?;
    let System { app, workers, ledger } = wire::embedded(options, process::disk_failed).await?;
    housekeeping::refuse_ended_sessions(&app).await?;

    let metrics = Metrics::new();
    let audit_keep = options.sessions.audit_keep;
    let housekeeping = tokio::spawn(housekeeping::run(app.clone(), metrics.clone(), audit_keep));
    let workers = if options.has(Role::Worker) { workers } else { Vec::new() };
    let workers = Workers::start(workers, &app, &metrics, &stop)?;
    let parts = Arc::new(Parts { log: Arc::clone(&app.ping_log), ledger });
    let api = ApiState::new(app, metrics.clone(), parts, options.network.api());

    greeting.show()?;
    answer(listener, api, options, metrics, stop).await;

    housekeeping.abort();
    let outcome = workers.stop().await;
    tracing::info!("stopped");
    outcome
}

/// Answers requests until told to stop and all that are in flight are answered.
async fn answer(
    listener: tokio::net::TcpListener,
    api: ApiState,
    options: &ServeOptions,
    metrics: Metrics,
    stop: CancellationToken,
) {
    if !options.has(Role::Api) {
        return stop.cancelled().await;
    }
    let mut config = options.network.server(metrics);
    config.max_connections = config.max_connections.min(process::connections_possible());
    dayline_http::serve(listener, router(api), config, stop).await;
}
