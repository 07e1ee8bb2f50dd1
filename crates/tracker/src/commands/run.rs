//! `run`: watches and sends until it is stopped.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracing::{Level, error, info, warn};

use super::runtime;
use crate::clock::Now;
use crate::config::{Options, Places, Settings};
use crate::device::Computer;
use crate::forward::{Forwarder, KeysServer};
use crate::intake::Intake;
use crate::looking::{self, Looking};
use crate::paths::Data;
use crate::relay::{self, Relay};
use crate::rules::Rules;
use crate::spool::{LIMIT, Spool};
use crate::status::Board;
use crate::watch::Watch;

/// What was appended is durable after so long at the latest, unless it was sent.
const SYNC: Duration = Duration::from_secs(5);

pub(crate) fn run(places: &Places, options: Options) -> Result<(), String> {
    let settings = Settings::read(places, options)?;
    let data = places.data()?;
    log();
    runtime()?.block_on(serve(settings, &data))
}

/// Lines on standard error, with times where nobody else adds them.
fn log() {
    let lines = tracing_subscriber::fmt().with_max_level(Level::INFO).with_target(false);
    let lines = lines.with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    if std::env::var_os("JOURNAL_STREAM").is_some() { lines.without_time().init() } else { lines.init() }
}

async fn serve(settings: Settings, data: &Data) -> Result<(), String> {
    let Settings { device, eyes, relay, relay_origins, away_after, here_while_recording, rules } = settings;
    let now_ms = u64::try_from(Now::read().utc.as_millisecond()).unwrap_or_default();
    let spool = Arc::new(Spool::open(&data.spool(), LIMIT, now_ms)?);
    let (bell, sync_bell) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let board = Arc::new(Board::new(data.status()));
    let bells = [Arc::clone(&bell), Arc::clone(&sync_bell)];
    let intake = Arc::new(Intake::new(Arc::clone(&spool), bells.to_vec(), Arc::clone(&board), data.pause()));
    let rules: Arc<Rules> = Arc::new(rules);

    let listener = listener(relay, eyes).await?;
    let relay = Relay::new(relay::Setup {
        computer: Computer::named(device.clone()),
        rules: Arc::clone(&rules),
        origins: relay_origins,
        intake: Arc::clone(&intake),
        board: Arc::clone(&board),
        buckets: &data.buckets(),
    });
    let looking = eyes.then(|| {
        let watch = Watch::new(device, away_after);
        let (intake, board) = (Arc::clone(&intake), Arc::clone(&board));
        Looking::begin(looking::Setup { watch, away_after, here_while_recording, rules, intake, board })
    });
    let looking = looking.transpose()?;
    let forwarder =
        Forwarder::new(Arc::clone(&spool), bell, Arc::clone(&board), data.key(), KeysServer::default());

    let ended = tokio::select! {
        () = forwarder.run() => Ok(()),
        () = keep_synced(&spool, &board, &sync_bell) => Ok(()),
        ended = serve_relay(relay, listener) => ended,
        () = interrupted() => Ok(()),
    };
    if let Some(looking) = looking {
        looking.end();
    }
    board.end(spool.waiting());
    info!(waiting = spool.waiting().records, "stopping");
    spool.sync().map_err(|error| format!("the spool could not be synced: {error}"))?;
    ended
}

/// Where the relay listens. If that is taken, own eyes go on without it.
async fn listener(address: Option<std::net::SocketAddr>, eyes: bool) -> Result<Option<TcpListener>, String> {
    let Some(address) = address else {
        return if eyes {
            Ok(None)
        } else {
            Err("with neither eyes nor relay there is nothing to do".to_owned())
        };
    };
    match relay::listen(address).await {
        Ok(listener) => {
            info!(%address, "watchers of ActivityWatch are welcome");
            Ok(Some(listener))
        }
        Err(error) if eyes => {
            warn!("{error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn serve_relay(relay: Relay, listener: Option<TcpListener>) -> Result<(), String> {
    match listener {
        Some(listener) => relay::serve(relay, listener).await,
        None => std::future::pending().await,
    }
}

/// Syncs the spool and the board a while after the bell rang, and not at all while it does not.
async fn keep_synced(spool: &Arc<Spool>, board: &Board, bell: &Notify) {
    let mut told = false;
    loop {
        bell.notified().await;
        sleep(SYNC).await;
        board.catch_up();
        let spool = Arc::clone(spool);
        let synced = spawn_blocking(move || spool.sync()).await;
        match synced {
            Ok(Ok(())) => told = false,
            Ok(Err(error)) if !told => {
                error!("the spool can't be synced: {error}");
                told = true;
            }
            _ => {}
        }
    }
}

/// Returns when somebody asks the program to stop: Ctrl-C, or a service manager's signal.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without signals it can only be killed, which it survives.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
