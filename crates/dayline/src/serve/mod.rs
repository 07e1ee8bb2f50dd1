//! `dayline serve`: starts the system, serves until told to stop, and stops in order.
//! Not here: what the system is made of (see [`crate::wire`]).

mod clean_ups;
mod door;
mod greeting;
mod housekeeping;
mod keys;
mod listener;
mod logs;
mod pace;
mod process;
mod progress;
mod readiness;
mod reports;
mod retention;
mod signals;
mod worker;
mod worker_pool;

use std::sync::Arc;
use std::time::Duration;

use dayline_api::{ApiState, health_router, operations_router, router, router_for_all};
use dayline_http_kit::{ConnectionConfig, Kit, KitState, Metrics, Router, assemble, assemble_with};
use dayline_postgres::PgConfig;
use dayline_redis::RedisConfig;
use dayline_web::{Pages, WebState};
use tokio_util::sync::CancellationToken;

use crate::config::{DoorOptions, Role, ServeOptions};
use crate::environment::Unknown;
use crate::wire::{self, System};
use dayline_cli_kit::failure::Failure;
use greeting::Greeting;
use housekeeping::Housekeeping;
use progress::Progress;
use readiness::Parts;
use reports::RunningReports;
use retention::{Agreement, Remover};
use signals::End;
use worker_pool::RunningPool;

/// Runs the command; returns when the server has stopped.
///
/// # Errors
/// Why it could not start, or what ended it.
pub(crate) fn run(options: &ServeOptions, unknown: &[Unknown]) -> Result<(), Failure> {
    let cluster = options.cluster_configs()?;
    let door = options.trackers.door(cluster.is_some())?;
    options.network.check_public_path(&patterns())?;
    logs::start(&options.logs);
    for Unknown { name, nearest } in unknown {
        tracing::warn!(variable = name, nearest, "the environment has a variable that nothing reads");
    }
    let runtime = process::runtime(options.threads)?;
    let outcome = runtime.block_on(serve(options, cluster, door));
    // A call that still blocks must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(500));
    outcome
}

async fn serve(
    options: &ServeOptions,
    cluster: Option<(PgConfig, RedisConfig)>,
    door: Option<DoorOptions>,
) -> Result<(), Failure> {
    let End { told, stop } = signals::listen(options.network.drain)?;
    // Bound first: who asks during the start waits, instead of being refused.
    let listener = listener::bind(options.network.listen, "--listen")?;
    let bind = |address| listener::bind(address, "--operations-listen");
    let operations = options.network.operations_listen.map(bind).transpose()?;
    let bind = |door: DoorOptions| Ok::<_, Failure>((listener::bind(door.address, "--trackers")?, door));
    let door = door.map(bind).transpose()?;
    let greeting = Greeting::new(&listener, options)?;
    let is_shared = cluster.is_some();
    let archiving = wire::archiving(&options.retention)?;
    let System { app, pool, reports, mut probes, keys, agreement, preparation, gauges } =
        put_together(options, cluster).await?;
    let metrics = Metrics::new(patterns());
    let mut housekeeping =
        Housekeeping::new(&app, &metrics, (preparation, gauges), options.sessions.audit_keep);
    let door = match door {
        Some((listener, door)) => {
            let routes =
                door::open(&door, &app, metrics.clone(), options.network.kit(options.logs.access_log))
                    .await?;
            Some((listener, routes))
        }
        None => None,
    };
    housekeeping.begin().await;

    let housekeeping = tokio::spawn(housekeeping.run());
    let agreement_on_keep = Arc::<Agreement>::default();
    let removing = (!options.maintenance)
        .then(|| tokio::spawn(Remover::new(&app, &metrics, Arc::clone(&agreement_on_keep), archiving).run()));
    if is_shared && !options.maintenance {
        probes.push(agreement_on_keep.probe());
    }
    let following_keys = tokio::spawn(keys::follow(keys, agreement.clone()));
    let randomness = Arc::clone(&app.randomness);
    let progress = Arc::<Progress>::default();
    if pool.is_some() {
        probes.push(Arc::clone(&progress).probe(!options.has(Role::Api)));
    }
    let start =
        |pool| RunningPool::start(pool, options.threads, randomness, metrics.clone(), progress, &stop);
    let pool = pool.map(start).transpose()?;
    let start = |open| RunningReports::start(open, Arc::clone(&app.randomness), &stop);
    let reports = reports.map(start).transpose()?;
    let kit = options.network.kit(options.logs.access_log);
    let kit = KitState::new(app, metrics.clone(), kit).map_err(process::no_threads)?;
    let parts = Parts::asked(probes, metrics.clone(), Arc::clone(&told)).await;
    let following_parts = tokio::spawn(Arc::clone(&parts).follow());
    let state = || ApiState::new(Arc::clone(&kit), parts.clone(), &options.network.api());
    let face = match (options.has(Role::Api), &operations) {
        (true, None) => router(state()),
        (true, Some(_)) => router_for_all(state()),
        (false, None) => operations_router(state()),
        (false, Some(_)) => health_router(state()),
    };

    greeting.show()?;
    let connections = options.network.connections(metrics, told);
    let answer_operators = async {
        if let Some(listener) = operations {
            let face = operations_router(state());
            answer(listener, assemble(&kit, [face]), connections.clone(), stop.clone()).await;
        }
    };
    let mut faces = vec![face];
    if options.has(Role::Api) {
        faces.extend(dayline_trackers::routers(&kit));
    }
    let all = match pages(options, &kit) {
        Some(Pages { routes, unknown }) => assemble_with(&kit, faces.into_iter().chain([routes]), unknown),
        None => assemble(&kit, faces),
    };
    let answer_all = answer(listener, all, connections.clone(), stop.clone());
    let answer_door = async {
        if let Some((listener, routes)) = door {
            answer(listener, routes, connections.clone(), stop.clone()).await;
        }
    };
    tokio::join!(answer_all, answer_operators, answer_door);

    following_keys.abort();
    following_parts.abort();
    housekeeping.abort();
    if let Some(removing) = removing {
        removing.abort();
    }
    if let Some(agreement) = agreement {
        agreement.leave().await;
    }
    let stop_pool = async { if let Some(pool) = pool { pool.stop().await } else { Ok(()) } };
    let stop_reports = async { if let Some(reports) = reports { reports.stop().await } else { Ok(()) } };
    let (pool, reports) = tokio::join!(stop_pool, stop_reports);
    tracing::info!("stopped");
    pool.and(reports)
}

/// The patterns of all routes, of all faces.
fn patterns() -> Vec<String> {
    let all =
        [dayline_api::route_patterns(), dayline_web::route_patterns(), dayline_trackers::route_patterns()];
    all.concat()
}

/// The pages, of a process that answers people.
fn pages(options: &ServeOptions, kit: &Kit) -> Option<Pages> {
    let only_device = options.network.no_web;
    options.has(Role::Api).then(|| {
        let state = WebState::new(Arc::clone(kit));
        if only_device { dayline_web::device_pages(state) } else { dayline_web::pages(state) }
    })
}

/// The system that the options describe, over the servers of a cluster or in the data folder.
async fn put_together(
    options: &ServeOptions,
    cluster: Option<(PgConfig, RedisConfig)>,
) -> Result<System, Failure> {
    let Some((database, redis)) = cluster else {
        return wire::embedded(options, process::disk_failed).await;
    };
    let database = options.cluster.with_replicas(database)?;
    wire::clustered(options, &database, &redis).await
}

/// Answers requests until told to stop and all that are in flight are answered.
async fn answer(
    listener: tokio::net::TcpListener,
    routes: Router,
    mut config: ConnectionConfig,
    stop: CancellationToken,
) {
    config.max_connections = config.max_connections.min(process::connections_possible());
    dayline_http_kit::serve(listener, routes, config, stop).await;
}
